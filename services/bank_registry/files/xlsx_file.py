"""The Excel workbook: real days and numbers, everything else as text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell as WorkbookCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from services.bank_registry.files.columns import COLUMNS, Cell, Column
from services.bank_registry.files.rows import guarded, rows_of
from services.bank_registry.files.xlsx_table import SHEET
from services.bank_registry.registry import KINDS, SCOPES, BankRecord

_CHOICES = {"kind": list(KINDS.values()), "scope": list(SCOPES.values())}
_WIDE, _NARROW = 32, 16
_LAST_ROW = 5000
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def xlsx_bytes(records: Iterable[BankRecord]) -> bytes:
    """The whole file; the same lenders give the same bytes."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    sheet.freeze_panes = "C2"
    _shape(sheet)
    sheet.append(list(_header(sheet)))
    for row in rows_of(records):
        sheet.append(list(_cells(sheet, row)))
    stream = io.BytesIO()
    book.save(stream)
    return _timeless(stream.getvalue())


def _shape(sheet: Any) -> None:
    """Widths, text columns for what will be typed, and the lists of what may be chosen."""
    for number, column in enumerate(COLUMNS, 1):
        letter = get_column_letter(number)
        dimension = sheet.column_dimensions[letter]
        dimension.width = _WIDE if column.field in ("name", "contact_name", "reference") else _NARROW
        dimension.number_format = column.form.excel
        if choices := _CHOICES.get(column.field):
            listed = ",".join(choices)
            validation = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            validation.add(f"{letter}2:{letter}{_LAST_ROW}")
            sheet.data_validations.append(validation)


def _header(sheet: Any) -> Iterator[WorkbookCell]:
    for column in COLUMNS:
        cell = WriteOnlyCell(sheet, column.name)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        yield cell


def _cells(sheet: Any, row: Sequence[Cell]) -> Iterator[WorkbookCell | None]:
    for column, value in zip(COLUMNS, row, strict=True):
        yield None if value in (None, "") else _cell(sheet, column, value)


def _cell(sheet: Any, column: Column, value: Cell) -> WorkbookCell:
    """A cell whose text is never taken for a formula, whatever it begins with."""
    literal = isinstance(value, str) and value.startswith("'")
    cell = WriteOnlyCell(sheet, guarded(value) if literal else value)  # type: ignore[arg-type]
    if isinstance(value, str):
        cell.data_type = "s"
    elif column.form.excel != "General":
        cell.number_format = column.form.excel
    return cell


def _timeless(data: bytes) -> bytes:
    """The same workbook without the time at which it was written."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as found, zipfile.ZipFile(stream, "w") as written:
        for name in found.namelist():
            content = _MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", found.read(name))
            written.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
