"""What the rules of a package read, looked at once for all its applications, and what conditions may become
while some facts of an application are open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache, reduce
from itertools import islice, product

from services.eligibility.engine import Critical, LazyValues, leaves_of
from services.eligibility.package import (
    MISSING_FACTS,
    ORDERED,
    REQUIRED_DOCUMENTS,
    Rule,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
    WhenAbsent,
    completed,
    evaluate,
    facts_read,
    is_asked,
    tree,
)

INCOMPLETE = 1
"""The rank that an undecided rule, or an absent fact that is missing, brings."""
KEPT_PACKAGES = 16
_ASKED = frozenset({WhenAbsent.MISSING, WhenAbsent.UNKNOWN, WhenAbsent.NO})
_MAX_CORNERS = 64
Truths = frozenset[Value | None]
"""What a condition may be: True, False, None (unknown)."""
ANYTHING: Truths = frozenset({True, False, None})


class Reading:
    """The facts behind the names and the rules of a package, the rules that an absence may make true, the
    critical values of all its rules, those of the rules that prevent a presentation, and the ranks of its
    severities, from 0, the gravest; `best` is that of the outcome which no rule yields."""

    def __init__(self, package: RulePackage) -> None:
        calculated = (*package.derived, MISSING_FACTS, REQUIRED_DOCUMENTS)
        self._behind = {name: facts_read(package, (name,)) for name in (*package.facts, *calculated)}
        self.rules = {rule.id: self.facts(tree.names(rule.condition)) for rule in package.rules}
        self.reading_absence = frozenset(
            rule.id for rule in package.rules if _reads_absence(package, rule.condition)
        )
        self.critical = _critical(package, package.rules)
        self.refusals = tuple(rule for rule in package.rules if rule.severity is not RuleSeverity.RESERVE)
        self.critical_of_refusals = _critical(package, self.refusals)
        self._ranks = {severity: rank for rank, severity in enumerate(RuleSeverity)}
        self.best = len(RuleSeverity)

    def facts(self, names: Iterable[str]) -> frozenset[str]:
        """The facts behind these names; a parameter has none."""
        return frozenset().union(*(self._behind.get(name, frozenset()) for name in names))

    def rank_of(self, rule: Rule) -> int:
        """That of the severity of a rule."""
        return self._ranks[rule.severity]

    def contribution(self, rule: Rule, truth: Value | None) -> int:
        """The rank that a rule brings: its own when it is true; while it is undecided, that of an incomplete
        application if it could refuse; otherwise the best one."""
        rank = self.rank_of(rule)
        if truth is None and rank <= INCOMPLETE:
            return INCOMPLETE
        return rank if truth is True else self.best


def _reads_absence(package: RulePackage, node: tree.Node) -> bool:
    """True when a condition may hold because a fact is absent."""
    if isinstance(node, tree.Known):
        return True
    if isinstance(node, tree.Reference):
        derived = package.derived.get(node.name)
        return node.name == MISSING_FACTS or (
            derived is not None and _reads_absence(package, derived.expression)
        )
    return any(_reads_absence(package, child) for child in tree.children(node))


def _critical(package: RulePackage, rules: Iterable[Rule]) -> Critical:
    return Critical(package, dict.fromkeys(leaf for rule in rules for leaf in leaves_of(rule.condition)))


@lru_cache(maxsize=KEPT_PACKAGES)
def reading(package: RulePackage) -> Reading:
    """The reading of a package."""
    return Reading(package)


def open_facts(package: RulePackage, facts: Values) -> frozenset[str]:
    """The absent facts that may be asked. One that does not apply is not open; one whose absence means "no"
    is: the answer may be yes."""
    values = LazyValues(package, completed(package.facts, facts))
    return frozenset(
        name
        for name, fact in package.facts.items()
        if facts.get(name) is None and fact.when_absent in _ASKED and is_asked(fact, values)
    )


class Openness:
    """Looks at conditions of an application wherever its open facts are answered; not to know is an answer
    when the package admits it.

    A comparison is taken as monotone in each open fact, as the check of packages does: what it may be shows
    at the corners of their domains. Conditions are taken as independent of each other: "may" is said too
    often rather than too seldom.
    """

    def __init__(self, package: RulePackage, facts: Values, opened: frozenset[str]) -> None:
        self._package, self._facts, self._open = package, completed(package.facts, facts), opened
        self._reading: Reading = reading(package)
        self._corners: dict[frozenset[str], list[LazyValues]] = {}

    def truths(self, node: tree.Node) -> Truths:
        """What a condition may be."""
        match node:
            case tree.Not(item=item):
                return frozenset(None if truth is None else not truth for truth in self.truths(item))
            case tree.And(items=items) | tree.Or(items=items):
                combined = _and if isinstance(node, tree.And) else _or
                return reduce(combined, map(self.truths, items))
            case tree.Reference(name=name) if name in self._package.derived:
                return self.truths(self._package.derived[name].expression)
            case tree.Compare(operator="==" | "!=", left=left) if left.type.kind in ORDERED:
                return self._equality(node)
        return self._at_corners(node)

    def _equality(self, leaf: tree.Compare) -> Truths:
        """It may hold unless one side always exceeds the other; it may fail where one does."""
        below, above = (self._at_corners(replace(leaf, operator=operator)) for operator in ("<", ">"))
        unknown = below & {None}
        may_hold = not (below <= {True, None} or above <= {True, None})
        may_fail = True in below | above
        holds = leaf.operator == "=="
        return unknown | {truth for truth, may in ((holds, may_hold), (not holds, may_fail)) if may}

    def _at_corners(self, leaf: tree.Node) -> Truths:
        names = self._reading.facts(tree.names(leaf)) & self._open
        if names not in self._corners:
            self._corners[names] = self._values(sorted(names))
        found = frozenset(evaluate(leaf, values) for values in self._corners[names])
        return found or ANYTHING

    def _values(self, names: Iterable[str]) -> list[LazyValues]:
        """One for each corner of the domains of these facts; none when they are too many."""
        listed = list(names)
        corners = list(islice(product(*map(self._ends, listed)), _MAX_CORNERS + 1))
        if len(corners) > _MAX_CORNERS:
            return []
        return [
            LazyValues(self._package, {**self._facts, **dict(zip(listed, corner, strict=True))})
            for corner in corners
        ]

    def _ends(self, name: str) -> tuple[Value | None, ...]:
        ends = self._reading.critical.ends(self._facts, name)
        unknown = self._package.facts[name].when_absent is WhenAbsent.UNKNOWN
        return (*ends, None) if unknown else ends


def _and(one: Truths, other: Truths) -> Truths:
    return frozenset(
        False if False in pair else None if None in pair else True for pair in product(one, other)
    )


def _or(one: Truths, other: Truths) -> Truths:
    return frozenset(
        True if True in pair else None if None in pair else False for pair in product(one, other)
    )
