"""The versions of one lender, agreement or convention: what a change, an end or a suspension makes of them.

Versions are those of one resource: same id, disjoint periods, by start. Their suspensions belong to the
resource: a change writes them on every version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from services.bank_registry.registry.model import Agreement, Bank, LocalConvention, Suspension
from services.bank_registry.registry.period import Period

Dated = Bank | Agreement | LocalConvention
"""A version of a resource that has periods and suspensions."""

V = TypeVar("V", bound=Dated)


def version_on(versions: Sequence[V], day: date | None) -> V:
    """The version of a day, else the last one past, else the first to come; without a day, the last one."""
    if day is None:
        return versions[-1]
    begun = [version for version in versions if version.period.start <= day]
    return begun[-1] if begun else versions[0]


def life(versions: Sequence[V], version: V) -> Period:
    """The days without a gap around a version, whatever its changes of terms."""
    if len(versions) == 1:
        return version.period
    index = versions.index(version)
    first = last = index
    while first > 0 and versions[first - 1].period.end == versions[first].period.start:
        first -= 1
    while last + 1 < len(versions) and versions[last].period.end == versions[last + 1].period.start:
        last += 1
    return Period(versions[first].period.start, versions[last].period.end)


def revise(versions: Sequence[V], change: Callable[[V], V], since: date | None = None) -> tuple[V, ...]:
    """The versions with a change on the days from `since` on; without it, on all of them."""
    return tuple(_merged(_revised(versions, change, since)))


def end(versions: Sequence[V], day: date) -> tuple[V, ...]:
    """The versions without the days from `day` on; none is left if it is the first day of all."""
    kept = (version for version in versions if version.period.start < day)
    return tuple(replace(version, period=version.period.until(day)) for version in kept)


def move(versions: Sequence[V], period: Period) -> tuple[V, ...]:
    """The versions cut to a period, the first and the last of those left prolonged to its bounds."""
    inside = [version for version in versions if version.period.overlaps(period)]
    kept: list[V] = inside or [version_on(versions, period.start)]
    starts = [period.start, *(version.period.start for version in kept[1:])]
    ends = [*(version.period.end for version in kept[:-1]), period.end]
    return tuple(
        replace(version, period=Period(start, end))
        for version, start, end in zip(kept, starts, ends, strict=True)
    )


def suspend(versions: Sequence[V], suspension: Suspension) -> tuple[V, ...]:
    """The versions with one more suspension."""
    return _with_suspensions(versions, (*suspensions(versions), suspension))


def reinstate(versions: Sequence[V], day: date) -> tuple[V, ...]:
    """The versions without the days from `day` on in the suspension of that day."""
    return _with_suspensions(versions, filter(None, (_lifted(one, day) for one in suspensions(versions))))


def suspensions(versions: Iterable[V]) -> tuple[Suspension, ...]:
    """The suspensions of a resource, by start."""
    found = {suspension for version in versions for suspension in version.suspensions}
    return tuple(sorted(found, key=lambda suspension: suspension.period.start))


def suspended(versions: Iterable[V], period: Period) -> Suspension | None:
    """The first suspension that has a day in a period."""
    return next((one for one in suspensions(versions) if one.period.overlaps(period)), None)


def _revised(versions: Iterable[V], change: Callable[[V], V], since: date | None) -> Iterator[V]:
    for version in versions:
        if since is None or since <= version.period.start:
            yield change(version)
        elif version.period.ended_by(since):
            yield version
        else:
            yield replace(version, period=version.period.until(since))
            yield change(replace(version, period=Period(since, version.period.end)))


def _merged(versions: Iterable[V]) -> Iterator[V]:
    """Neighbours with the same terms become one version."""
    last: V | None = None
    for version in versions:
        if last is not None and last.period.end == version.period.start and _alike(last, version):
            last = replace(last, period=Period(last.period.start, version.period.end))
            continue
        if last is not None:
            yield last
        last = version
    if last is not None:
        yield last


def _alike(one: V, other: V) -> bool:
    return replace(one, period=other.period) == other


def _with_suspensions(versions: Sequence[V], found: Iterable[Suspension]) -> tuple[V, ...]:
    ordered = tuple(sorted(found, key=lambda suspension: suspension.period.start))
    return tuple(_merged(replace(version, suspensions=ordered) for version in versions))


def _lifted(suspension: Suspension, day: date) -> Suspension | None:
    if day not in suspension.period:
        return suspension
    if day == suspension.period.start:
        return None
    return replace(suspension, period=suspension.period.until(day))
