"""The applications on which a package is tried: its cases, their limits, and random ones of the right types,
always the same for the same package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import chain, islice, zip_longest
from random import Random
from typing import Any

from services.eligibility.engine import Critical, all_values, request_day
from services.eligibility.package import (
    ORDERED,
    Case,
    Fact,
    Kind,
    RulePackage,
    Value,
    Values,
    WhenAbsent,
    check_facts,
    display,
    evaluate,
)

MAX_BOUNDARIES = 1_200
MIN_BOUNDARIES = 100
_EFFORT = 60_000
"""Rules evaluated in all at the boundaries: fewer applications for a large package."""
RANDOM_COUNT = 200
_TRIES = 20
_ABSENT = 0.12
_FROM_CASE = 0.35
"""Shares of the facts that are absent, or as in a case."""


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


def at_random(package: RulePackage, critical: Critical, count: int = RANDOM_COUNT) -> tuple[Application, ...]:
    """As many as asked, or fewer when the domains hardly let any be drawn; when a property says that more of
    a fact is never worse, half of them are another one with more of it."""
    draw = _Draw(package, critical)
    improving = [item.improving_fact for item in package.properties if item.improving_fact]
    found: list[Application] = []
    for number in range(1, count + 1):
        more = improving[number // 2 % len(improving)] if improving and not number % 2 else ""
        facts = draw.with_more(found[-1].facts, more) if more and found else draw.application()
        if facts is not None:
            found.append(Application(facts, f"une demande au hasard (n° {number})"))
    return tuple(found)


class _Draw:
    """Draws facts within their domains."""

    def __init__(self, package: RulePackage, critical: Critical) -> None:
        self._package, self._critical = package, critical
        self._random = Random(package.digest)  # noqa: S311 - reproducible on purpose

    def application(self) -> Values | None:
        """An acceptable application, or None after a few tries."""
        for _ in range(_TRIES):
            base = self._random.choice(self._package.cases).facts if self._package.cases else {}
            facts: dict[str, Value | None] = {"request_date": self._request_date(base)}
            for fact in self._package.facts.values():
                if fact.name != "request_date":
                    facts[fact.name] = self._value(fact, base, request_day(facts))
            if not check_facts(self._package.facts, facts):
                return facts
        return None

    def with_more(self, facts: Values, name: str) -> Values | None:
        """The same application with more of a fact, or None when that is not acceptable."""
        current: Any = facts.get(name)
        fact = self._package.facts[name]
        if current is None:
            return None
        more = current + (timedelta(1) if fact.type.kind is Kind.DATE else abs(self._whole(fact)) or 1)
        changed = {**facts, name: more if fact.maximum is None else min(more, fact.maximum)}
        return None if check_facts(self._package.facts, changed) else changed

    def _request_date(self, base: Values) -> date:
        validity = self._package.identity.validity
        if base and self._random.random() < _FROM_CASE:
            return request_day(base)
        last = validity.last or max(validity.first, date(2030, 12, 31))
        return self._day(validity.first, last)

    def _value(self, fact: Fact, base: Values, day: date) -> Value | None:
        if fact.when_absent is not WhenAbsent.REFUSED and self._random.random() < _ABSENT:
            return None
        given = base.get(fact.name)
        if given is not None and self._random.random() < _FROM_CASE:
            return given
        return self._drawn(fact, base, day)

    def _drawn(self, fact: Fact, base: Values, day: date) -> Value | None:
        match fact.type.kind:
            case Kind.DATE:
                first: Any = fact.minimum or day - timedelta(30_000)
                last: Any = fact.maximum or day + timedelta(3_000)
                return self._day(first, min(last, day) if fact.not_in_future else last)
            case Kind.CODES:
                return tuple(code for code in fact.type.labels if self._random.random() < 0.5)
            case Kind.MONEY | Kind.INTEGER:
                return self._whole(fact)
            case Kind.PERCENT:
                return Fraction(self._whole(fact, 100), 100)
        choices = self._critical.values(base or {"request_date": day}, fact.name)
        return self._random.choice(choices) if choices else None

    def _whole(self, fact: Fact, unit: int = 1) -> int:
        """A whole number of the domain: any length is as likely."""
        low: Any = fact.minimum if fact.minimum is not None else -1_000_000
        high: Any = fact.maximum if fact.maximum is not None else 10_000_000
        span = int((high - low) * unit)
        bits = self._random.randint(0, span.bit_length())
        return int(low * unit) + min(self._random.randint(0, 2**bits), span)

    def _day(self, first: date, last: date) -> date:
        return first + timedelta(self._random.randint(0, max(0, (last - first).days)))
