"""Exact rounding, schedules in equal monthly instalments, and the inverse questions: which terms keep an
instalment within a limit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

CENTS_PER_EURO = 100


def half_up(value: Fraction | int) -> int:
    """The nearest integer, halves away from zero."""
    exact = Fraction(value)
    magnitude = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return -magnitude if exact < 0 else magnitude


def decimal_half_up(value: Fraction | int, places: int) -> Decimal:
    """The value with `places` decimals, halves away from zero."""
    return Decimal(half_up(Fraction(value) * 10**places)).scaleb(-places)


def exact_decimal(value: Fraction | int, most: int) -> Decimal | None:
    """The value without rounding, in the fewest decimals; None if it needs more than `most`."""
    exact = Fraction(value)
    for places in range(most + 1):
        if (exact * 10**places).denominator == 1:
            return Decimal(int(exact * 10**places)).scaleb(-places)
    return None


def shown_decimal(value: Fraction | int) -> Decimal:
    """The value with two to six decimals: exact if it has so few, otherwise rounded."""
    exact = exact_decimal(value, 6)
    shown = decimal_half_up(value, 6) if exact is None else exact
    return shown if -int(shown.as_tuple().exponent) >= 2 else shown.quantize(Decimal("0.01"))


@dataclass(frozen=True)
class Terms:
    """A loan: cents, months, nominal annual rate in percent, fees in cents withheld when it is paid out."""

    amount: int
    months: int
    nominal_rate_pct: Fraction
    fees: int = 0


@dataclass(frozen=True)
class Line:
    """One month of the schedule, in cents; `payment` = interest + principal, `balance` is due after it."""

    number: int
    payment: int
    interest: int
    principal: int
    balance: int


def period_rate(nominal_rate_pct: Fraction | int) -> Fraction:
    """The monthly rate, as a fraction, of a nominal annual rate in percent."""
    return Fraction(nominal_rate_pct) / 1200


def constant_instalment(amount: Fraction | int, months: int, nominal_rate_pct: Fraction | int) -> int:
    """P·i / (1 − (1+i)^−n), or P/n at zero rate, rounded half-up to the cent; exact before rounding."""
    rate = period_rate(nominal_rate_pct)
    if rate == 0:
        return half_up(Fraction(amount) / months)
    growth = (1 + rate) ** months
    return half_up(amount * rate * growth / (growth - 1))


def schedule(terms: Terms) -> tuple[Line, ...]:
    """The instalments due, one a month.

    It is shorter than the duration only for a sum so small that rounding the instalment up to a cent repays
    it sooner.
    """
    rate = period_rate(terms.nominal_rate_pct)
    instalment = constant_instalment(terms.amount, terms.months, terms.nominal_rate_pct)
    lines: list[Line] = []
    balance = terms.amount
    while balance > 0:
        number = len(lines) + 1
        interest = half_up(balance * rate)
        principal = balance if number == terms.months else min(instalment - interest, balance)
        balance -= principal
        lines.append(Line(number, principal + interest, interest, principal, balance))
    return tuple(lines)


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
