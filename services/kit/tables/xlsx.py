"""The rows of an Excel workbook: one sheet, values only."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.kit.tables.safety import blocks_of
from services.kit.tables.table import (
    MAX_BAD,
    MAX_CELLS,
    MAX_ROWS,
    MOST,
    Bad,
    Row,
    Sheet,
    UnreadableFile,
    cell_name,
    sheet_notes,
)
from services.kit.tables.workbook import (
    MAX_MERGES,
    MAX_WIDTH,
    Merge,
    exact_number,
    percent_text,
    unmerged,
    with_unit,
)

_MERGE = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?\bref=\"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})\""
)
_HIDDEN = re.compile(rb"<(?:\w+:)?row\s[^>]*\bhidden=\"(?:1|true)\"[^>]*>")
_LINE = re.compile(rb"\br=\"([0-9]{1,7})\"")
_TOKEN = re.compile(
    r"\"(?P<quoted>[^\"]*)\"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[[^\]]*\]|[_*].|(?P<plain>.)"
)
_DIGIT = "0#?"
_PADDED = re.compile(r"0[0#]+")


def read_xlsx(data: bytes, sheet: str, columns: int, *, formulas: bool) -> Sheet:
    """The rows that are not empty of the sheet of this name, else of the first one that is not hidden."""
    if _is_strict(data):
        form = "« Classeur Open XML strict », que peu de programmes lisent"
        raise UnreadableFile(f"Le classeur est un {form} ; enregistrez-le en « Classeur Excel (.xlsx) ».")
    with _opened(data, values=False) as book:
        seen = [one for one in book.worksheets if one.sheet_state == "visible"]
        chosen = book[sheet] if sheet in book.sheetnames else [*seen, *book.worksheets][0]
        others = [name for name in book.sheetnames if name != chosen.title]
        is_hidden = chosen not in seen
        title, part = chosen.title, chosen._worksheet_path
        rows = list(_rows(chosen, columns))
    if formulas and any(_is_formula(cell) for row in rows for cell in row.cells):
        # openpyxl gives formulas or their values, never both: a formula without value would look blank
        with _opened(data, values=True) as book:
            rows = [_computed(*pair) for pair in zip(rows, _values(book[title], rows), strict=True)]
    merges, hidden = _marks(data, part)
    lines = [row.line for row in rows if row.line in hidden]
    return Sheet(unmerged(rows, merges), tuple(sheet_notes(title, others, lines, is_hidden=is_hidden)))


@contextmanager
def _opened(data: bytes, *, values: bool) -> Iterator[Any]:
    from openpyxl import load_workbook  # a quarter of a second and 20 MiB, which a CSV need not pay

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl leaves out (styles, validations) is no cell
            yield load_workbook(io.BytesIO(data), read_only=True, keep_links=False, data_only=values)
    except UnreadableFile:
        raise
    except Exception:  # openpyxl raises whatever its parts raise on a malformed one
        raise UnreadableFile("Le classeur est abîmé ; enregistrez-le de nouveau.") from None


def _is_strict(data: bytes) -> bool:
    """Whether the workbook is of the strict form, whose names openpyxl does not know."""
    with suppress(Exception), zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"purl.oclc.org/ooxml" in archive.read("xl/workbook.xml")[:4096]
    return False


def _rows(sheet: Any, columns: int) -> Iterator[Row]:
    sheet.reset_dimensions()
    held = wrong = 0
    for line, cells in enumerate(sheet.iter_rows(max_row=MAX_ROWS + 1), 1):
        width = len(cells)
        if width > MAX_WIDTH:
            raise UnreadableFile(f"La ligne {line} compte plus de {columns} colonnes.")
        while width and cells[width - 1].value in (None, ""):
            width -= 1
        if width > columns:
            raise UnreadableFile(f"La ligne {line} compte plus de {columns} colonnes.")
        if width:
            read = [_value(cell, line, index) for index, cell in enumerate(cells[:width])]
            held, wrong = held + width, wrong + sum(isinstance(one, Bad) for one in read)
            yield Row(line=line, cells=read)
        if wrong > MAX_BAD:
            raise UnreadableFile("Le classeur compte trop de formules ou d’erreurs ; collez-y des valeurs.")
        if line > MAX_ROWS or held > MAX_CELLS:
            raise UnreadableFile(f"Le classeur compte plus de {MOST}.")


def _values(sheet: Any, rows: list[Row]) -> Iterator[list[object]]:
    """What the cells of the same rows show, in a workbook opened for its values."""
    sheet.reset_dimensions()
    lines = {row.line: len(row.cells) for row in rows}
    for line, cells in enumerate(sheet.iter_rows(max_row=rows[-1].line), 1):
        if line in lines:
            shown = [_value(cell, line, index) for index, cell in enumerate(cells[: lines[line]])]
            yield [*shown, *[None] * (lines[line] - len(shown))]


def _computed(row: Row, values: list[object]) -> Row:
    pairs = enumerate(zip(row.cells, values, strict=True))
    cells = [_result(row.line, at, value) if _is_formula(cell) else cell for at, (cell, value) in pairs]
    return Row(line=row.line, cells=cells)


def _result(line: int, index: int, value: object) -> object:
    if value is None:
        text = "sa formule n’a pas de valeur enregistrée ; ouvrez le classeur, enregistrez-le de nouveau"
        return Bad("FORMULA", f"La cellule {cell_name(line, index)} est vide : {text}.")
    return value


def _is_formula(cell: object) -> bool:
    return isinstance(cell, Bad) and cell.code == "FORMULA"


def _value(cell: Any, line: int, index: int) -> object:
    """A text, an exact number, a date, a boolean, or why the cell is refused."""
    value = cell.value
    if value is None or (isinstance(value, str | bool) and cell.data_type not in "fe"):
        return value
    if cell.data_type == "f":
        text = "contient une formule ; collez-y sa valeur (Collage spécial, Valeurs)"
        return _bad("FORMULA", line, index, text)
    if cell.data_type == "e":
        return _bad("ERROR_VALUE", line, index, f"affiche une erreur ({value})")
    if isinstance(value, datetime):
        if value.time() == datetime.min.time():
            return value.date()
        return _bad("TIME", line, index, "contient une heure ; écrivez la date seule")
    if isinstance(value, int | float):
        return _shown(exact_number(value), cell.number_format or "")
    if isinstance(value, date):
        return value
    return _bad("TIME", line, index, "contient une heure ou une durée")


def _bad(code: str, line: int, index: int, text: str) -> Bad:
    return Bad(code, f"La cellule {cell_name(line, index)} {text}.")


def _shown(number: int | Decimal, form: str) -> object:
    """A number with what its format says of it: a unit, which its column must expect, or leading zeros."""
    digits, unit = _parts(form.partition(";")[0])
    if "%" in digits:
        return percent_text(number)
    if isinstance(number, int) and number >= 0 and _PADDED.fullmatch(digits):
        return str(number).zfill(len(digits))
    return with_unit(number, unit)


def _parts(form: str) -> tuple[str, str]:
    """What a format says of the digits, and what it writes after the last of them."""
    digits = unit = ""
    for found in _TOKEN.finditer(form):
        plain = (found["plain"] or "").strip()
        digits += plain.replace("€", "")
        if plain and plain in _DIGIT:
            unit = "€" if "€" in unit else ""
        else:
            unit += found["quoted"] or found["escaped"] or found["currency"] or ("€" if plain == "€" else "")
    return digits, unit


def _marks(data: bytes, part: str) -> tuple[list[Merge], set[int]]:
    """The merged ranges of a sheet, and the lines that it hides, which openpyxl leaves out."""
    found: set[tuple[bytes, ...]] = set()
    hidden: set[int] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for block in blocks_of(archive, part):
            found.update(_MERGE.findall(block))
            hidden.update(int(line[1]) for row in _HIDDEN.findall(block) if (line := _LINE.search(row)))
            if len(found) > MAX_MERGES:
                raise UnreadableFile("Le classeur compte trop de cellules fusionnées ; défusionnez-les.")
    merges = [
        Merge(top=int(top), left=_rank(left), bottom=int(bottom), right=_rank(right))
        for left, top, right, bottom in sorted(found)
    ]
    return merges, hidden


def _rank(letters: bytes) -> int:
    rank = 0
    for letter in letters:
        rank = rank * 26 + letter - ord("A") + 1
    return rank - 1
