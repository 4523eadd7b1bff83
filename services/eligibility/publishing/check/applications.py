"""The applications on which a package is tried: its cases, their limits, and random ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from services.eligibility.engine import Critical, all_values
from services.eligibility.package import (
    ORDERED,
    Case,
    Fact,
    RulePackage,
    Value,
    Values,
    WhenAbsent,
    display,
    evaluate,
)

MAX_BOUNDARIES = 1_200
MIN_BOUNDARIES = 100
_EFFORT = 60_000
"""Rules evaluated in all at the boundaries: fewer applications for a large package."""


@dataclass(frozen=True)
class Application:
    """Facts, and a few French words that say where they come from."""

    facts: Values
    origin: str


def of_cases(package: RulePackage) -> tuple[Application, ...]:
    """The cases as they are."""
    return tuple(Application(case.facts, f"le cas {case.id}") for case in package.cases)


def at_boundaries(package: RulePackage, critical: Critical) -> tuple[Application, ...]:
    """Each case with one fact brought to a critical value or taken away: the whole of the first case, then a
    share of each other one, none twice."""
    if not package.cases:
        return ()
    limit = max(MIN_BOUNDARIES, min(MAX_BOUNDARIES, _EFFORT // max(1, len(package.rules))))
    seen = {_key(package, case.facts) for case in package.cases}
    first, *others = (_around(package, critical, case, turn) for turn, case in enumerate(package.cases))
    found = chain(first, (found for turn in zip_longest(*others) for found in turn if found is not None))
    return tuple(islice((one for one in found if _is_new(package, one, seen)), limit))


def around_facts(package: RulePackage, critical: Critical, names: frozenset[str]) -> Iterator[Application]:
    """Each case with one of these facts brought to a critical value or taken away."""
    for case in package.cases:
        for name in package.facts:
            if name in names:
                yield from _changes(package, critical, case, package.facts[name])


def _is_new(package: RulePackage, found: Application, seen: set[tuple[Value | None, ...]]) -> bool:
    key = _key(package, found.facts)
    if key in seen:
        return False
    seen.add(key)
    return True


def _key(package: RulePackage, facts: Values) -> tuple[Value | None, ...]:
    return tuple(facts.get(name) for name in package.facts)


def _around(package: RulePackage, critical: Critical, case: Case, turn: int) -> Iterator[Application]:
    """The facts in turn, beginning elsewhere for each case."""
    facts = list(package.facts.values())
    start = turn * 7 % len(facts)
    for fact in (*facts[start:], *facts[:start]):
        yield from _changes(package, critical, case, fact)


def _changes(package: RulePackage, critical: Critical, case: Case, fact: Fact) -> Iterator[Application]:
    current = case.facts.get(fact.name)
    values = critical.values(case.facts, fact.name)
    if fact.type.kind not in ORDERED:
        values = _representatives(package, critical, case.facts, fact.name, values)
    for value in (*values, *((None,) if fact.when_absent is not WhenAbsent.REFUSED else ())):
        if value != current:
            shown = display(value, fact.type) if value is not None else "absent"
            words = f"le cas {case.id} où « {fact.label} » est changé ({shown})"
            yield Application({**case.facts, fact.name: value}, words)


def _representatives(
    package: RulePackage, critical: Critical, given: Values, name: str, values: tuple[Value, ...]
) -> tuple[Value, ...]:
    """One value for each answer that the conditions make together."""
    leaves = critical.reach(name).leaves
    found: dict[tuple[object, ...], Value] = {}
    for value in values:
        known = all_values(package, {**given, name: value})
        found.setdefault(tuple(evaluate(leaf, known) for leaf in leaves), value)
    return tuple(found.values())
