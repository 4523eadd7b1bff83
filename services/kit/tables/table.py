"""What a table is before its columns are known: numbered rows of cells, the first one being the header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.kit import french

MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELLS = 3_000_000
"""What 50,000 rows of sixty columns hold, and no more memory than a worker can spare."""

MOST = f"{french.number(MAX_ROWS)} lignes ou {french.number(MAX_CELLS)} cellules"
MAX_BAD = 200_000
"""Cells that a workbook may have refused: each takes three hundred bytes with its sentence."""

Cell = str | int | Decimal | date | None
"""What a writer puts in a cell."""


class UnreadableFile(Exception):  # noqa: N818
    """Nothing of the file can be read: one French sentence, which says what to do."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell that cannot be read: a stable code, and the French sentence that says why."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row and its line in the file, from 1; a cell is None, a text, a number, a date, a boolean or Bad.

    A row of a CSV is `short` if it ends before its header; a workbook does not tell a last blank.
    """

    line: int
    cells: Sequence[object]
    short: bool = False


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a workbook: its title, its number format, whether it is wide, what may be chosen in it."""

    title: str
    number_format: str = "@"
    wide: bool = False
    choices: Sequence[str] = ()


def is_blank(cell: object) -> bool:
    """Whether a cell holds nothing but spaces."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def cell_name(line: int, index: int) -> str:
    """`J3`: the cell of a line from 1 and of a column from 0, as spreadsheets call it."""
    letters, rest = "", index + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{line}"
