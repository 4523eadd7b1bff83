"""The smallest changes of what the applicant can act upon that make an application presentable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from services.eligibility.assessment.assess import Engine, assess
from services.eligibility.assessment.model import Assessment
from services.eligibility.critical.values import Critical
from services.eligibility.evaluation import all_values, request_day
from services.eligibility.language.evaluate import evaluate
from services.eligibility.language.types import Kind, Value, Values
from services.eligibility.package.model import Outcome, RulePackage, Severity

PRESENTABLE = frozenset({Outcome.ELIGIBLE, Outcome.ELIGIBLE_WITH_RESERVE})
MAX_CHANGED = 3
_EURO = 100


@dataclass(frozen=True)
class Change:
    """Facts to change together, and the advice that they lead to."""

    values: Values
    assessment: Assessment


def smallest_changes(
    package: RulePackage,
    engine: Engine,
    facts: Values,
    names: Sequence[str],
    most: int,
    check: Callable[[], None],
) -> list[Change]:
    """At most `most` changes of these facts, fewest facts first, then the smallest; `check` is called now and
    then, to stop."""
    search = _Search(package, facts, check)
    found: list[Change] = []
    for size in range(1, min(MAX_CHANGED, len(names)) + 1):
        changes = [change for some in combinations(names, size) for change in search.best(some)]
        for change in sorted(changes, key=search.cost):
            assessment = assess(package, engine, {**facts, **change})
            if assessment.outcome in PRESENTABLE and len(found) < most:
                found.append(Change(change, assessment))
        if len(found) >= most:
            break
    return found


class _Search:
    def __init__(self, package: RulePackage, facts: Values, check: Callable[[], None]) -> None:
        self._package, self._facts, self._check = package, facts, check
        self._critical = Critical(package)
        day = request_day(facts)
        self._rules = [
            rule for rule in package.rules if day in rule.validity and rule.severity is not Severity.RESERVE
        ]
        self._solved: list[frozenset[str]] = []

    def cost(self, change: Values) -> float:
        """How much is changed, each fact relatively to what it is."""
        return sum(self._distance(name, value) for name, value in change.items())

    def best(self, names: tuple[str, ...]) -> Iterator[Values]:
        """The smallest change of all these facts, if there is one and none of a part of them."""
        if any(solved <= set(names) for solved in self._solved):
            return
        found = min(self._solutions(dict(self._facts), names), key=self.cost, default=None)
        if found is not None:
            self._solved.append(frozenset(names))
            yield found

    def _solutions(self, facts: dict[str, Any], names: tuple[str, ...]) -> Iterator[Values]:
        name, *rest = names
        for value in self._candidates(facts, name):
            self._check()
            changed = {**facts, name: value}
            if rest:
                for change in self._solutions(changed, tuple(rest)):
                    yield {name: value, **change}
            elif self._is_presentable(changed):
                yield {name: value}

    def _candidates(self, facts: Values, name: str) -> list[Value]:
        kind, current = self._package.facts[name].type.kind, self._facts.get(name)
        values: set[Any] = set(self._critical.values(facts, name))
        if kind is Kind.MONEY:
            values |= {value // _EURO * _EURO for value in values} | {
                -(-value // _EURO) * _EURO for value in values
            }
        return sorted(values - {current}, key=lambda value: self._distance(name, value))

    def _distance(self, name: str, value: Any) -> float:
        current: Any = self._facts.get(name)
        if isinstance(value, bool | str | tuple) or current is None:
            return 1
        if isinstance(current, int):
            return abs(value - current) / max(abs(current), 1)
        return float(abs((value - current).days if hasattr(value, "year") else value - current))

    def _is_presentable(self, facts: Values) -> bool:
        values = all_values(self._package, facts)
        return not any(evaluate(rule.condition, values) is True for rule in self._rules)
