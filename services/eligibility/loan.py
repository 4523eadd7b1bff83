"""Arithmetic of a loan repaid in equal monthly instalments: exact, in cents, half-up where a cent is paid.

Schedules, the inverse questions (which terms keep an instalment within a limit), total costs, and the TAEG by
the European equation. The simulations are indicative: only the lender's offer binds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction

CENTS_PER_EURO = 100
MAX_TAEG_PCT = Decimal(1_000_000)
"""Above it the terms have no meaning: almost nothing is lent, or the insurance costs more than the loan."""
_CONTEXT = Context(prec=40)
_CLOSE_ENOUGH = Decimal(1).scaleb(-30)
_STEPS = 200


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


class RateWithoutMeaningError(Exception):
    """The TAEG exceeds MAX_TAEG_PCT, because of the insurance or else of the fees."""

    def __init__(self, *, insured: bool = False) -> None:
        super().__init__(insured)
        self.insured = insured


def taeg_pct(received: int, payments: Sequence[int]) -> Decimal:
    """The TAEG in percent, unrounded (about 25 exact digits), for cents received at once and cents paid
    each month.

    `received` is positive and at most the sum of the payments, none of which is negative.
    """
    with localcontext(_CONTEXT):
        factor = _monthly_discount(Decimal(received), [Decimal(payment) for payment in payments])
        rate = (factor**-12 - 1) * 100
    if rate > MAX_TAEG_PCT:
        raise RateWithoutMeaningError
    return rate


def rounded(rate_pct: Decimal, places: int) -> Decimal:
    """A rate with `places` decimals, half-up."""
    return rate_pct.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _monthly_discount(received: Decimal, payments: Sequence[Decimal]) -> Decimal:
    """The root v in ]0, 1] of Σ payment_k·v^k = received, by Newton from the right.

    The sum increases and is convex there, so that each step from 1 stays on the right of the root and comes
    nearer.
    """
    factor = Decimal(1)
    for _ in range(_STEPS):
        value = slope = Decimal(0)
        for payment in reversed(payments):
            slope = slope * factor + value
            value = value * factor + payment
        slope = slope * factor + value
        value = value * factor
        step = (value - received) / slope
        factor -= step
        if abs(step) < _CLOSE_ENOUGH * factor:
            break
    return factor


@dataclass(frozen=True)
class Insurance:
    """Optional insurance: its cost in cents over the loan, the TAEG that includes it and the TAEA, their
    difference."""

    total: int
    taeg_pct: Decimal
    taea_pct: Decimal


@dataclass(frozen=True)
class Simulation:
    """A schedule with its totals in cents and its TAEG with two and six decimals."""

    terms: Terms
    instalment: int
    lines: tuple[Line, ...]
    taeg_pct: Decimal
    taeg_pct_exact: Decimal
    insurance: Insurance | None

    @property
    def last_instalment(self) -> int:
        """The last payment, in cents."""
        return self.lines[-1].payment

    @property
    def total_interest(self) -> int:
        """Sum of the interests, in cents."""
        return sum(line.interest for line in self.lines)

    @property
    def total_paid(self) -> int:
        """Sum of the instalments due, in cents."""
        return sum(line.payment for line in self.lines)

    @property
    def total_credit_cost(self) -> int:
        """What is paid beyond the capital, fees included, in cents."""
        return self.total_paid - self.terms.amount + self.terms.fees


def simulate(terms: Terms, insurance_monthly: int | None = None) -> Simulation:
    """Simulates a loan of at least one cent whose fees are below its amount; may raise
    RateWithoutMeaningError."""
    lines = schedule(terms)
    payments = [line.payment for line in lines]
    received = terms.amount - terms.fees
    taeg = taeg_pct(received, payments)
    return Simulation(
        terms=terms,
        instalment=constant_instalment(terms.amount, terms.months, terms.nominal_rate_pct),
        lines=lines,
        taeg_pct=rounded(taeg, 2),
        taeg_pct_exact=rounded(taeg, 6),
        insurance=_insurance(received, payments, insurance_monthly, rounded(taeg, 2)),
    )


def _insurance(
    received: int, payments: list[int], monthly: int | None, taeg_without: Decimal
) -> Insurance | None:
    if monthly is None:
        return None
    try:
        taeg_with = rounded(taeg_pct(received, [payment + monthly for payment in payments]), 2)
    except RateWithoutMeaningError:
        raise RateWithoutMeaningError(insured=True) from None
    return Insurance(monthly * len(payments), taeg_with, taeg_with - taeg_without)
