"""Versions in time, against a model that holds every day one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.bank_registry.registry import timeline
from services.bank_registry.registry.model import Agreement, Suspension
from services.bank_registry.registry.territory import Scope, Territory
from services.kit.dates import ONE_DAY, Period

FIRST = date(2026, 1, 1)
SPAN = 40
Days = dict[int, tuple[str, bool]]
"""The reference and whether it is suspended, for each day of the life."""


def day(number: int) -> date:
    return FIRST + ONE_DAY * number


def period(start: int, length: int | None) -> Period:
    return Period.ending(day(start), None if length is None else day(start + length))


def model(versions: tuple[Agreement, ...]) -> Days:
    suspended = timeline.suspensions(versions)
    return {
        number: (version.reference, any(day(number) in one.period for one in suspended))
        for number in range(SPAN)
        for version in versions
        if day(number) in version.period
    }


spans = st.tuples(st.integers(0, SPAN - 1), st.one_of(st.none(), st.integers(1, SPAN)))


@st.composite
def lives(draw: st.DrawFn) -> tuple[Agreement, ...]:
    """Versions with disjoint periods, some of them apart, the last one with or without an end."""
    bounds = sorted(draw(st.sets(st.integers(0, SPAN), min_size=2, max_size=6)))
    versions: list[Agreement] = []
    for start, end in pairwise(bounds):
        reference = draw(st.sampled_from(["", "A", "B"]))
        if reference or not versions:
            last = end == bounds[-1] and draw(st.booleans())
            days = period(start, None if last else end - start)
            versions.append(Agreement("fcs", reference or "A", Territory(Scope.NATIONAL), days))
    return tuple(versions)


def check_form(versions: tuple[Agreement, ...]) -> None:
    """Disjoint, in order, and no two neighbours alike."""
    for one, other in pairwise(versions):
        assert one.period.end is not None
        assert one.period.end <= other.period.first


@given(versions=lives(), since=st.one_of(st.none(), st.integers(0, SPAN)))
def test_a_change_is_true_from_its_day_on(versions: tuple[Agreement, ...], since: int | None) -> None:
    changed = timeline.revise(
        versions, lambda one: replace(one, reference="C"), None if since is None else day(since)
    )
    check_form(changed)
    expected = {
        number: ("C", suspended) if since is None or number >= since else (reference, suspended)
        for number, (reference, suspended) in model(versions).items()
    }
    assert model(changed) == expected


@given(versions=lives())
def test_a_change_then_its_undoing_leaves_the_fewest_versions(versions: tuple[Agreement, ...]) -> None:
    changed = timeline.revise(versions, lambda one: replace(one, reference="C"))
    gaps = sum(one.period.end != other.period.first for one, other in pairwise(changed))
    assert len(changed) == gaps + 1


@given(versions=lives(), end=st.integers(0, SPAN))
def test_an_end_leaves_the_days_before_it(versions: tuple[Agreement, ...], end: int) -> None:
    ended = timeline.end(versions, day(end))
    check_form(ended)
    assert model(ended) == {number: one for number, one in model(versions).items() if number < end}


@given(versions=lives(), asked=st.lists(spans, max_size=3), lifted=st.integers(0, SPAN))
def test_suspensions_and_their_ends(
    versions: tuple[Agreement, ...], asked: list[tuple[int, int | None]], lifted: int
) -> None:
    days: set[int] = set()
    for start, length in asked:
        wanted = period(start, length)
        if timeline.suspended(versions, wanted) is None:
            versions = timeline.suspend(versions, Suspension(wanted, "contrôle"))
            days |= {number for number in range(SPAN) if day(number) in wanted}
    assert {number for number, (_, suspended) in model(versions).items() if suspended} == days & set(
        model(versions)
    )
    holding = timeline.suspended(versions, Period.ending(day(lifted), day(lifted + 1)))
    after = timeline.reinstate(versions, day(lifted))
    cut = {number for number in days if holding and number >= lifted and day(number) in holding.period}
    assert {number for number, (_, suspended) in model(after).items() if suspended} == (days - cut) & set(
        model(after)
    )


@given(versions=lives(), moved=spans)
def test_new_first_and_last_days_keep_the_terms_of_the_days_kept(
    versions: tuple[Agreement, ...], moved: tuple[int, int | None]
) -> None:
    wanted = period(*moved)
    after = timeline.move(versions, wanted)
    check_form(after)
    assert (after[0].period.first, after[-1].period.end) == (wanted.first, wanted.end)
    kept = {number: one for number, one in model(versions).items() if day(number) in wanted}
    assert {number: model(after)[number] for number in kept} == kept


@given(versions=lives(), number=st.integers(0, SPAN - 1))
def test_the_version_of_a_day_and_the_life_around_it(versions: tuple[Agreement, ...], number: int) -> None:
    version = timeline.version_on(versions, day(number))
    whole = timeline.life(versions, version)
    running = model(versions)
    if number in running:
        assert version.reference == running[number][0]
        first = last = number
        while first - 1 in running:
            first -= 1
        while last + 1 in running:
            last += 1
        assert whole.first == day(first)
        assert whole.end in (day(last + 1), None)
    else:
        begun = [one for one in versions if one.period.first <= day(number)]
        assert version == (begun[-1] if begun else versions[0])
