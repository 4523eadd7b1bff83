"""The CSV that a French spreadsheet opens as it is: UTF-8 with its mark, `;`, French days and decimals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from services.bank_registry.files.columns import COLUMNS, Cell
from services.bank_registry.files.rows import guarded, rows_of
from services.bank_registry.registry import BankRecord
from services.kit import french


def csv_bytes(records: Iterable[BankRecord]) -> bytes:
    """The whole file."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow([column.name for column in COLUMNS])
    writer.writerows([printed(cell) for cell in row] for row in rows_of(records))
    return stream.getvalue().encode("utf-8-sig")


def printed(cell: Cell) -> str:
    """A cell as text: `31/12/2026`, `1234,56`."""
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",")
    if isinstance(cell, date):
        return french.short_date(cell)
    return guarded(cell) if isinstance(cell, str) else "" if cell is None else str(cell)
