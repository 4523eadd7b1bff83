"""The rows of an Excel workbook: its first sheet, values only."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from services.bank_registry.files.items import UnreadableFile
from services.bank_registry.files.table import MAX_COLUMNS, MAX_ROWS, Bad, Row
from services.bank_registry.files.xlsx_safety import check_workbook
from services.kit import french

SHEET = "Prêteurs"
MAX_WIDTH = 2000
"""Cells of a row, empty ones included: a sheet may be formatted beyond what it holds."""


def read_xlsx(data: bytes) -> list[Row]:
    """The rows that are not empty of the sheet « Prêteurs », else of the first one."""
    check_workbook(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl leaves out (styles, validations) is no cell
            rows = list(_rows(data))
    except UnreadableFile:
        raise
    except Exception:  # openpyxl raises whatever its parts raise on a malformed one
        raise UnreadableFile("Le classeur est abîmé ; enregistrez-le de nouveau.") from None
    if not rows:
        raise UnreadableFile("La première feuille du classeur est vide.")
    return rows


def _rows(data: bytes) -> Iterator[Row]:
    book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
    sheet.reset_dimensions()
    for line, cells in enumerate(sheet.iter_rows(max_row=MAX_ROWS + 1), 1):
        width = len(cells)
        if width > MAX_WIDTH:
            raise UnreadableFile(f"La ligne {line} compte plus de {MAX_COLUMNS} colonnes.")
        while width and cells[width - 1].value in (None, ""):
            width -= 1
        if width > MAX_COLUMNS:
            raise UnreadableFile(f"La ligne {line} compte plus de {MAX_COLUMNS} colonnes.")
        if width:
            yield Row(line, [_value(cell, line, column) for column, cell in enumerate(cells[:width], 1)])
        if line > MAX_ROWS:
            raise UnreadableFile(f"Le classeur compte plus de {french.number(MAX_ROWS)} lignes.")


def _value(cell: Any, line: int, column: int) -> object:
    """A text, an exact number, a date, or why the cell is refused."""
    value = cell.value
    if value is None or (isinstance(value, str) and cell.data_type == "s"):
        return value
    if isinstance(value, int) and cell.data_type == "n":
        return value * _scale(cell)
    name = f"{get_column_letter(column)}{line}"
    match cell.data_type:
        case "f":
            text = "collez-y sa valeur (Collage spécial, Valeurs)"
            return Bad("FORMULA", f"La cellule {name} contient une formule ; {text}.")
        case "e":
            return Bad("ERROR_VALUE", f"La cellule {name} affiche une erreur ({value}).")
        case "b":
            return Bad("BOOLEAN", f"La cellule {name} contient VRAI ou FAUX ; écrivez un texte ou un nombre.")
    if isinstance(value, datetime):
        if value.time() == datetime.min.time():
            return value.date()
        return Bad("TIME", f"La cellule {name} contient une heure ; écrivez la date seule.")
    if isinstance(value, float):
        return _exact(value, cell)
    if value is None or isinstance(value, str | int | date):
        return value
    return Bad("TIME", f"La cellule {name} contient une heure ou une durée.")


def _exact(value: float, cell: Any) -> object:
    """The decimal number that Excel shows: the shortest that is that double."""
    number = Decimal(repr(value)) * _scale(cell)
    return int(number) if number == number.to_integral_value() else number


def _scale(cell: Any) -> int:
    """A cell shown in percent holds a fraction."""
    return 100 if "%" in (cell.number_format or "") else 1
