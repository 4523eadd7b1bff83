"""The rows of a CSV file: `;`, `,` or tab, found from the header."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator

from services.bank_registry.files.items import UnreadableFile
from services.bank_registry.files.table import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Row
from services.bank_registry.files.text import decode
from services.kit import french

SEPARATORS = (";", ",", "\t")
MAX_LINES = 4 * MAX_ROWS
"""Lines of text, those inside quoted cells included."""

_LONGEST_LINE = 200_000


def read_csv(data: bytes, is_header: Callable[[str], bool]) -> list[Row]:
    """The rows that are not empty; `is_header` tells the names of columns, which decide the separator."""
    text = decode(data)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    if text.count("\n") > MAX_LINES:
        raise UnreadableFile(f"Le fichier compte plus de {french.number(MAX_LINES)} lignes.")
    lines = [f"{line}\n" for line in text.split("\n")]
    if max(map(len, lines)) > _LONGEST_LINE:
        raise UnreadableFile("Une ligne du fichier est démesurée : ce n’est pas un fichier de prêteurs.")
    skipped = 0
    if text.lower().startswith("sep="):  # what Excel writes to tell the separator to itself
        lines, skipped = lines[1:], 1
    first = next((line for line in lines if line.strip()), "")
    separator = max(SEPARATORS, key=lambda one: _recognised(first, one, is_header))
    rows = list(_rows(lines, separator, skipped))
    if not rows:
        raise UnreadableFile("Le fichier est vide.")
    return rows


def _recognised(line: str, separator: str, is_header: Callable[[str], bool]) -> tuple[int, int]:
    """How many names of columns a separator finds in the first line, and how many cells."""
    try:
        header: list[str] = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        header = []
    return sum(map(is_header, header)), len(header)


def _rows(lines: list[str], separator: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    start = count = held = 0
    try:
        for cells in reader:
            line, start = start + 1 + skipped, reader.line_num
            if len(cells) > MAX_COLUMNS:
                raise UnreadableFile(f"La ligne {line} compte plus de {MAX_COLUMNS} colonnes.")
            if any(map(str.strip, cells)):
                count, held = count + 1, held + len(cells)
                yield Row(line, cells)
            if count > MAX_ROWS or held > MAX_CELLS:
                raise UnreadableFile(f"Le fichier compte plus de {french.number(MAX_ROWS)} lignes.")
    except csv.Error:
        raise UnreadableFile(
            f"À partir de la ligne {start + 1 + skipped}, un guillemet n’est pas fermé ou est mal placé ; "
            "dans une cellule entre guillemets, un guillemet s’écrit deux fois."
        ) from None
