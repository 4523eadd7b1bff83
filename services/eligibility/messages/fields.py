"""The fields of one message, within the bounds of loans and of the days that the service knows."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from services.eligibility.package import MAX_PERCENT_DECIMALS
from services.kit import french, wire

MAX_AMOUNT = 100_000_000_000
"""One billion euros, in cents."""
MAX_MONTHS = 600
MAX_RATE_PCT = 100
MAX_DAY = date(2999, 12, 31)


class BoundedFields(wire.Fields):
    """Reads the fields of a message; None after a violation, or for an absent field that is not required."""

    def money(self, field: str, least: int, *, required: bool = True) -> int | None:
        """An amount in cents, from `least` to MAX_AMOUNT."""
        return self.amount(field, least, MAX_AMOUNT, required=required)

    def months(self, field: str, *, required: bool = True) -> int | None:
        """A number of months."""
        return self.number(field, 1, MAX_MONTHS, french.months, required=required)

    def rate(self, field: str) -> Fraction | None:
        """A required nominal annual rate in percent."""
        return self.percent(field, MAX_RATE_PCT, MAX_PERCENT_DECIMALS, required=True)

    def day(self, field: str, *, required: bool = False) -> date | None:
        """A date."""
        return self.civil_day(field, MAX_DAY, required=required)
