"""Which rules read which facts, directly or through calculations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from services.eligibility.package.facts import WhenAbsent
from services.eligibility.package.language.tree import names
from services.eligibility.package.model import MISSING_FACTS, REQUIRED_DOCUMENTS, RulePackage


def rules_by_fact(package: RulePackage, day: date) -> dict[str, tuple[str, ...]]:
    """For each fact, the codes of the rules in force on a day that read it, in their order."""
    codes: dict[str, dict[str, None]] = {name: {} for name in package.facts}
    for rule in package.rules:
        if day in rule.validity:
            for name in facts_read(package, names(rule.condition)):
                codes[name][rule.code] = None
    return {name: tuple(found) for name, found in codes.items()}


def facts_read(package: RulePackage, read: Iterable[str]) -> frozenset[str]:
    """The facts behind names of facts, parameters and calculations."""
    found: set[str] = set()
    for name in read:
        if name in package.facts:
            found.add(name)
        else:
            found |= facts_read(package, _behind(package, name))
    return frozenset(found)


def _behind(package: RulePackage, name: str) -> Iterator[str]:
    """The names that a name which is not a fact is made of; none for a parameter."""
    if name in package.derived:
        yield from names(package.derived[name].expression)
    elif name == MISSING_FACTS:
        yield from (fact.name for fact in package.facts.values() if fact.when_absent is WhenAbsent.MISSING)
    elif name == REQUIRED_DOCUMENTS:
        for required in package.decision.required_documents:
            if required.condition is not None:
                yield from names(required.condition)
