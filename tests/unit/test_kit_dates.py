"""Periods of whole days: both ends included, checked against the sets of their days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.dates import ONE_DAY, Period

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
