"""Thresholds of a number or a date: exact where the fact is compared itself, found by dichotomy where it is
read through calculations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from services.eligibility.engine.evaluation import all_values, request_day
from services.eligibility.package import (
    MAX_WHOLE,
    REQUIRED_DOCUMENTS,
    Fact,
    Kind,
    RulePackage,
    Value,
    Values,
    evaluate,
    facts_read,
    tree,
)

_PERCENT_STEP = Fraction(1, 1_000_000)
_LOW = {Kind.MONEY: -(10**11), Kind.INTEGER: -MAX_WHOLE, Kind.PERCENT: -(10**4)}
_HIGH = {Kind.MONEY: 10**11, Kind.INTEGER: MAX_WHOLE, Kind.PERCENT: 10**4}
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
_ORDER = ("<", "<=", ">", ">=", "==", "!=")
_REQUEST_DATE = "request_date"
_Look = tuple[bool | int | None, Fraction | None]
"""Truth of a leaf, or the sign of its excess for an equality, true at a single point maybe; and by how much
its left side exceeds its right side."""


@dataclass(frozen=True)
class Reach:
    """What moves with one fact: all the leaves that read it; those that order the fact itself and something
    fixed; the other ones, and the calculations that they need; `whole` when the parameters of the day or the
    required documents move too."""

    leaves: tuple[tree.Node, ...]
    direct: tuple[tree.Compare, ...]
    indirect: tuple[tree.Node, ...]
    moving: tuple[str, ...]
    whole: bool


def reach(package: RulePackage, leaves: Iterable[tree.Node], fact: str) -> Reach:
    """What moves with a fact."""
    dated = fact == _REQUEST_DATE
    reading = [leaf for leaf in leaves if _moves(package, fact, tree.names(leaf))]
    direct = [leaf for leaf in reading if _is_direct(package, fact, leaf)]
    indirect = [leaf for leaf in reading if leaf not in direct]
    wanted = {name for leaf in indirect for name in _behind(package, leaf)}
    moving = [
        name
        for name, derived in package.derived.items()
        if name in wanted and _moves(package, fact, tree.names(derived.expression))
    ]
    return Reach(
        leaves=tuple(reading),
        direct=tuple(leaf for leaf in direct if isinstance(leaf, tree.Compare) and leaf.operator in _ORDER),
        indirect=tuple(indirect),
        moving=tuple(moving),
        whole=dated or fact in facts_read(package, (REQUIRED_DOCUMENTS,)),
    )


def ends(package: RulePackage, given: Values, fact: Fact) -> tuple[Value, Value]:
    """The least and the greatest value of a number or of a date."""
    scale = _scale(package, fact, given)
    return scale.value(scale.low), scale.value(scale.high)


def thresholds(package: RulePackage, moved: Reach, given: Values, fact: Fact) -> Iterator[Value]:
    """The ends of the domain and what surrounds each threshold, in order."""
    scale = _scale(package, fact, given)
    probe = _Probe(package, moved, given, fact, scale)
    points = {scale.low, scale.high, *probe.direct_thresholds()}
    points |= set(probe.changes(points | set(scale.breaks)))
    yield from (scale.value(point) for point in sorted(points) if scale.low <= point <= scale.high)


def _moves(package: RulePackage, fact: str, names: Iterable[str]) -> bool:
    """True when one of these names follows the fact; a parameter follows the date."""
    found = set(names)
    if fact in facts_read(package, found):
        return True
    return fact == _REQUEST_DATE and any(
        name in package.parameters
        or (name in package.derived and _moves(package, fact, _inside(package, name)))
        for name in found
    )


def _inside(package: RulePackage, name: str) -> Iterator[str]:
    return tree.names(package.derived[name].expression)


def _is_direct(package: RulePackage, fact: str, leaf: tree.Node) -> bool:
    """True when the fact is one side of the leaf, and the other side does not move with it."""
    names = list(tree.names(leaf))
    if names.count(fact) != 1:
        return False
    names.remove(fact)
    return not _moves(package, fact, names)


def _behind(package: RulePackage, node: tree.Node) -> Iterator[str]:
    """The calculations that an expression reads, directly or not."""
    for name in tree.names(node):
        if name in package.derived:
            yield name
            yield from _behind(package, package.derived[name].expression)


@dataclass(frozen=True)
class _Scale:
    """The domain of a fact in whole numbers of its smallest unit; between two breaks a condition is taken to
    change once at most."""

    kind: Kind
    low: int
    high: int
    breaks: tuple[int, ...]

    def value(self, number: int) -> Value:
        """The value of a number of units."""
        if self.kind is Kind.DATE:
            return date.fromordinal(number)
        return number * _PERCENT_STEP if self.kind is Kind.PERCENT else number


def _units(value: Any) -> Fraction:
    """A value as a number of units, not always whole."""
    return Fraction(value.toordinal() if isinstance(value, date) else value)


def _scale(package: RulePackage, fact: Fact, given: Values) -> _Scale:
    kind, current = fact.type.kind, given.get(fact.name)
    low: Any = _LOW.get(kind, _FIRST_DAY) if fact.minimum is None else fact.minimum
    high: Any = _HIGH.get(kind, _LAST_DAY) if fact.maximum is None else fact.maximum
    breaks: list[Any] = [] if current is None else [current]
    if fact.name == _REQUEST_DATE:
        validity = package.identity.validity
        low, high = max(low, validity.first), min(high, validity.last or high)
        breaks += _turning_days(package)
    elif fact.not_in_future:
        high = min(high, request_day(given))
    unit = _PERCENT_STEP if kind is Kind.PERCENT else 1
    first, last = int(_units(low) / unit), int(_units(high) / unit)
    numbers = {int(_units(value) / unit) for value in breaks}
    return _Scale(kind, first, last, tuple(sorted(number for number in numbers if first <= number <= last)))


def _turning_days(package: RulePackage) -> Iterator[date]:
    """The days on which a parameter or a rule begins or ends, with their eves and morrows."""
    periods = [dated.period for parameter in package.parameters.values() for dated in parameter.values]
    for period in (*periods, *(rule.validity for rule in package.rules)):
        for day in (period.first, period.last):
            if day is not None and _FIRST_DAY < day < _LAST_DAY:
                yield from (date.fromordinal(day.toordinal() + shift) for shift in (-1, 0, 1))


class _Probe:
    """Looks at leaves while one fact alone moves."""

    def __init__(self, package: RulePackage, moved: Reach, given: Values, fact: Fact, scale: _Scale) -> None:
        self._package, self._moved, self._name, self._scale = package, moved, fact.name, scale
        current = given.get(fact.name)
        self._given = {**given, fact.name: scale.value(scale.low) if current is None else current}
        self._base = all_values(package, self._given)
        self._seen: dict[int, list[_Look]] = {}

    def direct_thresholds(self) -> Iterator[int]:
        """Around the other side of each comparison of the fact itself."""
        unit = _PERCENT_STEP if self._scale.kind is Kind.PERCENT else 1
        for leaf in self._moved.direct:
            mine = isinstance(leaf.left, tree.Reference) and leaf.left.name == self._name
            other = evaluate(leaf.right if mine else leaf.left, self._base)
            if other is not None:
                yield from _around(_units(other) / unit)

    def changes(self, points: set[int]) -> Iterator[int]:
        """Around each change of the other leaves between two neighbouring points."""
        if self._moved.indirect:
            inside = sorted(point for point in points if self._scale.low <= point <= self._scale.high)
            for rank in range(len(self._moved.indirect)):
                for low, high in pairwise(inside):
                    yield from self._changes_between(rank, low, high)

    def _changes_between(self, rank: int, low: int, high: int) -> Iterator[int]:
        """Around each change of one leaf, from the first to the last that a dichotomy meets."""
        while self._look(low)[rank][0] != self._look(high)[rank][0]:
            *around, low = self._change(rank, low, high)
            yield from (*around, low)
            if self._look(low)[rank][1] == 0:
                yield low + 1

    def _change(self, rank: int, low: int, high: int) -> Iterator[int]:
        """The two neighbours between which a leaf changes, after what is before an exact equality."""
        step = 0
        while high - low > 1:
            sides = self._look(low)[rank], self._look(high)[rank]
            middle = _guess(low, high, sides[0][1], sides[1][1], step % 3)
            step += 1
            if self._look(middle)[rank][0] == sides[0][0]:
                low = middle
            else:
                high = middle
        # On an exact equality the change has two sides: the unit before it is tried as well.
        if self._look(low)[rank][1] == 0:
            yield low - 1
        yield from (low, high)

    def _look(self, number: int) -> list[_Look]:
        """What each indirect leaf is at a point."""
        if number not in self._seen:
            values = self._values(self._scale.value(number))
            self._seen[number] = [_look(leaf, values) for leaf in self._moved.indirect]
        return self._seen[number]

    def _values(self, value: Value) -> Values:
        if self._moved.whole:
            return all_values(self._package, {**self._given, self._name: value})
        values = dict(self._base)
        values[self._name] = value
        for name in self._moved.moving:
            values[name] = evaluate(self._package.derived[name].expression, values)
        return values


def _look(leaf: tree.Node, values: Values) -> _Look:
    found = evaluate(leaf, values)
    truth = found if isinstance(found, bool) else None
    if truth is None or not isinstance(leaf, tree.Compare) or leaf.operator not in _ORDER:
        return truth, None
    left, right = evaluate(leaf.left, values), evaluate(leaf.right, values)
    if isinstance(left, str):
        return truth, None
    excess = _units(left) - _units(right)
    equality = leaf.operator in ("==", "!=")
    return ((excess > 0) - (excess < 0) if equality else truth), excess


def _guess(low: int, high: int, at_low: Fraction | None, at_high: Fraction | None, step: int) -> int:
    """A point strictly between: in turn where a straight line would cross zero, a little beyond, the
    middle."""
    if step == 2 or at_low is None or at_high is None or at_low == at_high or at_low * at_high > 0:
        return (low + high) // 2
    # The excess is nearly a straight line between two breaks: where that line crosses zero is a few units
    # away from the change, where a plain dichotomy over 10^11 cents takes some 37 steps.
    crossing = low + int((high - low) * at_low / (at_low - at_high))
    if step == 1:
        crossing += (
            2 * (crossing - low) + 2 if crossing - low < high - crossing else 2 * (crossing - high) - 2
        )
    return min(max(crossing, low + 1), high - 1)


def _around(threshold: Fraction) -> tuple[int, ...]:
    """−1, 0, +1; the two neighbours when the threshold is between two units."""
    floor = threshold.numerator // threshold.denominator
    return (floor - 1, floor, floor + 1) if threshold == floor else (floor, floor + 1)
