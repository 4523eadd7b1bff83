"""What a table is before its columns are known: numbered rows of cells, the first one being the header."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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

LOOKED_AT = 20
"""The first rows, among which the header is looked for: titles may stand above it."""
_NAMED, _NAMED_LINES, _LONGEST_NAME = 5, 10, 40

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
class Note:
    """Something of a table to look at, that forbids nothing: its line, a stable code, a French sentence."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file that are not empty, and what a reader could not see of it."""

    rows: list[Row]
    notes: tuple[Note, ...] = ()


def from_header(rows: list[Row], is_column: Callable[[str], bool]) -> list[Row]:
    """The rows from the header on: of the first ones, that which names the most columns."""

    def named(row: Row) -> int:
        return sum(is_column(cell.strip()) for cell in row.cells if isinstance(cell, str))

    first = max(range(min(len(rows), LOOKED_AT)), key=lambda index: named(rows[index]), default=0)
    return rows[first:]


def sheet_notes(
    read: str, others: Sequence[str], hidden: Sequence[int], *, is_hidden: bool
) -> Iterator[Note]:
    """What to know of a workbook that has several sheets, or hides what is read of it."""
    if others:
        named = french.join([f"« {name[:_LONGEST_NAME]} »" for name in others[:_NAMED]])
        more = f", et {french.plural(len(others) - _NAMED, 'autre')}" if len(others) > _NAMED else ""
        yield Note(0, "SHEET_READ", f"La feuille lue est « {read[:_LONGEST_NAME]} » ; pas {named}{more}.")
    if is_hidden:
        yield Note(0, "SHEET_HIDDEN", f"La feuille lue, « {read[:_LONGEST_NAME]} », est masquée.")
    if hidden:
        lines = ", ".join(map(str, hidden[:_NAMED_LINES])) + (", …" if len(hidden) > _NAMED_LINES else "")
        text = f"Les lignes masquées ou filtrées sont lues comme les autres : {lines}."
        yield Note(hidden[0], "HIDDEN_ROWS", text)


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a workbook: its title, its number format, whether it is wide, what may be chosen in it."""

    title: str
    number_format: str = "@"
    wide: bool = False
    choices: Sequence[str] = ()


def is_blank(cell: object) -> bool:
    """Whether a cell holds nothing but spaces."""
    return not cell.strip() if isinstance(cell, str) else cell is None


def cell_name(line: int, index: int) -> str:
    """`J3`: the cell of a line from 1 and of a column from 0, as spreadsheets call it."""
    letters, rest = "", index + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{line}"
