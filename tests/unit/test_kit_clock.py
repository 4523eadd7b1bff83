"""The hour is believed while the time since the start of the machine explains it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.kit.store.clock import GAP_SECONDS, Doubt, Mark, Reading, advanced

START = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIRST = Reading(START, "this", 1000)
MINUTE = timedelta(minutes=1)


def later(seconds: int, *, set_by: timedelta = timedelta(), boot: str = "this") -> Reading:
    """A reading after that many seconds, with a clock that was set meanwhile."""
    return Reading(START + timedelta(seconds=seconds) + set_by, boot, 1000 + seconds)


def begun() -> Mark:
    return advanced(None, FIRST, FIRST)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def test_running_time_is_that_of_the_monotonic_clock() -> None:
    mark = begun()
    for minute in range(1, 11):
        mark = advanced(mark, later(60 * minute), FIRST)
    assert (mark.running, mark.doubt, mark.time) == (600, None, START + 10 * MINUTE)


def test_time_during_which_nothing_ran_does_not_count() -> None:
    mark = advanced(begun(), later(GAP_SECONDS), FIRST)
    assert mark.running == GAP_SECONDS
    assert advanced(mark, later(2 * GAP_SECONDS + 1), FIRST).running == GAP_SECONDS


def test_replicas_share_the_running_time() -> None:
    mark = begun()
    for minute in range(1, 11):
        mark = advanced(mark, later(60 * minute, boot=f"machine {minute % 2}"), later(0))
    assert (mark.running, mark.doubt) == (600, None)


@pytest.mark.parametrize("moved", [days(1), days(400), days(-10), days(-3650), 6 * MINUTE, -6 * MINUTE])
@pytest.mark.parametrize("seen", ["by the process", "by the store"])
def test_a_clock_that_is_set_is_in_doubt(moved: timedelta, seen: str) -> None:
    """While the process runs, another machine having marked meanwhile or not; and over a restart of it."""
    now = later(60, set_by=moved)
    if seen == "by the store":
        mark = advanced(begun(), now, now)
    else:
        mark = advanced(replace(begun(), boot="another"), now, FIRST)
    assert (mark.doubt, mark.doubt_time) == (Doubt.JUMP, now.time)
    assert (mark.time, mark.running) == (START, 0)


def test_small_steps_add_up() -> None:
    mark = begun()
    for minute in range(1, 5):
        mark = advanced(mark, later(60 * minute, set_by=minute * 2 * MINUTE), FIRST)
    assert mark.doubt is Doubt.JUMP


@pytest.mark.parametrize(
    ("moved", "doubt"),
    [
        (days(-10), Doubt.BACKWARD),
        (days(-3650), Doubt.BACKWARD),
        (days(1), None),
        (days(45), None),
        (days(46), Doubt.LONG_STOP),
        (days(400), Doubt.LONG_STOP),
    ],
)
def test_after_a_restart_of_the_machine_the_calendar_alone_is_left(
    moved: timedelta, doubt: Doubt | None
) -> None:
    now = later(0, set_by=moved, boot="next")
    mark = advanced(begun(), now, now)
    assert (mark.doubt, mark.running) == (doubt, 0)


def test_a_long_stop_that_the_machine_explains_is_in_doubt_too() -> None:
    assert advanced(begun(), later(46 * 86400), FIRST).doubt is Doubt.LONG_STOP


def test_a_machine_slightly_behind_leaves_the_mark_of_another() -> None:
    mark = begun()
    assert advanced(mark, later(-30, boot="other"), later(-30, boot="other")) == mark
    back = later(60, set_by=-2 * MINUTE)
    assert advanced(mark, back, FIRST).time == back.time


def test_a_doubt_stays_until_it_is_confirmed_and_waits_begin_again() -> None:
    mark = advanced(replace(begun(), running=500), later(60, set_by=days(400)), FIRST)
    assert advanced(mark, later(120), FIRST) == mark
    now = later(180, set_by=days(400))
    mark = mark.confirmed(now)
    assert (mark.doubt, mark.time, mark.waits_from, mark.confirmations) == (None, now.time, 500, 1)
    assert advanced(mark, later(240, set_by=days(400)), now).running == 560
