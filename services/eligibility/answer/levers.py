"""How far a change goes, how far it may go, what it costs, and which values are handy to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from services.eligibility.package import (
    NUMERIC,
    Direction,
    Fact,
    Kind,
    Lever,
    RulePackage,
    Value,
    Values,
    codes_of,
    evaluate,
)

_HANDY = {Kind.MONEY: Fraction(100), Kind.PERCENT: Fraction(1, 100)}
"""A whole euro, a hundredth of a percent."""


class Distance:
    """Measures changes of an application. An amount counts in proportion to the largest amount that may
    change, so that a euro weighs the same everywhere; another number in proportion to itself, a date to a
    month, a list by its codes; any other change counts for one."""

    def __init__(self, facts: Mapping[str, Fact], current: Values, names: tuple[str, ...]) -> None:
        self._facts, self._current = facts, current
        amounts = (current[name] for name in names if facts[name].type.kind is Kind.MONEY)
        self._largest = max((abs(amount) for amount in amounts if isinstance(amount, int)), default=1)

    def of(self, name: str, value: Value | None) -> Fraction:
        """That of one change."""
        before = self._current[name]
        kind = self._facts[name].type.kind
        if isinstance(before, date) and isinstance(value, date):
            return Fraction(abs((value - before).days), 30)
        if kind is Kind.CODES:
            return Fraction(len(set(codes_of(before)) ^ set(codes_of(value))))
        if kind not in NUMERIC or not isinstance(value, int | Fraction):
            return Fraction(1)
        start = Fraction(before) if isinstance(before, int | Fraction) else Fraction()
        scale = Fraction(self._largest) if kind is Kind.MONEY else abs(start)
        return abs(value - start) / max(scale, Fraction(1))

    def total(self, changes: Values) -> Fraction:
        """That of several changes together."""
        return sum((self.of(name, value) for name, value in changes.items()), Fraction())

    def is_growth(self, name: str, value: Value) -> bool:
        """True for a number or a date above the present one."""
        before = self._current[name]
        if isinstance(value, date) and isinstance(before, date):
            return value > before
        numbers = isinstance(value, int | Fraction) and isinstance(before, int | Fraction)
        return numbers and value > before  # type: ignore[operator]


def is_handy(value: Value, kind: Kind) -> bool:
    """True for a value that is easy to say."""
    step = _HANDY.get(kind)
    return step is None or not isinstance(value, int | Fraction) or value % step == 0


def handy_neighbours(value: Value, kind: Kind) -> tuple[Value, ...]:
    """The handy values just below and above."""
    step = _HANDY.get(kind)
    if step is None or not isinstance(value, int | Fraction):
        return ()
    below = value // step * step
    found = (below, below + step)
    return tuple(int(one) if kind is Kind.MONEY else one for one in found)


@dataclass(frozen=True)
class Limits:
    """How far one fact may move from its present value; it does not when a bound cannot be calculated."""

    present: Value | None
    direction: Direction
    least: Value | None
    most: Value | None
    closed: bool

    @property
    def ends(self) -> tuple[Value, ...]:
        """The bounds that are values to try."""
        return tuple(end for end in (self.least, self.most) if end is not None)

    def admit(self, value: Any) -> bool:
        """True for a value on the right side, within the bounds."""
        if self.closed:
            return False
        before: Any = self.present
        least: Any = self.least
        most: Any = self.most
        wrong_way = before is not None and (
            (self.direction is Direction.LESS and value > before)
            or (self.direction is Direction.MORE and value < before)
        )
        return not (wrong_way or (least is not None and value < least) or (most is not None and value > most))


def limits(fact: Fact, present: Values) -> Limits:
    """Those of the lever of a fact, calculated on the application as it stands, within its domain."""
    lever = fact.lever or Lever()
    least, most = (None if node is None else evaluate(node, present) for node in (lever.least, lever.most))
    unknown = (lever.least is not None and least is None) or (lever.most is not None and most is None)
    if least is not None:
        least = max(least, fact.minimum) if fact.minimum is not None else least
    if most is not None:
        most = min(most, fact.maximum) if fact.maximum is not None else most
    return Limits(
        present[fact.name], lever.direction, _whole(fact, least, up=True), _whole(fact, most), unknown
    )


def _whole(fact: Fact, bound: Value | None, *, up: bool = False) -> Value | None:
    """A bound that an application may hold: cents and whole numbers, on the safe side."""
    if fact.type.kind is Kind.PERCENT or not isinstance(bound, Fraction):
        return bound
    return ceil(bound) if up else floor(bound)


def effort_of(package: RulePackage, names: Iterable[str]) -> int:
    """The effort of changing these facts together."""
    levers = (package.facts[name].lever or Lever() for name in names)
    return sum(lever.effort for lever in levers)
