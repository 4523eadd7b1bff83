"""What an import changes, field by field, and on which days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from itertools import groupby
from operator import attrgetter

from services.bank_registry.files.columns import AGREEMENT_COLUMNS, CONVENTION_COLUMNS, LENDER_COLUMNS, Column
from services.bank_registry.registry import (
    ALWAYS,
    Agreement,
    Bank,
    BankRecord,
    Dated,
    Kind,
    LocalConvention,
    days_text,
    past_days,
    suspension_on,
    touched,
    united,
)
from services.kit import french
from services.kit.tables import printed

Fact = Bank | Agreement | LocalConvention
Pair = tuple[Fact | None, Fact | None]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A column before and after, empty = none; without a column, the whole subject comes or goes.

    `days` are those on which it differs, as people read them; `corrects_past` if one of them is past.
    """

    subject: str
    column: str
    before: str
    after: str
    days: str = ""
    corrects_past: bool = False


def field_changes(before: BankRecord, after: BankRecord, today: date) -> Iterator[FieldChange]:
    """Every field that differs, in the order of the columns; all of those of what comes."""
    for columns, kind in (
        (LENDER_COLUMNS, "banks"),
        (AGREEMENT_COLUMNS, "agreements"),
        (CONVENTION_COLUMNS, "conventions"),
    ):
        yield from _changes(columns, getattr(before, kind), getattr(after, kind), today)


def _changes(
    columns: Sequence[Column], before: Sequence[Fact], after: Sequence[Fact], today: date
) -> Iterator[FieldChange]:
    dated = _dated(before) | _dated(after)
    for one, other in _pairs(before, after):
        fact = other or one
        if one == other or fact is None:
            continue
        subject = _subject(fact, dated=fact.id in dated)
        days = _Days(fact.id, before, after, (one, other), today)
        if one is None or other is None:
            span = _span(fact)
            yield FieldChange(subject, "", span if one else "", span if other else "", *days.of(None))
        if other is None:
            continue
        for column in columns:
            old, new = _text(column, one) if one else "", _text(column, other)
            if old != new:
                yield FieldChange(subject, column.name, old, new, *days.of(column))


@dataclass(frozen=True)
class _Days:
    """The versions of a thing, and two of them that are compared."""

    name: str
    before: Sequence[Fact]
    after: Sequence[Fact]
    pair: Pair
    today: date

    def of(self, column: Column | None) -> tuple[str, bool]:
        """The days on which a column differs between the two, and whether one of them is past."""
        if self._new:
            return self._whole
        one, other = ([fact for fact in facts if fact.id == self.name] for facts in (self.before, self.after))
        spans = [fact.period for fact in self.pair if fact]
        periods = touched(one, other, partial(_seen, column))
        found = united(filter(None, (period.intersection(span) for period in periods for span in spans)))
        return days_text(found), bool(past_days(found, self.today))

    @cached_property
    def _new(self) -> bool:
        return self.pair[0] is None and not any(fact.id == self.name for fact in self.before)

    @cached_property
    def _whole(self) -> tuple[str, bool]:
        """Of what nothing was known, every field comes on each of its days."""
        periods = [fact.period for fact in self.pair if fact]
        return days_text(periods), bool(past_days(periods, self.today))


def _seen(column: Column | None, version: Dated, day: date) -> object:
    """A column of a version on a day; without one, or of its days, only that it is there."""
    if column is None or column.field.kind in (Kind.FIRST_DAY, Kind.LAST_DAY):
        return True
    if column.field.kind is Kind.SUSPENSIONS:
        return (suspension_on(version, day),)
    return (column.show(version),)


def _pairs(before: Sequence[Fact], after: Sequence[Fact]) -> Iterator[Pair]:
    """Versions of one thing with the same first day, then the others in order, then what comes or goes."""
    olds, news = _by_id(before), _by_id(after)
    for name in dict.fromkeys((*olds, *news)):
        old, new = olds.get(name, {}), news.get(name, {})
        yield from ((old[start], new[start]) for start in old if start in new)
        left = [version for start, version in old.items() if start not in new]
        come = [version for start, version in new.items() if start not in old]
        yield from zip(left, come, strict=False)
        paired = min(len(left), len(come))
        yield from ((version, None) for version in left[paired:])
        yield from ((None, version) for version in come[paired:])


def _by_id(facts: Iterable[Fact]) -> dict[str, dict[date, Fact]]:
    found: dict[str, dict[date, Fact]] = {}
    for fact in facts:
        found.setdefault(fact.id, {})[fact.period.first] = fact
    return found


def _dated(facts: Sequence[Fact]) -> set[str]:
    """The ids of what has several versions: only the first day tells them apart."""
    ordered = sorted(facts, key=attrgetter("id"))
    return {name for name, group in groupby(ordered, key=attrgetter("id")) if len(list(group)) > 1}


def _subject(fact: Fact, *, dated: bool) -> str:
    match fact:
        case Bank():
            name = "prêteur" if dated else ""
        case Agreement():
            name = f"accord {fact.reference}"
        case LocalConvention():
            name = f"convention {fact.reference or fact.id}"
    start = f"à partir du {french.short_date(fact.period.first)}"
    return f"{name} {start}" if dated and fact.period.first != ALWAYS.first else name


def _span(fact: Fact) -> str:
    start, last = fact.period.first, fact.period.last
    since = "" if start == ALWAYS.first else f"du {french.short_date(start)}"
    return " ".join(filter(None, (since, f"au {french.short_date(last)}" if last else "sans fin")))


def _text(column: Column, fact: Fact) -> str:
    cell = column.show(fact)
    return "" if cell is None else printed(cell).removeprefix("'")
