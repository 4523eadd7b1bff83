"""Where two packages answer differently, over everything that an application may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.eligibility.package import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Parameter,
    RequiredDocuments,
    Rule,
    RulePackage,
    names,
)
from services.eligibility.proof.solver import solver
from services.eligibility.proof.terms import Model
from services.kit.dates import Period


def touched(base: RulePackage, candidate: RulePackage, period: Period | None = None) -> frozenset[str]:
    """The names that do not mean the same in both, on some day or over a period where no value changes."""
    both = (base, candidate)
    facts = {name: [package.facts.get(name) for package in both] for name in (*base.facts, *candidate.facts)}
    found = {name for name, (one, other) in facts.items() if one != other}
    for name in {*base.parameters, *candidate.parameters}:
        values = [_values(package.parameters.get(name), period) for package in both]
        found |= {name} if values[0] != values[1] else set()
    asked = [fact.type.asked_when for pairs in facts.values() for fact in pairs if fact]
    if found & {*facts, *(name for node in asked if node for name in names(node))}:
        found.add(MISSING_FACTS)
    required = [package.decision.required_documents for package in both]
    read = {name for one in (*required[0], *required[1]) for name in _read_by(one)}
    found |= {REQUIRED_DOCUMENTS} if required[0] != required[1] or found & read else set()
    for name in (*base.derived, *candidate.derived):
        nodes = [package.derived[name].expression for package in both if name in package.derived]
        if len(nodes) < len(both) or nodes[0] != nodes[1] or found & set(names(nodes[0])):
            found.add(name)
    return frozenset(found)


def _values(parameter: Parameter | None, period: Period | None) -> object:
    if parameter is None or period is None:
        return parameter and parameter.values
    return parameter.on(period.first).value


def _read_by(required: RequiredDocuments) -> Iterator[str]:
    yield required.parameter
    yield from names(required.condition) if required.condition is not None else ()


def reads(rule: Rule, changed: frozenset[str]) -> bool:
    """Whether a condition of a rule, or of its orientation, reads one of these names."""
    conditions = (rule.condition, rule.orientation_condition)
    return any(name in changed for node in conditions if node for name in names(node))


def pair(base: RulePackage, candidate: RulePackage, period: Period) -> tuple[Model, Model, frozenset[str]]:
    """A model of each, on the same applications, and the names that they do not share."""
    changed = touched(base, candidate, period)
    first = Model(base, period)
    return first, Model(candidate, period, first, changed), changed


def parts(base: Model, candidate: Model, changed: frozenset[str]) -> Iterator[Any]:
    """The conditions under which something that a case sees is not the same: each is one difference."""
    z3 = solver()
    for code in dict.fromkeys(rule.code for model in (base, candidate) for rule in model.package.rules):
        sides = [
            [rule for rule in model.package.rules if rule.code == code and model.in_force(rule)]
            for model in (base, candidate)
        ]
        if _same(sides[0], sides[1], changed):
            continue
        truths = [
            z3.Or(*(model.rule(rule) for rule in rules))
            for model, rules in zip((base, candidate), sides, strict=True)
        ]
        yield truths[0] != truths[1]
        yield from _orientations(base, candidate, sides[0], sides[1])
    for name, derived in base.package.derived.items():
        if derived.is_figure and name in changed and name in candidate.package.derived:
            yield from _figure(base, candidate, name)
    outcomes = base.outcomes(), candidate.outcomes()
    yield z3.Or(
        *(outcomes[0][outcome] != outcomes[1][outcome] for outcome in outcomes[0] if outcome in outcomes[1])
    )


def _same(base: list[Rule], candidate: list[Rule], changed: frozenset[str]) -> bool:
    if [content(rule) for rule in base] != [content(rule) for rule in candidate]:
        return False
    return not any(reads(rule, changed) for rule in base)


def content(rule: Rule) -> tuple[object, ...]:
    """What a rule says to the evaluators, its sentences left out."""
    return rule.severity, rule.condition, rule.orientation, rule.orientation_condition


def _orientations(base: Model, candidate: Model, before: list[Rule], after: list[Rule]) -> Iterator[Any]:
    z3 = solver()
    for orientation in filter(None, dict.fromkeys(rule.orientation for rule in (*before, *after))):
        yield _called(z3, base, orientation) != _called(z3, candidate, orientation)


def _called(z3: Any, model: Model, orientation: str) -> Any:
    rules = [rule for rule in model.package.rules if rule.orientation == orientation]
    return z3.Or(
        *(
            z3.And(
                model.rule(rule),
                *([model.true(rule.orientation_condition)] if rule.orientation_condition else []),
            )
            for rule in rules
        )
    )


def _figure(base: Model, candidate: Model, name: str) -> Iterator[Any]:
    z3 = solver()
    one, other = base.name(name), candidate.name(name)
    yield one.known != other.known
    if isinstance(one.value, dict):
        codes = dict.fromkeys((*one.value, *other.value))
        differ = [
            one.value.get(code, z3.BoolVal(False)) != other.value.get(code, z3.BoolVal(False))
            for code in codes
        ]
        yield z3.And(one.known, other.known, z3.Or(*differ))
    else:
        value = [getattr(side.value, "order", side.value) for side in (one, other)]
        yield z3.And(one.known, other.known, value[0] != value[1])
