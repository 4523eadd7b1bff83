"""A table of recipients: one row for each, one column for each datum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.documents.cli.columns import STEP, Column, Headers, is_key
from services.documents.contract import SHARED
from services.kit import tables
from services.kit.cli import USAGE, CommandError, Detail, read_file
from services.kit.tables import Bad, Row, UnreadableFile, is_blank, read_cell, read_table

MAX_ROWS = 1000
MAX_COLUMNS = 1000
REFUSED_VALUE: list[object] = []
"""What is sent in place of a cell that cannot be read: no column of the contract holds a list.

The server refuses it, and so numbers and lists the row with the others, which an omitted row would not be.
"""

_TEXT: tuple[tables.Parse[Any], Callable[[Any], object]] = (tables.text, str)
_KINDS: Mapping[str, tuple[tables.Parse[Any], Callable[[Any], object]]] = {
    "money": (tables.signed_money, lambda cents: f"{Decimal(cents).scaleb(-2):.2f}"),
    "rate": (tables.percent, lambda rate: f"{rate:f}"),
    "date": (tables.day, date.isoformat),
    "integer": (tables.integer, int),
    "boolean": (tables.boolean, bool),
}
"""How a cell of each kind of field is read, and how the contract writes its value."""


_SEPARATORS = frozenset(";\t")
_SHORT = {"phone": 9, "postal_code": 4}
"""How many digits are left of what a spreadsheet took for a number, by the name of the datum."""


@dataclass(frozen=True)
class Recipient:
    """A row: its line in the table, what it is called, its data, and why no letter is made of it."""

    line: int
    key: str
    data: Mapping[str, Any]
    problems: tuple[Detail, ...] = ()


def read_recipients(path: Path) -> list[Recipient]:
    """The rows of a table; CommandError if it cannot be read, with every wrong column."""
    headers = Headers()
    try:
        head, *rows = read_table(read_file(path), headers.knows, columns=MAX_COLUMNS, formulas=True).rows
    except UnreadableFile as error:
        raise CommandError(str(error), exit_code=USAGE, reason="FILE") from None
    titles = _titles(head)
    columns = headers.read(titles)
    if not rows:
        raise CommandError("Le tableau ne contient aucun destinataire.", exit_code=USAGE, reason="TABLE")
    if len(rows) > MAX_ROWS:
        raise CommandError(
            f"Le tableau compte {len(rows)} destinataires ; {MAX_ROWS} au plus par lot.", reason="TABLE"
        )
    return [_recipient(row, titles, columns) for row in rows]


def _titles(row: Row) -> list[str]:
    return ["" if is_blank(cell) or isinstance(cell, Bad) else str(cell).strip() for cell in row.cells]


def _recipient(row: Row, titles: Sequence[str], columns: Mapping[int, Column]) -> Recipient:
    key = str(row.line)
    # What is null is taken from nowhere: a group that has a column comes from the row, even from its blanks.
    data: dict[str, Any] = {one.group: None for one in columns.values() if one.group not in SHARED}
    problems = list(_shape(row, titles))
    for rank, title in enumerate(titles):
        if is_key(title):
            found = read_cell(row, rank, tables.text)
            if isinstance(found, Bad):
                problems.append(Detail(title, found.message))
            elif found is not None:
                key = found
        elif rank in columns:
            _fill(row, rank, columns[rank], data, problems)
    if problems:  # a row of the wrong length may hold no cell that is wrong
        _put(data, columns[min(columns)].path if columns else "applicant", REFUSED_VALUE)
    return Recipient(line=row.line, key=key, data=data, problems=tuple(problems))


def _fill(row: Row, rank: int, column: Column, data: dict[str, Any], problems: list[Detail]) -> None:
    """Puts the value of a cell in the data, or says why it has none."""
    parse, written = _KINDS.get(column.field.kind, _TEXT)
    value = read_cell(row, rank, parse)
    if isinstance(value, Bad):
        problems.append(Detail(column.title, value.message))
    elif isinstance(value, str) and "\n" in value and _SEPARATORS.intersection(value):
        text = "cette cellule tient plusieurs lignes du tableau ; un guillemet y manque ou est en trop"
        problems.append(Detail(column.title, text))
    elif value is not None:
        _put(data, column.path, written(value))
        if str(value).isdecimal() and len(str(value)) == _SHORT.get(column.path.rpartition(".")[2]):
            text = "il manque un chiffre : un tableur retire le zéro du début ; mettez-la au format Texte"
            problems.append(Detail(column.title, text))
    elif not column.optional and not (row.short and rank >= len(row.cells)):
        text = f"vide à la ligne {row.line} ; écrivez la valeur, ou nommez la colonne « {column.title}? »"
        problems.append(Detail(column.title, f"{text} si elle peut manquer"))


def _shape(row: Row, titles: Sequence[str]) -> Iterator[Detail]:
    """What is wrong with a row before its cells are read: too short, or with cells of no column."""
    if row.short:
        yield Detail(
            titles[len(row.cells)], "la ligne s’arrête avant cette colonne ; complétez-la, même à vide"
        )
    for rank, cell in enumerate(row.cells):
        if not is_blank(cell) and not (rank < len(titles) and titles[rank]):
            text = "cette cellule est hors des colonnes nommées ; vérifiez les guillemets et les séparateurs"
            yield Detail(f"colonne {rank + 1}", text)


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    """Puts a value at its path, making the objects and lists on the way."""
    *above, last = [match for step in path.split(".") if (match := STEP.fullmatch(step))]
    node: Any = data
    for step in above:
        holder, key = _slot(node, step)
        if not holder[key]:
            holder[key] = {}
        node = holder[key]
    holder, key = _slot(node, last)
    holder[key] = value


def _slot(node: dict[str, Any], step: Any) -> tuple[Any, Any]:
    """Where the value of a step is: in an object, or in a list that is made long enough."""
    name, rank = step.groups()
    if rank is None:
        node.setdefault(name, None)
        return node, name
    if not node.get(name):
        node[name] = []
    listed = node[name]
    # An item that no column gives is null, which the server refuses: it is neither invented nor skipped.
    listed.extend([None] * (int(rank) + 1 - len(listed)))
    return listed, int(rank)
