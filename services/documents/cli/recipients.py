"""A table of recipients: one row for each, one column for each datum, named by its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.documents.template import Field, make_fields
from services.kit import tables
from services.kit.cli import USAGE, CommandError, Detail, read_file
from services.kit.tables import Bad, Row, UnreadableFile, is_blank, read_cell, read_table

KEY_COLUMNS = ("clé", "cle", "key")
MAX_ROWS = 1000
MAX_COLUMNS = 1000
REFUSED_VALUE: list[object] = []
"""What is sent in place of a cell that cannot be read: no column of the contract holds a list.

The server refuses it, and so numbers and lists the row with the others, which an omitted row would not be.
"""

_STEP = re.compile(r"([a-z_]+)(?:\[(\d{1,3})\])?")


_TEXT: tuple[tables.Parse[Any], Callable[[Any], object]] = (tables.text, str)
_KINDS: Mapping[str, tuple[tables.Parse[Any], Callable[[Any], object]]] = {
    "money": (tables.signed_money, lambda cents: f"{Decimal(cents).scaleb(-2):.2f}"),
    "rate": (tables.percent, lambda rate: f"{rate:f}"),
    "date": (tables.day, date.isoformat),
    "integer": (tables.integer, int),
    "boolean": (tables.boolean, bool),
}
"""How a cell of each kind of field is read, and how the contract writes its value."""


@dataclass(frozen=True)
class Recipient:
    """A row: its line in the table, what it is called, its data, and why no letter is made of it."""

    line: int
    key: str
    data: Mapping[str, Any]
    problems: tuple[Detail, ...] = ()


def read_recipients(path: Path) -> list[Recipient]:
    """The rows of a table; CommandError if it cannot be read, with every wrong column."""
    fields = make_fields()
    try:
        head, *rows = read_table(
            read_file(path),
            lambda name: _is_key(name.strip()) or _field(fields, name.strip()) is not None,
            columns=MAX_COLUMNS,
            formulas=True,
        )
    except UnreadableFile as error:
        raise CommandError(str(error), exit_code=USAGE, reason="FILE") from None
    names = ["" if is_blank(cell) or isinstance(cell, Bad) else str(cell).strip() for cell in head.cells]
    columns = _columns(names, fields)
    if not rows:
        raise CommandError("Le tableau ne contient aucun destinataire.", exit_code=USAGE, reason="TABLE")
    if len(rows) > MAX_ROWS:
        raise CommandError(
            f"Le tableau compte {len(rows)} destinataires ; {MAX_ROWS} au plus par lot.", reason="TABLE"
        )
    return [_recipient(row, names, columns) for row in rows]


def _is_key(name: str) -> bool:
    return name.lower() in KEY_COLUMNS


def _columns(names: Sequence[str], fields: Mapping[str, Field]) -> dict[int, Field]:
    """The field of each column; CommandError with those that are not in the contract, or twice."""
    columns: dict[int, Field] = {}
    wrong: list[Detail] = []
    known = ["clé" if _is_key(name) else name for name in names]
    for rank, name in enumerate(known):
        if name and name in known[:rank]:
            wrong.append(Detail(names[rank], "cette colonne est deux fois dans le tableau"))
        elif name and name != "clé":
            field = _field(fields, name)
            if field is None or field.kind in ("object", "list"):
                wrong.append(Detail(name, "aucune donnée du contrat ne porte ce nom"))
            else:
                columns[rank] = field
    if wrong:
        raise CommandError(
            "Le tableau a des colonnes inconnues ou répétées ; « documents columns » les liste.",
            reason="COLUMNS",
            details=tuple(wrong),
        )
    return columns


def _field(fields: Mapping[str, Field], name: str) -> Field | None:
    """The field of a path "budget.incomes[0].amount"."""
    found: Field | None = None
    for step in name.split("."):
        match = _STEP.fullmatch(step)
        below = fields if found is None else found.fields
        if match is None or match[1] not in below:
            return None
        found = below[match[1]]
        if match[2] is not None:
            if found.item is None:
                return None
            found = found.item
    return found


def _recipient(row: Row, names: Sequence[str], columns: Mapping[int, Field]) -> Recipient:
    key = str(row.line)
    data: dict[str, Any] = {}
    problems = list(_shape(row, names))
    for rank, name in enumerate(names):
        if _is_key(name):
            found = read_cell(row, rank, tables.text)
            key = key if found is None or isinstance(found, Bad) else found
        elif rank in columns:
            parse, written = _KINDS.get(columns[rank].kind, _TEXT)
            value = read_cell(row, rank, parse)
            if isinstance(value, Bad):
                problems.append(Detail(name, value.message))
                _put(data, name, REFUSED_VALUE)
            elif value is not None:
                _put(data, name, written(value))
    if problems:  # a row of the wrong length may hold no cell that is wrong
        _put(data, names[min(columns)] if columns else "applicant", REFUSED_VALUE)
    return Recipient(line=row.line, key=key, data=data, problems=tuple(problems))


def _shape(row: Row, names: Sequence[str]) -> Iterator[Detail]:
    """What is wrong with a row before its cells are read: too short, or with cells of no column."""
    if row.short:
        yield Detail(
            names[len(row.cells)], "la ligne s’arrête avant cette colonne ; complétez-la, même à vide"
        )
    for rank, cell in enumerate(row.cells):
        if not is_blank(cell) and not (rank < len(names) and names[rank]):
            text = "cette cellule est hors des colonnes nommées ; vérifiez les guillemets et les séparateurs"
            yield Detail(f"colonne {rank + 1}", text)


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    """Puts a value at its path, making the objects and lists on the way."""
    node: Any = data
    steps = [match for step in name.split(".") if (match := _STEP.fullmatch(step))]
    for step in steps[:-1]:
        node = _item(node.setdefault(step[1], []), int(step[2])) if step[2] else node.setdefault(step[1], {})
    node[steps[-1][1]] = value


def _item(listed: list[Any], rank: int) -> Any:
    while len(listed) <= rank:
        listed.append({})
    return listed[rank]
