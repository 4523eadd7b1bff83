"""Where two packages answer differently, over everything that an application may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.eligibility.package import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Rule,
    RulePackage,
    names,
    tree,
)
from services.eligibility.proof.solver import solver
from services.eligibility.proof.terms import Model
from services.kit.dates import Period


def touched(base: RulePackage, candidate: RulePackage, period: Period) -> frozenset[str]:
    """The names that do not mean the same in both, over a period where no value changes."""
    both = (base, candidate)
    facts = {name: [package.facts.get(name) for package in both] for name in (*base.facts, *candidate.facts)}
    found = {name for name, (one, other) in facts.items() if one != other}
    found |= {MISSING_FACTS} if found else set()
    for name in {*base.parameters, *candidate.parameters}:
        known = [package.parameters.get(name) for package in both]
        values = [parameter.on(period.first).value if parameter else None for parameter in known]
        found |= {name} if values[0] != values[1] else set()
    required = [package.decision.required_documents for package in both]
    read = {name for one in (*required[0], *required[1]) for name in _read_by(one)}
    found |= {REQUIRED_DOCUMENTS} if required[0] != required[1] or found & read else set()
    for name in (*base.derived, *candidate.derived):
        nodes = [package.derived[name].expression for package in both if name in package.derived]
        if len(nodes) < len(both) or nodes[0] != nodes[1] or found & set(names(nodes[0])):
            found.add(name)
    return frozenset(found)


def _read_by(required: Any) -> Iterator[str]:
    yield required.parameter
    yield from names(required.condition) if required.condition is not None else ()


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
    if [_content(rule) for rule in base] != [_content(rule) for rule in candidate]:
        return False
    read = {name for rule in base for node in _conditions(rule) for name in names(node)}
    return not read & changed


def _content(rule: Rule) -> tuple[object, ...]:
    return rule.severity, rule.condition, rule.orientation, rule.orientation_condition


def _conditions(rule: Rule) -> Iterator[tree.Node]:
    yield rule.condition
    if rule.orientation_condition is not None:
        yield rule.orientation_condition


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
