"""The versions of one lender, agreement or convention: what a change, an end or a suspension makes of them.

Versions are those of one resource: same id, disjoint periods, by start. Their suspensions belong to the
resource: a change writes them on every version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from services.bank_registry.registry.model import Agreement, Bank, BankRecord, LocalConvention, Suspension
from services.kit.dates import ONE_DAY, Period

Dated = Bank | Agreement | LocalConvention
"""A version of a resource that has periods and suspensions."""

V = TypeVar("V", bound=Dated)


def version_on(versions: Sequence[V], day: date | None) -> V:
    """The version of a day, else the last one past, else the first to come; without a day, the last one."""
    if day is None or len(versions) == 1:
        return versions[-1]
    begun = [version for version in versions if version.period.first <= day]
    return begun[-1] if begun else versions[0]


def life(versions: Sequence[V], version: V) -> Period:
    """The days without a gap around a version, whatever its changes of terms."""
    if len(versions) == 1:
        return version.period
    index = versions.index(version)
    first = last = index
    while first > 0 and versions[first - 1].period.end == versions[first].period.first:
        first -= 1
    while last + 1 < len(versions) and versions[last].period.end == versions[last + 1].period.first:
        last += 1
    return Period(versions[first].period.first, versions[last].period.last)


def revise(versions: Sequence[V], change: Callable[[V], V], since: date | None = None) -> tuple[V, ...]:
    """The versions with a change on the days from `since` on; without it, on all of them."""
    return tuple(_merged(_revised(versions, change, since)))


def end(versions: Sequence[V], day: date) -> tuple[V, ...]:
    """The versions without the days from `day` on; none is left if it is the first day of all."""
    kept = (version for version in versions if version.period.first < day)
    return tuple(replace(version, period=_until(version.period, day)) for version in kept)


def move(versions: Sequence[V], period: Period) -> tuple[V, ...]:
    """The versions cut to a period, the first and the last of those left prolonged to its bounds."""
    inside = [version for version in versions if version.period.overlaps(period)]
    kept: list[V] = inside or [version_on(versions, period.first)]
    firsts = [period.first, *(version.period.first for version in kept[1:])]
    lasts = [*(version.period.last for version in kept[:-1]), period.last]
    return tuple(
        replace(version, period=Period(first, last))
        for version, first, last in zip(kept, firsts, lasts, strict=True)
    )


def suspend(versions: Sequence[V], suspension: Suspension) -> tuple[V, ...]:
    """The versions with one more suspension."""
    return suspended_as(versions, (*suspensions(versions), suspension))


def reinstate(versions: Sequence[V], day: date) -> tuple[V, ...]:
    """The versions without the days from `day` on in the suspension of that day."""
    return suspended_as(versions, filter(None, (_lifted(one, day) for one in suspensions(versions))))


def prolong(versions: Sequence[V], day: date, last: date | None) -> tuple[V, ...]:
    """The versions with another last day for the suspension of a day."""
    found = (
        replace(one, period=Period(one.period.first, last)) if day in one.period else one
        for one in suspensions(versions)
    )
    return suspended_as(versions, found)


def suspensions(versions: Iterable[V]) -> tuple[Suspension, ...]:
    """The suspensions of a resource, by start."""
    found = {suspension for version in versions for suspension in version.suspensions}
    return tuple(sorted(found, key=lambda suspension: suspension.period.first))


def suspended(versions: Iterable[V], period: Period) -> Suspension | None:
    """The first suspension that has a day in a period."""
    return next((one for one in suspensions(versions) if one.period.overlaps(period)), None)


def _revised(versions: Iterable[V], change: Callable[[V], V], since: date | None) -> Iterator[V]:
    for version in versions:
        if since is None or since <= version.period.first:
            yield change(version)
        elif version.period.is_over(since):
            yield version
        else:
            yield replace(version, period=_until(version.period, since))
            yield change(replace(version, period=Period(since, version.period.last)))


def _merged(versions: Iterable[V]) -> Iterator[V]:
    """Neighbours with the same terms become one version."""
    last: V | None = None
    for version in versions:
        if last is not None and last.period.end == version.period.first and _alike(last, version):
            last = replace(last, period=Period(last.period.first, version.period.last))
            continue
        if last is not None:
            yield last
        last = version
    if last is not None:
        yield last


def _alike(one: V, other: V) -> bool:
    return replace(one, period=other.period) == other


def suspended_as(versions: Sequence[V], found: Iterable[Suspension]) -> tuple[V, ...]:
    """The versions with these suspensions and no other."""
    ordered = tuple(sorted(found, key=lambda suspension: suspension.period.first))
    return tuple(_merged(replace(version, suspensions=ordered) for version in versions))


def _lifted(suspension: Suspension, day: date) -> Suspension | None:
    if day not in suspension.period:
        return suspension
    if day == suspension.period.first:
        return None
    return replace(suspension, period=_until(suspension.period, day))


def _until(period: Period, day: date) -> Period:
    """The same days, those from `day` on left out; at least one is left."""
    return period if period.is_over(day) else Period(period.first, day - ONE_DAY)


def as_of_day(records: Iterable[BankRecord], day: date) -> list[BankRecord]:
    """The lenders of a day, with their terms, agreements and conventions of that day only."""
    found = (
        replace(
            record,
            banks=tuple(bank for bank in record.banks if day in bank.period),
            agreements=tuple(one for one in record.agreements if day in one.period),
            conventions=tuple(one for one in record.conventions if day in one.period),
        )
        for record in records
    )
    return [record for record in found if record.banks]
