"""What the rules of a package read: looked at once for all its applications."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from services.eligibility.engine import Critical, leaves_of
from services.eligibility.package import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Rule,
    RulePackage,
    RuleSeverity,
    facts_read,
    tree,
)

KEPT_PACKAGES = 16


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
        refusing = {rank.severity for rank in package.decision.ranks if not rank.outcome.is_presentable}
        self.refusals = tuple(rule for rule in package.rules if rule.severity in refusing)
        self.critical_of_refusals = _critical(package, self.refusals)
        severities = [rank.severity for rank in package.decision.ranks if rank.severity is not None]
        self._ranks = {severity: rank for rank, severity in enumerate(severities)}
        self.best = len(severities)

    def facts(self, names: Iterable[str]) -> frozenset[str]:
        """The facts behind these names; a parameter has none."""
        return frozenset().union(*(self._behind.get(name, frozenset()) for name in names))

    def rank(self, severity: RuleSeverity | None) -> int:
        """That of a severity."""
        return self.best if severity is None else self._ranks[severity]

    def rank_of(self, rule: Rule) -> int:
        """That of the severity of a rule."""
        return self._ranks[rule.severity]


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
