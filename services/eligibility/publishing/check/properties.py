"""The properties of a package, tried on applications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from services.eligibility.package import Outcome, Property, RulePackage, Value, Values, evaluate
from services.eligibility.publishing.check.applications import Application


@dataclass(frozen=True)
class Tried:
    """An application and what the package makes of it."""

    application: Application
    values: Values
    outcome: Outcome


def broken_properties(package: RulePackage, tried: Sequence[Tried]) -> Iterator[tuple[Property, str]]:
    """Each property that does not hold, with a first counter-example in French."""
    for item in package.properties:
        if item.improving_fact:
            example = _worse_with_more(package, item.improving_fact, tried)
        else:
            example = _excluded(package, item, tried)
        if example:
            yield item, example


def _excluded(package: RulePackage, item: Property, tried: Iterable[Tried]) -> str:
    for one in tried:
        excluded = item.condition is not None and one.outcome in item.excluded
        if excluded and item.condition and evaluate(item.condition, one.values) is True:
            return f"{one.application.origin} donne « {_label(package, one.outcome)} »"
    return ""


def _worse_with_more(package: RulePackage, fact: str, tried: Iterable[Tried]) -> str:
    """Applications that differ by this fact alone, from the least to the most of it."""
    gravity = {rank.outcome: place for place, rank in enumerate(package.decision.ranks)}
    for family in _families(package, fact, tried).values():
        ordered: list[Any] = sorted(family.items())
        for (_, less), (_, more) in pairwise(ordered):
            if gravity.get(more.outcome, 0) < gravity.get(less.outcome, 0):
                return (
                    f"{less.application.origin} donne « {_label(package, less.outcome)} », et avec plus, "
                    f"{more.application.origin} donne « {_label(package, more.outcome)} »"
                )
    return ""


def _families(
    package: RulePackage, fact: str, tried: Iterable[Tried]
) -> Mapping[tuple[Value | None, ...], dict[Value, Tried]]:
    families: dict[tuple[Value | None, ...], dict[Value, Tried]] = {}
    others = [name for name in package.facts if name != fact]
    for one in tried:
        value = one.application.facts.get(fact)
        if value is not None:
            key = tuple(one.application.facts.get(name) for name in others)
            families.setdefault(key, {})[value] = one
    return families


def _label(package: RulePackage, outcome: Outcome) -> str:
    return next((rank.label for rank in package.decision.ranks if rank.outcome is outcome), outcome.value)
