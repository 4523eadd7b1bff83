"""Tables that a French spreadsheet opens as they are, and that `read_table` reads back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from services.kit import french
from services.kit.tables.cells import guarded
from services.kit.tables.table import Cell, SheetColumn


def printed(cell: Cell) -> str:
    """A cell as text: `31/12/2026`, `1234,56`."""
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",")
    if isinstance(cell, date):
        return french.short_date(cell)
    return guarded(cell) if isinstance(cell, str) else "" if cell is None else str(cell)


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV in UTF-8 with its mark, `;`, French days and decimals."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([printed(cell) for cell in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def xlsx_bytes(
    sheet: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[Cell]], *, freeze: str = "A2"
) -> bytes:
    """An Excel workbook with real days and numbers, the rest as text; the same rows give the same bytes."""
    # openpyxl takes a quarter of a second and 20 MiB: a server that writes CSV alone never loads it.
    from services.kit.tables.xlsx_writing import workbook_bytes

    return workbook_bytes(sheet, columns, rows, freeze)
