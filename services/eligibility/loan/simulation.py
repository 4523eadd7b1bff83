"""Everything a simulation shows of a loan."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from services.eligibility.loan.effective_rate import RateWithoutMeaningError, rounded, taeg_pct
from services.eligibility.loan.schedule import Line, Terms, constant_instalment, schedule


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
