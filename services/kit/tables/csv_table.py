"""The rows of a CSV file: `;`, `,` or tab, or what its first line `sep=` says, found from the header."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from services.kit import french
from services.kit.tables.decoding import decode
from services.kit.tables.table import (
    LOOKED_AT,
    MAX_CELLS,
    MAX_ROWS,
    MOST,
    Bad,
    Row,
    UnreadableFile,
    from_header,
    is_blank,
)

SEPARATORS = (";", ",", "\t")
MAX_LINES = 4 * MAX_ROWS
"""Lines of text, those inside quoted cells included."""

_LONGEST_LINE = 200_000
_TOLD = "sep="
_MOST_QUOTES = 50
"""Lines with a quote out of its place: beyond, the file is of another form."""
_QUOTED = r"(?:(?:\"(?:[^\"]|\"\")*+\"|[^\"\n{0}]*+)(?:{0}|\n))*+"
_WELL = re.compile(r"\"(?:[^\"]|\"\")*+\"|[^\"]*+")
_QUOTE = (
    "Un guillemet de cette cellule n’est pas fermé ou est mal placé ; retirez-le, ou, dans une cellule entre "
    "guillemets, écrivez-le deux fois."
)


def read_csv(data: bytes, is_column: Callable[[str], bool], columns: int) -> list[Row]:
    """The rows that are not empty; `is_column` tells the names of columns, which decide the separator."""
    text = decode(data)
    if text.count("\n") > MAX_LINES:
        raise UnreadableFile(f"Le fichier compte plus de {french.number(MAX_LINES)} lignes.")
    lines = [f"{line}\n" for line in text.split("\n")]
    if max(map(len, lines)) > _LONGEST_LINE:
        raise UnreadableFile("Une ligne du fichier est démesurée : ce n’est pas un tableau.")
    separators, skipped = SEPARATORS, 0
    first = lines[0].strip('"\n')
    if first.lower().startswith(_TOLD):  # what Excel writes to tell the separator to itself
        separators, lines, skipped = (*first[len(_TOLD) :][:1], *SEPARATORS), lines[1:], 1
    heads = list(islice(filter(str.strip, lines), LOOKED_AT)) or [""]
    found = {one: [_recognised(line, one, is_column) for line in heads] for one in separators}
    separator = max(found, key=lambda one: (max(count for count, _ in found[one]), found[one][0]))
    rows = from_header(list(_rows(lines, separator, skipped, columns)), is_column)
    if not rows:
        raise UnreadableFile("Le fichier est vide.")
    if any(isinstance(cell, Bad) for cell in rows[0].cells):
        raise UnreadableFile(
            f"À la ligne {rows[0].line}, qui nomme les colonnes, un guillemet est mal placé."
        )
    width = max(number for number, name in enumerate(rows[0].cells, 1) if str(name).strip())
    return [row if len(row.cells) >= width else replace(row, short=True) for row in rows]


def _recognised(line: str, separator: str, is_column: Callable[[str], bool]) -> tuple[int, int]:
    """How many names of columns a separator finds in a line, and how many cells."""
    try:
        header: list[str] = next(csv.reader([line], delimiter=separator), [])
    except (csv.Error, TypeError, ValueError):  # « sep=" » is no separator
        return 0, 0
    return sum(map(is_column, header)), len(header)


def _rows(lines: list[str], separator: str, skipped: int, columns: int) -> Iterator[Row]:
    count = held = 0
    for start, cells in _records(lines, separator):
        line = start + 1 + skipped
        if len(cells) > columns:
            raise UnreadableFile(f"La ligne {line} compte plus de {columns} colonnes.")
        if not all(map(is_blank, cells)):
            count, held = count + 1, held + len(cells)
            yield Row(line=line, cells=cells)
        if count > MAX_ROWS or held > MAX_CELLS:
            raise UnreadableFile(f"Le fichier compte plus de {MOST}.")


def _records(lines: list[str], separator: str) -> Iterator[tuple[int, list[object]]]:
    """The cells of each row, and the rank of its first line; a misplaced quote costs its line alone."""
    start, wrong = 0, 0
    well_quoted = re.compile(_QUOTED.format(re.escape(separator)))
    while start < len(lines):
        reader = csv.reader(islice(lines, start, None), delimiter=separator, strict=True)
        first = start
        try:
            for cells in reader:
                end = first + reader.line_num
                text = "".join(lines[start:end])
                if '"' in text and not well_quoted.fullmatch(text):
                    break
                yield start, list(cells)
                start = end
            else:
                return
        except csv.Error:
            pass
        wrong += 1
        if wrong > _MOST_QUOTES:
            raise UnreadableFile(
                f"À partir de la ligne {start + 1}, trop de guillemets sont mal placés ou pas fermés ; "
                "dans une cellule entre guillemets, un guillemet s’écrit deux fois."
            )
        yield start, [_misquoted(cell) for cell in lines[start].rstrip("\n").split(separator)]
        start += 1


def _misquoted(cell: str) -> object:
    """A cell of a line whose quotes are out of their places."""
    return cell.strip('"') if _WELL.fullmatch(cell) else Bad("QUOTE", _QUOTE)
