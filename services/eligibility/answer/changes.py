"""The changes of what the applicant can act upon that make an application presentable, those that cost the
least effort first; provided, maybe, that what is missing arrives.

The search is led by the rules that prevent the presentation: each is repaired by a fact that it reads, which
may break another one, repaired in turn by another fact. A distance says how far a change goes, and which
values are handy to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from services.eligibility.answer.assess import Engine, assess
from services.eligibility.answer.assessment import Assessment
from services.eligibility.answer.levers import Distance, effort_of, handy_neighbours, is_handy, limits
from services.eligibility.answer.openness import reading
from services.eligibility.engine import LazyValues, request_day
from services.eligibility.package import (
    Kind,
    Outcome,
    Rule,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
    WhenAbsent,
    check_facts,
    codes_of,
    completed,
    evaluate,
)

EFFORT = 300_000
"""Rules evaluated for one request: the search ends there, with what it has found."""
Changes = dict[str, Value]
_Broken = frozenset[str]
_NOT_TO_INVENT = (WhenAbsent.MISSING, WhenAbsent.UNKNOWN)


class SearchTooLongError(Exception):
    """The effort is spent."""


@dataclass(frozen=True)
class _Option:
    """A value to try, and the rules that would then prevent the presentation."""

    value: Value
    broken: _Broken


class Budget:
    """The effort of one request; `check` is called now and then, to stop in time."""

    def __init__(self, check: Callable[[], None]) -> None:
        self.check = check
        self._spent = 0

    def spend(self, rules: int) -> None:
        """Counts rules evaluated; SearchTooLongError beyond EFFORT."""
        self._spent += rules
        if self._spent > EFFORT:
            raise SearchTooLongError


class Repairs:
    """Looks for changes of some facts of one application; `tolerated` are the rules that may go on holding,
    for others to settle."""

    def __init__(
        self,
        package: RulePackage,
        facts: Values,
        names: tuple[str, ...],
        budget: Budget,
        tolerated: frozenset[str] = frozenset(),
    ) -> None:
        self._package, self.names, self._budget = package, names, budget
        self._facts = completed(package.facts, facts)
        self._present = present = LazyValues(package, self._facts)
        self._limits = {name: limits(package.facts[name], present) for name in names}
        self._reading = reading(package)
        day = request_day(facts)
        self._rules = {
            rule.id: rule
            for rule in self._reading.refusals
            if day in rule.validity and rule.id not in tolerated
        }
        self._movable = {rule: self._reading.rules[rule] & set(names) for rule in self._rules}
        absent = {name for name, value in self._facts.items() if value is None}
        self._waiting = frozenset(name for name in self._rules if self._reading.rules[name] & absent)
        self._options: dict[tuple[str, tuple[tuple[str, Value], ...]], tuple[_Option, ...]] = {}
        self.distance = Distance(package.facts, self._facts, names)

    def unmoved(self) -> frozenset[str]:
        """The rules that none of these facts moves."""
        return frozenset(name for name, movable in self._movable.items() if not movable)

    def fixed(self) -> tuple[Rule, ...]:
        """The blocking rules that hold, and that none of these facts moves."""
        return tuple(
            rule
            for name, rule in self._rules.items()
            if rule.severity is RuleSeverity.BLOCKING
            and not self._movable[name]
            and evaluate(rule.condition, self._present) is True
        )

    def broken(self) -> _Broken:
        """The rules that prevent the presentation of the application as it stands."""
        return self._broken({}, self._rules)

    def of_size(self, size: int, solved: list[frozenset[str]]) -> list[Changes]:
        """For each set of that many facts which contains no solved one, its smallest changes."""
        best: dict[frozenset[str], Changes] = {}
        for found in self._repaired({}, self._broken({}, self._rules), set(self.names), size, solved):
            key = frozenset(found)
            if len(key) == size and (key not in best or self._is_smaller(found, best[key])):
                best[key] = found
        return [self._polished(found) for found in best.values()]

    def _repaired(
        self, changes: Changes, broken: _Broken, free: set[str], left: int, solved: list[frozenset[str]]
    ) -> Iterator[Changes]:
        """The changes that repair all that is broken, by at most `left` other facts among the free ones."""
        self._budget.check()
        if not broken:
            yield changes
            return
        if not left or any(not self._movable[rule] & free for rule in broken):
            return
        rule = min(broken, key=lambda name: len(self._movable[name] & free))
        for name in self.names:
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
            self._options[key] = tuple(self._distinct(name, self._looked_at(changes, broken, name)))
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
        """The critical values of a fact and the bounds of its lever, and the handy ones just beside, within
        its domain, its direction and these bounds."""
        given, fact = {**self._facts, **changes}, self._package.facts[name]
        values = (*self._reading.critical_of_refusals.values(given, name), *self._limits[name].ends)
        handy = {one for value in values for one in handy_neighbours(value, fact.type.kind)}
        acceptable = (
            one for one in handy.difference(values) if not check_facts({name: fact}, {**given, name: one})
        )
        return tuple(one for one in (*values, *acceptable) if self._limits[name].admit(one))

    def _distinct(self, name: str, options: list[_Option]) -> Iterator[_Option]:
        """On each side of the present value, of the options that break the same rules, the nearest one, the
        nearest handy one when there is any, and the farthest one, which leaves most to the other facts."""
        kind = self._package.facts[name].type.kind
        kept: dict[tuple[object, _Broken], _Option] = {}
        far: dict[tuple[object, _Broken], _Option] = {}
        for option in options:
            side = self.distance.is_growth(name, option.value)
            key = (side if kind not in (Kind.CODE, Kind.TEXT) else option.value, option.broken)
            handy = is_handy(option.value, kind)
            if key not in kept or (handy and not is_handy(kept[key].value, kind)):
                kept[key] = option
            if handy or key not in far:
                far[key] = option
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
        """The same facts changed less, if one of them, held where it is or at an end of its lever, allows it
        for the others."""
        improved = len(changes) > 1
        while improved:
            improved = False
            for name, value in self._held(changes):
                held = {name: value}
                others = changes.keys() - {name}
                broken = self._broken(held, self._rules)
                for found in self._repaired(held, broken, set(others), len(others), []):
                    if len(found) == len(changes) and self._is_smaller(found, changes):
                        changes, improved = found, True
                if improved:
                    break
        return {name: changes[name] for name in self.names if name in changes}

    def _held(self, changes: Changes) -> Iterator[tuple[str, Value]]:
        for name, value in changes.items():
            ends = (end for end in self._limits[name].ends if self._limits[name].admit(end))
            yield from ((name, one) for one in dict.fromkeys((value, *ends)) if one != self._facts[name])

    def _is_smaller(self, one: Changes, other: Changes) -> bool:
        return self.distance.total(one) < self.distance.total(other)

    def _broken(self, changes: Changes, rules: dict[str, Rule]) -> _Broken:
        """Those of the rules that hold of the changed application, or have no value, as after a division
        by zero; one that is undecided otherwise waits for what is missing, which no change here tells."""
        self._budget.spend(len(rules))
        values = LazyValues(self._package, {**self._facts, **changes})
        truths = {name: evaluate(rule.condition, values) for name, rule in rules.items()}
        return frozenset(
            name
            for name, truth in truths.items()
            if truth is True or (truth is None and name not in self._waiting)
        )


@dataclass(frozen=True)
class Suggestion:
    """Facts to change together, and the advice that they lead to: presentable, or incomplete for what remains
    to be settled otherwise."""

    changes: Values
    assessment: Assessment


@dataclass(frozen=True)
class Suggestions:
    """What was found; the blocking rules that hold and that none of the given facts moves; whether nothing
    calls for a change, the application being only incomplete; whether the search went to its end."""

    found: tuple[Suggestion, ...] = ()
    fixed: tuple[Rule, ...] = ()
    only_incomplete: bool = False
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
    """At most `most` changes of these facts, the least effort first, then the fewest facts, then the
    smallest; none of them contains the facts of another. `check` is called now and then, to stop in time.

    What none of these facts moves and that only makes the application incomplete is left for others to
    settle. If nothing is found so, one more such rule is left, then all of them.
    """
    budget = Budget(check)
    searched = Repairs(package, facts, names, budget)
    broken, unmoved = searched.broken(), searched.unmoved()
    rules = {rule.id: rule for rule in reading(package).refusals}
    fixed = searched.fixed()
    if fixed or broken <= unmoved:
        return Suggestions(fixed=fixed, only_incomplete=not fixed)
    missing = {name for name, rule in rules.items() if rule.severity is RuleSeverity.MISSING}
    moved = sorted(missing - unmoved)
    found: list[Suggestion] = []
    try:
        for turn in ([unmoved], [unmoved | {name} for name in moved], [unmoved | set(moved)]):
            for tolerated in turn:
                repairs = Repairs(package, facts, names, budget, frozenset(tolerated))
                found += _found(package, engine, facts, repairs, most)
            if found:
                break
    except SearchTooLongError:
        return Suggestions(_best(package, searched.distance, found, most), complete=False)
    return Suggestions(_best(package, searched.distance, found, most))


def _found(
    package: RulePackage, engine: Engine, facts: Values, repairs: Repairs, most: int
) -> Iterator[Suggestion]:
    """Set of facts by set of facts, from the fewest, until no larger set can cost less than those found."""
    efforts = sorted(effort_of(package, (name,)) for name in repairs.names)
    solved: list[frozenset[str]] = []
    costs: list[int] = []
    for size in range(1, len(repairs.names) + 1):
        if len(costs) >= most and sorted(costs)[most - 1] <= sum(efforts[:size]):
            return
        for change in repairs.of_size(size, list(solved)):
            assessment = assess(package, engine, {**facts, **change})
            blocked = any(reason.severity is RuleSeverity.BLOCKING for reason in assessment.reasons)
            if assessment.outcome.is_presentable or (
                assessment.outcome is Outcome.INCOMPLETE and not blocked
            ):
                solved.append(frozenset(change))
                costs.append(effort_of(package, change))
                yield Suggestion(change, assessment)


def _best(
    package: RulePackage, distance: Distance, found: Iterable[Suggestion], most: int
) -> tuple[Suggestion, ...]:
    def cost(one: Suggestion) -> tuple[int, int, Fraction]:
        return effort_of(package, one.changes), len(one.changes), distance.total(one.changes)

    return tuple(sorted(found, key=cost)[:most])
