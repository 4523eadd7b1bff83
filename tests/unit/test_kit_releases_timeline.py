"""The timeline: which release governs each day after any history of activations and rollbacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.errors import DomainError
from services.kit.releases.changes import Activation, Rollback, Transition
from services.kit.releases.timeline import Event, EventKind, Release, Span, State

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(number) for number in range(31)]
"""Every limit of the histories is before the last of these days: it stands for all the later ones."""


def release(version: str, first: date = FIRST, last: date | None = None, state_number: int = 0) -> Release:
    return Release("a", version, f"digest {version}", first, last, NOW, "auteur", state_number)


def state(*releases: Release) -> State:
    return State(0, releases, ())


def activate(before: State, version: str, day: date | None = None, *, supersede: bool = False) -> Transition:
    return Activation("a", version, day, "", "", supersede).apply(before, NOW)


def activated(before: State, *steps: tuple[str, date]) -> State:
    for version, day in steps:
        before = activate(before, version, day, supersede=True).state
    return before


def rolled_back(before: State, day: date | None = None) -> State:
    return Rollback("a", day, "", "").apply(before, NOW).state


def versions(of: State) -> list[tuple[str, date, date | None]]:
    return [
        (span.digest.removeprefix("digest "), span.days.first, span.days.last) for span in of.timeline("a")
    ]


def governing(spans: tuple[Span, ...], day: date) -> str | None:
    """The digest that governs a day; there is at most one."""
    found = [span.digest for span in spans if day in span.days]
    assert len(found) <= 1
    return found[0] if found else None


@dataclass(frozen=True)
class Step:
    version: int
    day: date | None
    rollback: bool
    supersede: bool


LIMITS = st.sampled_from(DAYS[:30])
PERIODS = st.tuples(LIMITS, st.none() | LIMITS).filter(lambda limits: not limits[1] or limits[0] <= limits[1])
REFUSALS = {"OUTSIDE_VALIDITY", "TIMELINE_GAP", "TIMELINE_OVERLAP", "NOTHING_TO_ROLL_BACK"}
STEPS = st.builds(Step, st.integers(0, 3), st.none() | LIMITS, st.booleans(), st.booleans())


@given(st.lists(PERIODS, min_size=4, max_size=4), st.lists(STEPS, max_size=12))
def test_every_day_is_governed_by_the_last_event_that_covers_it(
    periods: list[tuple[date, date | None]], steps: list[Step]
) -> None:
    releases = [release(str(number), *limits) for number, limits in enumerate(periods)]
    now = state(*releases)
    governed: list[dict[date, str | None]] = [dict.fromkeys(DAYS)]
    known = [now]
    for step in steps:
        asked = (
            Rollback("a", step.day, "", "")
            if step.rollback
            else Activation("a", str(step.version), step.day, "", "", step.supersede)
        )
        try:
            change = asked.apply(now, NOW)
        except DomainError as error:
            # A day is to be said once days are governed.
            undated = (
                error.reason == "INVALID_FIELDS" and not step.rollback and step.day is None and now.events
            )
            if error.reason not in REFUSALS and not undated:
                raise
            continue
        made, now = change.event, change.state
        governed.append(painted(governed, made, releases[int(made.version)]))
        known.append(now)
        check(now, governed[-1])
        if not step.rollback and not step.supersede:
            assert not change.superseded
    assert [now.as_of(older.state_number).events for older in known] == [older.events for older in known]


def painted(governed: list[dict[date, str | None]], made: Event, by: Release) -> dict[date, str | None]:
    """The days after an event, one by one."""
    assert made.effective_date is not None
    after = dict(governed[-1])
    for day in DAYS:
        if made.kind is EventKind.ROLLED_BACK and day >= made.effective_date:
            after[day] = governed[-2][day]
        elif made.kind is EventKind.ACTIVATED and day >= made.effective_date and by.covers(day):
            after[day] = by.digest
    return after


def check(now: State, expected: dict[date, str | None]) -> None:
    spans = now.timeline("a")
    assert {day: governing(spans, day) for day in DAYS} == expected
    for one, following in pairwise(spans):
        assert one.days.last is not None
        assert one.days.last + timedelta(1) == following.days.first
        assert one.digest != following.digest


def test_a_release_that_ends_gives_way_to_the_one_beneath() -> None:
    now = activated(
        state(release("1"), release("2", DAYS[5], DAYS[9])), ("1", DAYS[0]), ("2", DAYS[5]), ("1", DAYS[7])
    )
    assert versions(now) == [("1", DAYS[0], DAYS[4]), ("2", DAYS[5], DAYS[6]), ("1", DAYS[7], None)]


def test_the_last_day_of_the_calendar_is_no_special_day() -> None:
    now = activated(
        state(release("1", date.min), release("2", date.min, date.max)), ("1", date.min), ("2", date.min)
    )
    assert governing(now.timeline("a"), date.max) == "digest 2"


def test_releases_of_other_names_do_not_matter() -> None:
    now = activated(state(release("1")), ("1", FIRST))
    assert now.timeline("b") == ()
    assert now.release("b", "1") is None


def test_a_release_is_found_by_version_or_digest() -> None:
    found = release("1")
    assert state(found).release("a", "1") is state(found).release("a", "digest 1") is found


def test_without_a_day_a_release_governs_from_its_first_one() -> None:
    change = activate(state(release("1", DAYS[3])), "1")
    assert (change.event.effective_date, change.event.state_number) == (DAYS[3], 1)


@pytest.mark.parametrize("day", [DAYS[2], DAYS[10]])
def test_a_release_governs_no_day_outside_its_validity(day: date) -> None:
    with pytest.raises(DomainError) as raised:
        activate(state(release("1", DAYS[3], DAYS[9])), "1", day)
    assert raised.value.reason == "OUTSIDE_VALIDITY"
    assert raised.value.metadata == {
        "effective_date": day.isoformat(),
        "effective_from": "2026-01-04",
        "effective_until": "2026-01-10",
    }
    assert "du 4 janvier 2026 au 10 janvier 2026." in raised.value.message.replace("\u00a0", " ")


def test_days_without_a_release_are_refused() -> None:
    now = activated(state(release("1", FIRST, DAYS[9]), release("2", DAYS[11])), ("1", FIRST))
    with pytest.raises(DomainError) as raised:
        activate(now, "2", DAYS[12])
    assert (raised.value.reason, raised.value.metadata) == (
        "TIMELINE_GAP",
        {"first": "2026-01-11", "last": "2026-01-12"},
    )


def test_a_planned_release_loses_its_days_only_if_told() -> None:
    now = activated(state(release("1"), release("2", DAYS[9]), release("3")), ("1", FIRST), ("2", DAYS[9]))
    with pytest.raises(DomainError) as raised:
        activate(now, "3", DAYS[4])
    assert (raised.value.reason, raised.value.metadata) == (
        "TIMELINE_OVERLAP",
        {"version": "2", "effective_date": "2026-01-10"},
    )
    change = activate(now, "3", DAYS[4], supersede=True)
    assert [lost.version for lost in change.superseded] == ["2"]
    assert versions(change.state) == [("1", FIRST, DAYS[3]), ("3", DAYS[4], None)]
    assert activate(now, "3", DAYS[9]).superseded == ()


def test_a_rollback_keeps_what_was_planned_before_the_activation_that_it_undoes() -> None:
    planned = activated(
        state(release("1"), release("2", DAYS[9]), release("3")), ("1", FIRST), ("2", DAYS[9])
    )
    now = activated(planned, ("3", DAYS[4]))
    assert rolled_back(now).timeline("a") == planned.timeline("a")
    later = rolled_back(now, DAYS[6])
    assert versions(later)[1:] == [
        ("3", DAYS[4], DAYS[5]),
        ("1", DAYS[6], DAYS[8]),
        ("2", DAYS[9], None),
    ]


def test_a_second_rollback_undoes_the_first() -> None:
    now = activated(state(release("1"), release("2")), ("1", FIRST), ("2", DAYS[4]))
    once = rolled_back(now)
    assert (versions(once), once.events[-1].version) == ([("1", FIRST, None)], "1")
    twice = rolled_back(once)
    assert (twice.timeline("a"), twice.events[-1].version) == (now.timeline("a"), "2")


def test_there_is_nothing_to_roll_back_before_the_first_activation() -> None:
    for now in (state(release("1")), activated(state(release("1")), ("1", FIRST))):
        with pytest.raises(DomainError) as raised:
            rolled_back(now)
        assert raised.value.reason == "NOTHING_TO_ROLL_BACK"
