"""An Excel workbook of typed cells, the same bytes for the same rows."""

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

from services.kit.tables.cells import guarded
from services.kit.tables.table import Cell, SheetColumn

_WIDE, _NARROW = 32, 16
_LAST_ROW = 5000
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def workbook_bytes(
    sheet: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[Cell]], freeze: str
) -> bytes:
    """The whole file; `freeze` is the first cell that scrolls."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.freeze_panes = freeze
    _shape(page, columns)
    page.append(list(_header(page, columns)))
    for row in rows:
        page.append([_cell(page, *pair) for pair in zip(columns, row, strict=True)])
    stream = io.BytesIO()
    book.save(stream)
    return _timeless(stream.getvalue())


def _shape(sheet: Any, columns: Sequence[SheetColumn]) -> None:
    """Widths, text columns for what will be typed, and the lists of what may be chosen."""
    for number, column in enumerate(columns, 1):
        letter = get_column_letter(number)
        dimension = sheet.column_dimensions[letter]
        dimension.width = _WIDE if column.wide else _NARROW
        dimension.number_format = column.number_format
        if column.choices:
            listed = ",".join(column.choices)
            validation = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            validation.add(f"{letter}2:{letter}{_LAST_ROW}")
            sheet.data_validations.append(validation)


def _header(sheet: Any, columns: Sequence[SheetColumn]) -> Iterator[WorkbookCell]:
    for column in columns:
        cell = WriteOnlyCell(sheet, column.title)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        yield cell


def _cell(sheet: Any, column: SheetColumn, value: Cell) -> WorkbookCell | None:
    """A cell whose text is never taken for a formula, whatever it begins with."""
    if value in (None, ""):
        return None
    shown = guarded(value, typed=True) if isinstance(value, str) else value
    cell = WriteOnlyCell(sheet, shown)  # type: ignore[arg-type]
    if isinstance(value, str):
        cell.data_type = "s"
    elif column.number_format != "General":
        cell.number_format = column.number_format
    return cell


def _timeless(data: bytes) -> bytes:
    """The same workbook without the time at which it was written."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as found, zipfile.ZipFile(stream, "w") as written:
        for name in found.namelist():
            content = _MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", found.read(name))
            written.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
