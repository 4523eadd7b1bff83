"""The rows of an OpenDocument workbook: one sheet, values only."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError, iterparse

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
    is_blank,
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

_URN = "{urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT = f"{_URN}table:1.0}}", f"{_URN}office:1.0}}", f"{_URN}text:1.0}}"
_STYLE = f"{_URN}style:1.0}}"
_CALC_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_EXPONENT = re.compile(r"[0-9]E[+-][0-9]")
_TO_LAST_DIGIT = re.compile(r".*[0-9]", re.DOTALL)
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_LONGEST_TEXT, _MOST_SPACES = 200_000, 1000
_MOST_ELEMENTS = 4 * MAX_ROWS
"""Rows as the file writes them, blank ones included: each leaves an element behind."""


@dataclass(slots=True)
class _Sheet:
    """A sheet while it is read."""

    name: str
    columns: int
    formulas: bool
    hidden: bool = False
    hidden_lines: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    line: int = 0
    held: int = 0
    read: int = 0
    wrong: int = 0

    def add(self, element: Element) -> None:
        """Reads a row, as many times as it says that it is repeated."""
        cells = _cells(element, self)
        while cells and is_blank(cells[-1]):
            cells.pop()
        times = _count(element, "number-rows-repeated")
        if len(cells) > self.columns:
            raise UnreadableFile(f"La ligne {self.line + 1} compte plus de {self.columns} colonnes.")
        self.read += 1
        if self.read > _MOST_ELEMENTS:
            raise UnreadableFile(f"Le classeur compte plus de {MOST}.")
        self.wrong += sum(isinstance(one, Bad) for one in cells)
        if self.wrong > MAX_BAD:
            raise UnreadableFile("Le classeur compte trop de formules ou d’erreurs ; collez-y des valeurs.")
        if cells:
            self.held += times * len(cells)
            if self.line + times > MAX_ROWS or self.held > MAX_CELLS:
                raise UnreadableFile(f"Le classeur compte plus de {MOST}.")
            if element.get(f"{_TABLE}visibility", "visible") != "visible":
                self.hidden_lines.extend(range(self.line + 1, self.line + times + 1))
            self.rows.extend(Row(line=self.line + number, cells=cells) for number in range(1, times + 1))
        self.line += times


def read_ods(data: bytes, sheet: str, columns: int, *, formulas: bool) -> Sheet:
    """The rows that are not empty of the sheet of this name, else of the first one that is not hidden."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("content.xml") as stream:
            events = iterparse(stream, events=("start", "end"))  # noqa: S314 - it has no document type: see safety
            sheets = _sheets(events, sheet, columns, formulas=formulas)
    except (ParseError, ValueError, ArithmeticError, LookupError, RecursionError):
        raise UnreadableFile("Le classeur est abîmé ; enregistrez-le de nouveau.") from None
    if not sheets:
        raise UnreadableFile("Le classeur n’a pas de feuille.")
    found = _chosen(sheets, sheet)
    others = [one.name for one in sheets if one is not found]
    notes = sheet_notes(found.name, others, found.hidden_lines, is_hidden=found.hidden)
    return Sheet(unmerged(found.rows, found.merges), tuple(notes))


def _chosen(sheets: Sequence[_Sheet], name: str) -> _Sheet:
    named = [one for one in sheets if one.name == name]
    return [*named, *(one for one in sheets if not one.hidden), *sheets][0]


def _sheets(
    events: Iterator[tuple[str, Element]], name: str, columns: int, *, formulas: bool
) -> list[_Sheet]:
    """All the sheets; the rows of those alone that may be the one to read."""
    sheets: list[_Sheet] = []
    hidden: set[str | None] = set()
    depth = 0
    for event, element in events:
        if element.tag == f"{_TABLE}table":
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                masked = element.get(f"{_TABLE}style-name") in hidden
                named = element.get(f"{_TABLE}name", "")
                sheets.append(_Sheet(name=named, columns=columns, formulas=formulas, hidden=masked))
        elif element.tag == f"{_TABLE}table-row" and event == "end":
            if depth == 1 and _chosen(sheets, name) is sheets[-1]:
                sheets[-1].add(element)
            element.clear()  # one row at a time: a whole sheet of elements takes fifty times its size
        elif element.tag == f"{_STYLE}style" and event == "end" and _is_masking(element):
            hidden.add(element.get(f"{_STYLE}name"))
    return sheets


def _is_masking(style: Element) -> bool:
    return any(child.get(f"{_TABLE}display") == "false" for child in style)


def _cells(row: Element, sheet: _Sheet) -> list[object]:
    cells: list[object] = []
    line = sheet.line + 1
    for element in row:
        if element.tag not in _CELLS:
            continue
        times, index = _count(element, "number-columns-repeated"), len(cells)
        value = _value(element, cell_name(line, index), formulas=sheet.formulas)
        if value is None and index + times > MAX_WIDTH:
            times = max(0, MAX_WIDTH - index)  # formatted to its last column, which holds nothing
        if index + times > MAX_WIDTH:
            raise UnreadableFile(f"La ligne {line} compte plus de {sheet.columns} colonnes.")
        _note_merge(element, line, index, sheet)
        cells.extend([value] * times)
    return cells


def _note_merge(element: Element, line: int, index: int, sheet: _Sheet) -> None:
    down, right = _count(element, "number-rows-spanned"), _count(element, "number-columns-spanned")
    if (down, right) == (1, 1):
        return
    if len(sheet.merges) >= MAX_MERGES:
        raise UnreadableFile("Le classeur compte trop de cellules fusionnées ; défusionnez-les.")
    sheet.merges.append(Merge(top=line, left=index, bottom=line + down - 1, right=index + right - 1))


def _value(cell: Element, name: str, *, formulas: bool) -> object:
    """A text, an exact number, a date, a boolean, or why the cell is refused."""
    kind, shown = cell.get(f"{_OFFICE}value-type"), _shown(cell)
    if cell.get(f"{_TABLE}formula") is not None and not formulas:
        text = "collez-y sa valeur (Collage spécial, Valeurs)"
        return Bad("FORMULA", f"La cellule {name} contient une formule ; {text}.")
    if cell.get(_CALC_TYPE) == "error":
        return Bad("ERROR_VALUE", f"La cellule {name} affiche une erreur ({shown[:40]}).")
    match kind:
        case "float" | "percentage" | "currency":
            return _number(kind, exact_number(float(cell.get(f"{_OFFICE}value", ""))), shown)
        case "date":
            written = cell.get(f"{_OFFICE}date-value", "")
            day, _, time = written.partition("T")
            if time.strip("0:.Z"):
                return Bad("TIME", f"La cellule {name} contient une heure ; écrivez la date seule.")
            return date.fromisoformat(day)
        case "time":
            return Bad("TIME", f"La cellule {name} contient une heure ou une durée.")
        case "boolean":
            return cell.get(f"{_OFFICE}boolean-value") == "true"
    if formulas and cell.get(f"{_TABLE}formula") is not None and not shown:
        return Bad("FORMULA", f"La cellule {name} est vide : sa formule ne donne rien.")
    return shown or None


def _number(kind: str, number: int | Decimal, shown: str) -> object:
    """A number with what it shows: a unit, which its column must expect, or leading zeros."""
    if kind == "percentage":
        return percent_text(number)
    digits = "".join(shown.split())
    padded = digits.isascii() and digits.isdigit() and digits.startswith("0") and len(digits) > 1
    if padded and int(digits) == number:
        return digits
    return number if _EXPONENT.search(digits) else with_unit(number, _unit(shown))


def _unit(shown: str) -> str:
    """What a number shows after its last digit; euros count before it too."""
    return _TO_LAST_DIGIT.sub("", shown) or ("€" if "€" in shown else "")


def _shown(cell: Element) -> str:
    """The paragraphs of a cell, without its annotation."""
    text = "\n".join(_text(child) for child in cell if child.tag == f"{_TEXT}p")
    if len(text) > _LONGEST_TEXT:
        raise UnreadableFile("Le classeur contient une ligne ou une liste de textes démesurée.")
    return text


def _text(element: Element) -> str:
    """The text of a paragraph, whose runs of spaces are elements."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == f"{_TEXT}s":
            count = int(child.get(f"{_TEXT}c", "1"))
            if count > _MOST_SPACES:  # thirty bytes of file must not become a gigabyte
                raise UnreadableFile("Le classeur contient une ligne ou une liste de textes démesurée.")
            parts.append(" " * count)
        elif child.tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            parts.append("\t" if child.tag.endswith("tab") else "\n")
        else:
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _count(element: Element, name: str) -> int:
    """A number of times, one if it is not said; ValueError unless positive."""
    count = int(element.get(f"{_TABLE}{name}", "1"))
    if count < 1:
        raise ValueError(name)
    return count
