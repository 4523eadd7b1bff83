"""Inverse questions: the instalment never increases with the duration nor decreases with the amount
(rounding to the cent keeps the order), so that the limit is found by bisection."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction

from services.eligibility.loan.schedule import Terms, constant_instalment

CENTS_PER_EURO = 100


@dataclass(frozen=True)
class ShortestDuration:
    """What duration, at the shortest, keeps the instalment within `max_instalment`; cents, bounds
    inclusive."""

    amount: int
    nominal_rate_pct: Fraction
    max_instalment: int
    min_months: int
    max_months: int

    def solve(self) -> Terms | None:
        """The terms found, or None."""
        durations = range(self.min_months, self.max_months + 1)
        index = bisect_left(durations, -self.max_instalment, key=lambda months: -self._instalment(months))
        if index == len(durations):
            return None
        return Terms(self.amount, durations[index], self.nominal_rate_pct)

    def _instalment(self, months: int) -> int:
        return constant_instalment(self.amount, months, self.nominal_rate_pct)


@dataclass(frozen=True)
class LargestAmount:
    """What whole-euro amount, at the largest, keeps the instalment within `max_instalment`; cents, bounds
    inclusive."""

    months: int
    nominal_rate_pct: Fraction
    max_instalment: int
    min_amount: int
    max_amount: int

    def solve(self) -> Terms | None:
        """The terms found, or None."""
        euros = range(-(-self.min_amount // CENTS_PER_EURO), self.max_amount // CENTS_PER_EURO + 1)
        count = bisect_right(euros, self.max_instalment, key=self._instalment)
        if count == 0:
            return None
        return Terms(euros[count - 1] * CENTS_PER_EURO, self.months, self.nominal_rate_pct)

    def _instalment(self, euros: int) -> int:
        return constant_instalment(euros * CENTS_PER_EURO, self.months, self.nominal_rate_pct)
