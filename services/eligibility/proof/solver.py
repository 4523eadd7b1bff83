"""The words of the solver: it is imported when something is to be proved, and not before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import reduce
from importlib import import_module
from importlib.util import find_spec
from typing import Any

YEAR, MONTH = 512, 32
"""Weights of a year and of a month in the integer that orders days."""


def has_solver() -> bool:
    """Whether the extra that proves is installed."""
    return find_spec("z3") is not None


def solver() -> Any:
    """The module of the solver, imported when something is to be proved: it takes a while."""
    return import_module("z3")


@dataclass(frozen=True)
class Day:
    """A day as three integers, and one that orders days."""

    year: Any
    month: Any
    day: Any

    @property
    def order(self) -> Any:
        """Greater for a later day."""
        return self.year * YEAR + self.month * MONTH + self.day


COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}
"""By operator."""


def is_constant(value: Any) -> bool:
    """Whether a value is a number of the package rather than a term of the solver."""
    return isinstance(value, int | Fraction)


def number(z3: Any, value: Any) -> Any:
    """A number as a term of the solver; a term as it is."""
    if isinstance(value, Fraction):
        return z3.Q(value.numerator, value.denominator)
    return value if not isinstance(value, int) or isinstance(value, bool) else z3.IntVal(value)


def scaled(z3: Any, value: Any, by: int | Fraction) -> Any:
    """A product by a constant; whole numbers stay so, others are exact."""
    if is_constant(value):
        return value * by
    fraction = Fraction(by)
    if fraction.denominator == 1:
        return value * fraction.numerator
    exact = z3.ToReal(value) if z3.is_int(value) else value
    return exact * z3.Q(fraction.numerator, fraction.denominator)


def fixed(day: date) -> Day:
    """A day that is known."""
    return Day(day.year, day.month, day.day)


def month_length(z3: Any, year: Any, month: Any) -> Any:
    """The last day of a month."""
    leap = z3.And(year % 4 == 0, z3.Or(year % 100 != 0, year % 400 == 0))
    thirty = reduce(z3.Or, [month == one for one in (4, 6, 9, 11)])
    return z3.If(month == 2, z3.If(leap, 29, 28), z3.If(thirty, 30, 31))
