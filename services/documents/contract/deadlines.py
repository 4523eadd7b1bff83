"""Delays of administrative letters: « délai franc », working days, implicit refusal and its suspension."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from services.kit.dates import add_months

REMEDY_MONTHS = 2
"""Months to challenge a decision (CJA, R. 421-1), and after which silence is a refusal (CRPA, L. 231-4)."""

WITHDRAWAL_DAYS = 14
"""Calendar days to withdraw from a credit, from its acceptance (code de la consommation, L. 312-19)."""

_DAY = timedelta(days=1)
_SATURDAY = 5
# Month and day of the legal holidays that never move (code du travail, L. 3133-1).
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days from Easter Sunday: Easter Monday, Ascension, Whit Monday.
_MOVING_HOLIDAYS = (1, 39, 50)


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (algorithm of Meeus, Jones and Butcher)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = moon + week - 7 * ((golden + 11 * moon + 22 * week) // 451) + 114
    return date(year, shift // 31, shift % 31 + 1)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """The eleven legal holidays of metropolitan France, outside Alsace-Moselle."""
    sunday = easter(year)
    moving = (sunday + days * _DAY for days in _MOVING_HOLIDAYS)
    return frozenset((*moving, *(date(year, month, day) for month, day in _FIXED_HOLIDAYS)))


def next_working_day(day: date) -> date:
    """`day`, or the first day after it that is neither a Saturday, a Sunday nor a holiday."""
    while day.weekday() >= _SATURDAY or day in public_holidays(day.year):
        day += _DAY
    return day


def remedy_last_day(notified_on: date) -> date:
    """Last day to go to court: two months « francs », moved to the next working day (CJA, R. 421-1)."""
    return next_working_day(add_months(notified_on, REMEDY_MONTHS) + _DAY)


def implicit_refusal(received_on: date, suspended_days: int = 0) -> date:
    """The day when silence becomes a refusal: two months after reception, plus the days of suspension.

    A calendar date, not moved: the refusal is born whatever the day (CRPA, L. 231-4 and L. 114-5).
    """
    return add_months(received_on, REMEDY_MONTHS) + suspended_days * _DAY


def withdrawal_last_day(accepted_on: date) -> date:
    """Last day to withdraw from a credit accepted on this day (code de la consommation, L. 312-19)."""
    return accepted_on + WITHDRAWAL_DAYS * _DAY
