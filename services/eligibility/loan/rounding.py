"""Exact rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


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
