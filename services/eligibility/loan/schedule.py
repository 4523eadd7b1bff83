"""Instalment and schedule.

Period rate = nominal annual rate / 12 (proportional). The instalment and each month's interest are rounded
half-up to the cent; the last instalment repays the balance with its interest, and so absorbs the rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from services.eligibility.loan.rounding import half_up


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
