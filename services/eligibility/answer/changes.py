"""The smallest changes of what the applicant can act upon that make an application presentable.

The search is led by the rules that prevent the presentation: each is repaired by a fact that it reads, which
may break another one, repaired in turn by another fact. A distance says how far a change goes, and which
values are handy to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.eligibility.answer.assess import Engine, assess
from services.eligibility.answer.assessment import Assessment
from services.eligibility.answer.openness import reading
from services.eligibility.engine import LazyValues, request_day
from services.eligibility.package import (
    NUMERIC,
    Fact,
    Kind,
    Rule,
    RulePackage,
    Value,
    Values,
    WhenAbsent,
    check_facts,
    codes_of,
    completed,
    evaluate,
)

_HANDY = {Kind.MONEY: Fraction(100), Kind.PERCENT: Fraction(1, 100)}
"""A whole euro, a hundredth of a percent."""
EFFORT = 300_000
"""Rules evaluated for one request: the search ends there, with what it has found."""
Changes = dict[str, Value]
_Broken = frozenset[str]
_NOT_TO_INVENT = (WhenAbsent.MISSING, WhenAbsent.UNKNOWN)


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


class SearchTooLongError(Exception):
    """The effort is spent."""


@dataclass(frozen=True)
class _Option:
    """A value to try, and the rules that would then prevent the presentation."""

    value: Value
    broken: _Broken


class Repairs:
    """Looks for changes of some facts of one application; `check` is called now and then, to stop in time."""

    def __init__(
        self, package: RulePackage, facts: Values, names: tuple[str, ...], check: Callable[[], None]
    ) -> None:
        self._package, self._names, self._check = package, names, check
        self._facts = completed(package.facts, facts)
        self._reading = reading(package)
        day = request_day(facts)
        self._rules = {rule.id: rule for rule in self._reading.refusals if day in rule.validity}
        self._movable = {rule: self._reading.rules[rule] & set(names) for rule in self._rules}
        self._options: dict[tuple[str, tuple[tuple[str, Value], ...]], tuple[_Option, ...]] = {}
        self._effort = 0
        self.distance = Distance(package.facts, self._facts, names)

    def fixed(self) -> tuple[Rule, ...]:
        """The rules that prevent the presentation and read none of these facts."""
        broken = self._broken({}, self._rules)
        return tuple(rule for name, rule in self._rules.items() if name in broken and not self._movable[name])

    def of_size(self, size: int, solved: list[frozenset[str]]) -> list[Changes]:
        """For each set of that many facts which contains no solved one, its smallest changes."""
        best: dict[frozenset[str], Changes] = {}
        for found in self._repaired({}, self._broken({}, self._rules), set(self._names), size, solved):
            key = frozenset(found)
            if len(key) == size and (key not in best or self._is_smaller(found, best[key])):
                best[key] = found
        return [self._polished(found) for found in best.values()]

    def _repaired(
        self, changes: Changes, broken: _Broken, free: set[str], left: int, solved: list[frozenset[str]]
    ) -> Iterator[Changes]:
        """The changes that repair all that is broken, by at most `left` other facts among the free ones."""
        self._check()
        if not broken:
            yield changes
            return
        if not left or any(not self._movable[rule] & free for rule in broken):
            return
        rule = min(broken, key=lambda name: len(self._movable[name] & free))
        for name in self._names:
            if name not in self._movable[rule] & free or any(done <= {*changes, name} for done in solved):
                continue
            for option in self._tried(changes, broken, name, rule, last=left == 1):
                changed = {**changes, name: option.value}
                yield from self._repaired(changed, option.broken, free - {name}, left - 1, solved)

    def _tried(
        self, changes: Changes, broken: _Broken, name: str, rule: str, *, last: bool
    ) -> Iterator[_Option]:
        """The options of a fact that repair a rule, or that bring it as far as nothing else breaks."""
        for option in self._all_options(changes, broken, name):
            if not option.broken or (not last and (rule not in option.broken or option.broken <= broken)):
                yield option

    def _all_options(self, changes: Changes, broken: _Broken, name: str) -> tuple[_Option, ...]:
        key = (name, tuple(sorted(changes.items(), key=lambda change: change[0])))
        if key not in self._options:
            self._options[key] = tuple(self._distinct(name, self._looked_at(changes, broken, name), broken))
        return self._options[key]

    def _looked_at(self, changes: Changes, broken: _Broken, name: str) -> list[_Option]:
        """Every critical value, and its handy neighbours, nearest first."""
        reading_it = {rule: found for rule, found in self._rules.items() if name in self._movable[rule]}
        untouched = broken.difference(reading_it)
        kind = self._package.facts[name].type.kind
        found = [
            _Option(value, untouched | self._broken({**changes, name: value}, reading_it))
            for value in self._near_thresholds(changes, name)
            if value != self._facts[name]
        ]
        if kind is Kind.CODES:
            found.append(self._fewest_codes(changes, untouched, reading_it, name))
        return sorted(found, key=lambda option: self.distance.of(name, option.value))

    def _near_thresholds(self, changes: Changes, name: str) -> tuple[Value, ...]:
        """The critical values of a fact, and the handy ones just beside, within its domain."""
        given, fact = {**self._facts, **changes}, self._package.facts[name]
        values = self._reading.critical_of_refusals.values(given, name)
        handy = {one for value in values for one in handy_neighbours(value, fact.type.kind)}
        return (
            *values,
            *(one for one in handy.difference(values) if not check_facts({name: fact}, {**given, name: one})),
        )

    def _distinct(self, name: str, options: list[_Option], broken: _Broken) -> Iterator[_Option]:
        """On each side of the present value, the nearest option of those that break the same rules, the
        nearest handy one when there is any, and the farthest one that breaks nothing more."""
        kind = self._package.facts[name].type.kind
        kept: dict[tuple[object, _Broken], _Option] = {}
        far: dict[object, _Option] = {}
        for option in options:
            side = self.distance.is_growth(name, option.value)
            key = (side if kind not in (Kind.CODE, Kind.TEXT) else option.value, option.broken)
            handy = is_handy(option.value, kind)
            if key not in kept or (handy and not is_handy(kept[key].value, kind)):
                kept[key] = option
            if option.broken <= broken and (handy or key[0] not in far):
                far[key[0]] = option
        return iter(dict.fromkeys((*kept.values(), *far.values())))

    def _fewest_codes(
        self, changes: Changes, untouched: _Broken, rules: dict[str, Rule], name: str
    ) -> _Option:
        """The present codes with the fewest of the others that do as much as all of them."""
        fact = self._package.facts[name]
        present = codes_of(self._facts[name])
        kept = (*present, *(code for code in fact.type.labels if code not in present))
        broken = self._broken({**changes, name: kept}, rules)
        for code in fact.type.labels:
            fewer = tuple(other for other in kept if other != code)
            left = self._broken({**changes, name: fewer}, rules)
            if code not in present and left <= broken:
                kept, broken = fewer, left
        return _Option(kept, untouched | broken)

    def _polished(self, changes: Changes) -> Changes:
        """The same facts changed less, if one of them being held allows it for the others."""
        improved = len(changes) > 1
        while improved:
            improved = False
            for name, value in changes.items():
                held = {name: value}
                others = changes.keys() - {name}
                broken = self._broken(held, self._rules)
                for found in self._repaired(held, broken, set(others), len(others), []):
                    if len(found) == len(changes) and self._is_smaller(found, changes):
                        changes, improved = found, True
                if improved:
                    break
        return {name: changes[name] for name in self._names if name in changes}

    def _is_smaller(self, one: Changes, other: Changes) -> bool:
        return self.distance.total(one) < self.distance.total(other)

    def _broken(self, changes: Changes, rules: dict[str, Rule]) -> _Broken:
        """Those of the rules that prevent the presentation of the changed application."""
        self._effort += len(rules)
        if self._effort > EFFORT:
            raise SearchTooLongError
        values = LazyValues(self._package, {**self._facts, **changes})
        return frozenset(name for name, rule in rules.items() if evaluate(rule.condition, values) is True)


@dataclass(frozen=True)
class Suggestion:
    """Facts to change together, and the advice that they lead to."""

    changes: Values
    assessment: Assessment


@dataclass(frozen=True)
class Suggestions:
    """What was found; the rules that no change of the given facts repairs; whether the search went to its
    end."""

    found: tuple[Suggestion, ...] = ()
    fixed: tuple[Rule, ...] = ()
    complete: bool = True


def changeable(package: RulePackage, facts: Values, names: Iterable[str]) -> tuple[str, ...]:
    """Those of these facts that may be changed: a fact that is unknown has first to be told."""
    return tuple(
        name
        for name in names
        if facts.get(name) is not None or package.facts[name].when_absent not in _NOT_TO_INVENT
    )


def smallest_changes(
    package: RulePackage,
    engine: Engine,
    facts: Values,
    names: tuple[str, ...],
    most: int,
    check: Callable[[], None],
) -> Suggestions:
    """At most `most` changes of these facts, fewest facts first, then the smallest; none of them contains the
    facts of another. `check` is called now and then, to stop in time."""
    repairs = Repairs(package, facts, names, check)
    fixed = repairs.fixed()
    found: list[Suggestion] = []
    solved: list[frozenset[str]] = []
    complete = True
    try:
        for size in range(1, 0 if fixed else len(names) + 1):
            changes = repairs.of_size(size, list(solved))
            for change in sorted(changes, key=repairs.distance.total):
                assessment = assess(package, engine, {**facts, **change})
                if assessment.outcome.is_presentable:
                    found.append(Suggestion(change, assessment))
                    solved.append(frozenset(change))
            if len(found) >= most:
                break
    except SearchTooLongError:
        complete = False
    return Suggestions(tuple(found[:most]), fixed, complete)
