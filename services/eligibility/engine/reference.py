"""The second opinion: the rules that the three-valued reference evaluator finds true."""

from __future__ import annotations

from services.eligibility.package import RulePackage, Values, evaluate


def true_rules(package: RulePackage, values: Values) -> frozenset[str]:
    """Ids of the rules whose condition is true, neither false nor unknown."""
    return frozenset(rule.id for rule in package.rules if evaluate(rule.condition, values) is True)
