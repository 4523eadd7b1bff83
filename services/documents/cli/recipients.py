"""A table of recipients, CSV or Excel: one row for each, one column for each datum, named by its path."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from services.documents.cli.client import read_file
from services.documents.template import Field, make_fields
from services.kit.cli import USAGE, CommandError, Detail

KEY_COLUMNS = ("clé", "cle", "key")
MAX_ROWS = 1000

_STEP = re.compile(r"([a-z_]+)(?:\[(\d{1,3})\])?")
_TRUE, _FALSE = ("oui", "vrai", "true", "1"), ("non", "faux", "false", "0")
_BLANKS = re.compile("[ \u00a0\u202f€%]")


@dataclass(frozen=True)
class Recipient:
    """A row: what it is called, and its data."""

    key: str
    data: Mapping[str, Any]


def read_recipients(path: Path) -> list[Recipient]:
    """The rows of a table; CommandError with every unknown column."""
    rows = _workbook(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv(read_file(path))
    head = [str(cell or "").strip() for cell in next(rows, [])]
    columns = _columns(head)
    found = []
    for number, row in enumerate(rows, start=2):
        if any(cell not in (None, "") for cell in row):
            found.append(_recipient(number, row, head, columns))
    if not found:
        raise CommandError("Le tableau ne contient aucun destinataire.", exit_code=USAGE, reason="TABLE")
    if len(found) > MAX_ROWS:
        raise CommandError(
            f"Le tableau compte {len(found)} destinataires ; {MAX_ROWS} au plus par lot.", reason="TABLE"
        )
    return found


def _columns(head: Sequence[str]) -> dict[int, Field]:
    """The field of each column; CommandError with those that the contract does not have."""
    fields = make_fields()
    columns: dict[int, Field] = {}
    unknown: list[Detail] = []
    for rank, name in enumerate(head):
        if not name or name.lower() in KEY_COLUMNS:
            continue
        field = _field(fields, name)
        if field is None or field.kind in ("object", "list"):
            unknown.append(Detail(name, "aucune donnée du contrat ne porte ce nom"))
        else:
            columns[rank] = field
    if unknown:
        raise CommandError(
            "Le tableau a des colonnes inconnues ; « documents columns » les liste.",
            reason="COLUMNS",
            details=tuple(unknown),
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


def _recipient(
    number: int, row: Sequence[Any], head: Sequence[str], columns: Mapping[int, Field]
) -> Recipient:
    key = str(number)
    data: dict[str, Any] = {}
    for rank, cell in enumerate(row[: len(head)]):
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        if rank in columns:
            _put(data, head[rank], _value(cell, columns[rank].kind))
        elif head[rank].lower() in KEY_COLUMNS:
            key = str(cell).strip()
    return Recipient(key, data)


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


def _value(cell: Any, kind: str) -> Any:
    """A cell as the contract writes it; what cannot be read stays as it is, for the server to refuse."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    text = str(cell).strip()
    if kind in ("money", "rate"):
        return _amount(text, "0.01" if kind == "money" else None)
    if kind == "date":
        return _day(text)
    if kind == "integer":
        whole = text.removesuffix(".0")
        return int(whole) if re.fullmatch(r"-?\d{1,15}", whole) else text
    if kind == "boolean":
        return True if text.lower() in _TRUE else False if text.lower() in _FALSE else text
    return text.removesuffix(".0") if isinstance(cell, float) else text


def _amount(text: str, quantum: str | None) -> str:
    try:
        number = Decimal(_BLANKS.sub("", text).replace(",", "."))
        return f"{number.quantize(Decimal(quantum)) if quantum else number:f}"
    except InvalidOperation:
        return text


def _day(text: str) -> str:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a civil date
        except ValueError:
            continue
    return text


def _csv(content: bytes) -> Iterator[Sequence[Any]]:
    """The rows of a CSV: UTF-8 or Windows, semicolons, commas or tabulations."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    return iter(csv.reader(io.StringIO(text), delimiter=delimiter))


def _workbook(path: Path) -> Iterator[Sequence[Any]]:
    """The rows of the first sheet of a workbook."""
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        workbook = load_workbook(io.BytesIO(read_file(path)), read_only=True, data_only=True)
        rows: Iterable[Sequence[Any]] = list(workbook.worksheets[0].iter_rows(values_only=True))
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError):
        raise CommandError(
            f"Le classeur « {path} » ne peut pas être lu.", exit_code=USAGE, reason="FILE"
        ) from None
    return iter(rows)
