"""A loan simulated: its schedule, its totals, and its TAEG by the European equation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from services.eligibility.loan.schedule import Line, Terms, constant_instalment, schedule

MAX_TAEG_PCT = Decimal(1_000_000)
"""Above it the terms have no meaning: almost nothing is lent, or the insurance costs more than the loan."""

_CONTEXT = Context(prec=40)
_CLOSE_ENOUGH = Decimal(1).scaleb(-30)
_STEPS = 200


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
