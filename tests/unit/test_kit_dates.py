"""Periods of whole days, checked against the sets of their days; the civil time of Paris."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.dates import ONE_DAY, Period, in_paris, paris_day, paris_start, paris_text

_START = date(2026, 2, 25)
_DAYS = [_START + timedelta(days=number) for number in range(12)]
_HORIZON = _DAYS[-1] + ONE_DAY


@st.composite
def _periods(draw: st.DrawFn) -> Period:
    first = draw(st.integers(0, 11))
    last = draw(st.none() | st.integers(first, 11))
    return Period(_DAYS[first], None if last is None else _DAYS[last])


def _days(period: Period | None) -> set[date]:
    """The days of a period up to the horizon, which stands for what has no end."""
    if period is None:
        return set()
    last = period.last or _HORIZON
    return {period.first + timedelta(days=number) for number in range((last - period.first).days + 1)}


@given(_periods(), _periods(), st.sampled_from(_DAYS))
def test_a_period_is_the_set_of_its_days(one: Period, other: Period, day: date) -> None:
    assert {each for each in _DAYS if each in one} == _days(one) - {_HORIZON}
    assert _days(one.intersection(other)) == _days(one) & _days(other)
    assert one.overlaps(other) == bool(_days(one) & _days(other))
    assert _days(one.before(day)) == {each for each in _days(one) if each < day}
    assert _days(one.since(day)) == {each for each in _days(one) if each >= day}
    assert one.is_over(day) == all(each < day for each in _days(one))
    assert Period.ending(one.first, one.end) == one


def test_the_first_and_the_last_day_belong_to_a_period() -> None:
    period = Period(date(2026, 3, 1), date(2026, 3, 31))
    assert date(2026, 3, 1) in period
    assert date(2026, 3, 31) in period
    assert date(2026, 2, 28) not in period
    assert date(2026, 4, 1) not in period
    assert period.end == date(2026, 4, 1)


def test_a_period_of_no_day_is_refused() -> None:
    assert Period(_START, _START).last == _START
    with pytest.raises(ValueError, match="at least one day"):
        Period(_START, _START - ONE_DAY)
    with pytest.raises(ValueError, match="at least one day"):
        Period.ending(_START, _START)


def test_the_ends_of_the_calendar_are_days_too() -> None:
    assert Period(date.min, date.max).end is None
    assert date.max in Period(date.max)
    assert Period(date.min).before(date.min) is None
    assert Period(_START).since(date.max) == Period(date.max)


@pytest.mark.parametrize(
    ("instant", "day", "text"),
    [
        ("2026-06-30T21:59", "2026-06-30", "30/06/2026 23:59 (Paris)"),
        ("2026-06-30T22:00", "2026-07-01", "01/07/2026 00:00 (Paris)"),
        ("2026-12-31T22:59", "2026-12-31", "31/12/2026 23:59 (Paris)"),
        ("2026-12-31T23:00", "2027-01-01", "01/01/2027 00:00 (Paris)"),
        ("2026-03-29T00:59", "2026-03-29", "29/03/2026 01:59 (Paris)"),
        ("2026-03-29T01:00", "2026-03-29", "29/03/2026 03:00 (Paris)"),
        ("2026-10-25T00:30", "2026-10-25", "25/10/2026 02:30 (Paris, été)"),
        ("2026-10-25T01:30", "2026-10-25", "25/10/2026 02:30 (Paris, hiver)"),
        ("2026-10-25T02:30", "2026-10-25", "25/10/2026 03:30 (Paris)"),
    ],
)
def test_civil_time_is_that_of_paris(instant: str, day: str, text: str) -> None:
    """Around midnight and around the two changes of the hour."""
    found = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert paris_day(found) == date.fromisoformat(day)
    assert paris_text(found).replace("\u00a0", " ") == text
    assert in_paris(found) == found


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-12-01", 24)])
def test_a_day_begins_at_midnight_in_paris(day: str, hours: int) -> None:
    first = date.fromisoformat(day)
    start, end = paris_start(first), paris_start(first + ONE_DAY)
    assert (end - start, paris_day(start)) == (timedelta(hours=hours), first)
    assert paris_day(start - timedelta.resolution) == first - ONE_DAY
    assert in_paris(datetime.fromisoformat(day)) == start
