"""What a table is before its columns are known: numbered rows of cells, the first one being the header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_ROWS = 50_000
MAX_COLUMNS = 200
"""The layout has about forty columns; above, the file is another one."""
MAX_CELLS = 3_000_000
"""What 50,000 rows of the layout hold, and no more memory than a worker can spare."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row and its line in the file, from 1."""

    line: int
    cells: Sequence[object]


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell that cannot be read, with the French sentence that says why."""

    code: str
    message: str
