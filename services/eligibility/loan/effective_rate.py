"""TAEG by the European equation (directive (UE) 2023/2225, annex; Code de la consommation, R. 314-1 and
following).

The annual rate X solves received = Σ payment_k · (1+X)^(−k/12): one month is 1/12 of a year, and the
payments are those of the rounded schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

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
