"""The values of one fact, the others being fixed, at which some elementary condition changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.eligibility.engine.leaves import leaves_of, rule_leaves
from services.eligibility.engine.thresholds import Reach, ends, reach, thresholds
from services.eligibility.package import (
    ORDERED,
    Fact,
    Kind,
    RulePackage,
    Value,
    Values,
    check_facts,
    codes_of,
    tree,
)


def critical_values(package: RulePackage, given: Values, fact: str) -> tuple[Value, ...]:
    """The values of a fact around each threshold (−1, 0, +1 of the smallest unit: cent, unit, millionth of a
    percent, day), the ends of its domain, or every code; all acceptable beside the other given facts."""
    return Critical(package).values(given, fact)


class Critical:
    """Critical values of a package, whose conditions are looked at once for many calls; of these leaves
    alone when they are given."""

    def __init__(self, package: RulePackage, leaves: Iterable[tree.Node] | None = None) -> None:
        self._package = package
        self._nodes = _all_leaves(package) if leaves is None else tuple(leaves)
        self._reaches: dict[str, Reach] = {}

    def reach(self, name: str) -> Reach:
        """What moves with a fact."""
        if name not in self._reaches:
            self._reaches[name] = reach(self._package, self._nodes, name)
        return self._reaches[name]

    def ends(self, given: Values, name: str) -> tuple[Value, ...]:
        """The ends of the domain of a number or a date; every value to try of another fact."""
        fact = self._package.facts[name]
        if fact.type.kind in ORDERED:
            return ends(self._package, given, fact)
        return self.values(given, name)

    def values(self, given: Values, name: str) -> tuple[Value, ...]:
        """Those of one fact."""
        fact = self._package.facts[name]
        match fact.type.kind:
            case Kind.BOOLEAN:
                return (False, True)
            case Kind.CODE:
                return tuple(fact.type.labels)
            case Kind.CODES:
                return _code_lists(given, fact)
            case Kind.TEXT:
                return tuple(_texts(self._package, fact))
        return self._acceptable(given, fact, thresholds(self._package, self.reach(name), given, fact))

    def _acceptable(self, given: Values, fact: Fact, values: Iterable[Value]) -> tuple[Value, ...]:
        """Those that make no given fact wrong."""
        facts = self._package.facts
        before = {problem.field for problem in check_facts(facts, given)} - {fact.name}
        return tuple(
            value
            for value in values
            if before >= {problem.field for problem in check_facts(facts, {**given, fact.name: value})}
        )


def _all_leaves(package: RulePackage) -> tuple[tree.Node, ...]:
    """The distinct leaves of the rules, of the required documents and of the properties."""
    conditions = [required.condition for required in package.decision.required_documents]
    conditions += [item.condition for item in package.properties]
    nodes = dict.fromkeys(leaf.node for leaf in rule_leaves(package))
    nodes |= dict.fromkeys(leaf for node in conditions if node is not None for leaf in leaves_of(node))
    return tuple(nodes)


def _code_lists(given: Values, fact: Fact) -> tuple[Value, ...]:
    """The empty and the full list, and the given one with each code added or taken away."""
    current = codes_of(given.get(fact.name))
    toggled = [
        tuple(code for code in current if code != changed) if changed in current else (*current, changed)
        for changed in fact.type.labels
    ]
    return tuple(dict.fromkeys([(), tuple(fact.type.labels), *toggled]))


def _texts(package: RulePackage, fact: Fact) -> Iterator[str]:
    """A text of each list that may hold it, and one that no list holds."""
    lists = [
        codes_of(dated.value)
        for parameter in package.parameters.values()
        if parameter.type.of == fact.name
        for dated in parameter.values
    ]
    listed = {code for codes in lists for code in codes}
    yield from dict.fromkeys(codes[0] for codes in lists if codes)
    outside = next(text for text in map("{:05d}".format, range(1001, 99_999)) if text not in listed)
    if fact.format is None or fact.format.pattern.fullmatch(outside):
        yield outside
