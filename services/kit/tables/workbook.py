"""What all workbooks share: exact numbers, and merged cells that nobody can read two ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.kit.tables.table import MAX_BAD, Bad, Row, UnreadableFile, cell_name, is_blank

MAX_WIDTH = 2000
"""Cells of a row, empty ones included: a sheet may be formatted beyond what it holds."""
MAX_MERGES = 10_000

_A_UNIT = re.compile(r"[^\W\d_]|[%‰°€$£]")
_SIGNIFICANT, _EXACT_BELOW = 15, 10**12


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range: its first and last lines, from 1, and columns, from 0."""

    top: int
    left: int
    bottom: int
    right: int


def exact_number(value: float) -> int | Decimal:
    """The decimal number that a spreadsheet shows: fifteen digits of a double, then noise of its sums."""
    if isinstance(value, int):
        return value
    # Above a thousand billions fifteen digits no longer hold three decimals: one could vanish unseen.
    number = Decimal(f"{value:.{_SIGNIFICANT}g}" if abs(value) < _EXACT_BELOW else repr(value))
    return int(number) if number == number.to_integral_value() else number


def percent_text(fraction: int | Decimal) -> str:
    """What a cell in percent shows: `2,5 %` for 0.025; a column of money must refuse it."""
    percent = f"{Decimal(fraction) * 100:f}"
    percent = percent.rstrip("0").rstrip(".") if "." in percent else percent
    return f"{percent.replace('.', ',')} %"


def with_unit(number: int | Decimal, after: str) -> object:
    """A number with the unit that its format writes after it, as `24 mois` or `1.5 k€`: its column must
    expect it, for one and a half thousand is no one and a half."""
    unit = " ".join(after.split())
    return f"{Decimal(number):f} {unit}" if _A_UNIT.search(unit) else number


def unmerged(rows: Sequence[Row], merges: Iterable[Merge]) -> list[Row]:
    """The rows, where a blank that a merge covers is Bad: does its value go for it too? Nobody can tell."""
    cells = {row.line: list(row.cells) for row in rows}
    last, width, covered = max(cells, default=0), max(map(len, cells.values()), default=0), 0
    for merge in merges:
        if is_blank(next(iter(cells.get(merge.top, [])[merge.left : merge.left + 1]), None)):
            continue
        lines = range(merge.top, min(merge.bottom, last) + 1)
        ranks = range(merge.left, min(merge.right + 1, width))
        covered += len(lines) * len(ranks)
        if covered > MAX_BAD:
            raise UnreadableFile("Le classeur compte trop de cellules fusionnées ; défusionnez-les.")
        for line in filter(cells.__contains__, lines):
            _cover(cells[line], line, ranks, merge)
    return [Row(line=line, cells=found) for line, found in cells.items()]


def _cover(cells: list[object], line: int, ranks: range, merge: Merge) -> None:
    cells.extend([None] * (ranks.stop - len(cells)))
    for index in ranks:
        if (line, index) != (merge.top, merge.left):
            text = (
                f"La cellule {cell_name(line, index)} est fusionnée avec {cell_name(merge.top, merge.left)}"
            )
            cells[index] = Bad("MERGED", f"{text} ; défusionnez-les et écrivez la valeur dans chacune.")
