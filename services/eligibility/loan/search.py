"""Inverse questions: the instalment never increases with the duration nor decreases with the amount (rounding to the cent
keeps the order), so that the limit is found by bisection."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction

from services.eligibility.loan.schedule import constant_instalment


def shortest_duration(
    amount: int, nominal_rate_pct: Fraction, max_instalment: int, min_months: int, max_months: int
) -> int | None:
    """The least duration between the bounds, inclusive, whose instalment is at most `max_instalment` cents."""
    durations = range(min_months, max_months + 1)
    index = bisect_left(
        durations, -max_instalment, key=lambda months: -constant_instalment(amount, months, nominal_rate_pct)
    )
    return durations[index] if index < len(durations) else None


def largest_amount(
    months: int, nominal_rate_pct: Fraction, max_instalment: int, min_amount: int, max_amount: int
) -> int | None:
    """The largest whole-euro amount in cents between the bounds, inclusive, whose instalment is at most `max_instalment`."""
    euros = range(-(-min_amount // 100), max_amount // 100 + 1)
    index = bisect_right(
        euros, max_instalment, key=lambda amount: constant_instalment(amount * 100, months, nominal_rate_pct)
    )
    return euros[index - 1] * 100 if index else None
