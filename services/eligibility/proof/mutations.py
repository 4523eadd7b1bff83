"""Every change of one token that an author could make without meaning to: an operator, a condition dropped, a
severity, an orientation, a sign, one more or one less in a value, one day, one item of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from types import MappingProxyType

from services.eligibility.engine import written
from services.eligibility.package import (
    DatedValue,
    Kind,
    Parameter,
    Rule,
    RulePackage,
    RuleSeverity,
    Value,
    display,
    tree,
)
from services.kit.dates import ONE_DAY, Period
from services.kit.findings import Place
from services.kit.french import long_date

_OTHERS = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
    "in": ("not in",),
    "not in": ("in",),
}


@dataclass(frozen=True)
class Mutation:
    """A package changed by one token, where and how; `name` is the rule, the parameter or the calculation."""

    package: RulePackage
    place: Place
    name: str
    told: str


def mutations(package: RulePackage) -> Iterator[Mutation]:
    """All of them, in the order of the files."""
    for name, parameter in package.parameters.items():
        yield from _of_parameter(package, name, parameter)
    for name, derived in package.derived.items():
        for node in _changed(derived.expression):
            changed = MappingProxyType({**package.derived, name: replace(derived, expression=node)})
            told = f"« {written(derived.expression)} » devient « {written(node)} »"
            place = package.place("derived.yaml", name, "value")
            yield Mutation(replace(package, derived=changed), place, name, told)
    for rule in package.rules:
        yield from _of_rule(package, rule)


def _of_rule(package: RulePackage, rule: Rule) -> Iterator[Mutation]:
    for node in _changed(rule.condition):
        told = f"« {written(rule.condition)} » devient « {written(node)} »"
        yield _with_rule(package, rule, "when", replace(rule, condition=node), told)
    if rule.orientation_condition is not None:
        for node in _changed(rule.orientation_condition):
            told = f"« {written(rule.orientation_condition)} » devient « {written(node)} »"
            changed = replace(rule, orientation_condition=node)
            yield _with_rule(package, rule, "orientation_when", changed, told)
        changed = replace(rule, orientation_condition=None)
        yield _with_rule(package, rule, "orientation_when", changed, "la condition d’orientation est retirée")
    if rule.orientation:
        changed = replace(rule, orientation="", orientation_condition=None)
        yield _with_rule(
            package, rule, "orientation", changed, f"l’orientation {rule.orientation} est retirée"
        )
    for severity in RuleSeverity:
        if severity is not rule.severity:
            changed = replace(rule, severity=severity)
            yield _with_rule(
                package, rule, "severity", changed, f"« {rule.severity.value} » devient « {severity.value} »"
            )
    for key, moved in _moved(rule.validity, package.identity.validity):
        told = f"{key} avance ou recule d’un jour ({moved})"
        yield _with_rule(package, rule, key, replace(rule, validity=moved), told)


def _moved(validity: Period, whole: Period) -> Iterator[tuple[str, Period]]:
    if validity.first > whole.first:
        yield "valid_from", replace(validity, first=validity.first - ONE_DAY)
        if validity.first != validity.last:
            yield "valid_from", replace(validity, first=validity.first + ONE_DAY)
    if validity.last is not None and validity.last != whole.last:
        yield "valid_until", replace(validity, last=validity.last + ONE_DAY)
        if validity.first != validity.last:
            yield "valid_until", replace(validity, last=validity.last - ONE_DAY)


def _with_rule(package: RulePackage, rule: Rule, key: str, changed: Rule, told: str) -> Mutation:
    rules = tuple(changed if one is rule else one for one in package.rules)
    return Mutation(replace(package, rules=rules), package.place("rules.yaml", rule.id, key), rule.id, told)


def _of_parameter(package: RulePackage, name: str, parameter: Parameter) -> Iterator[Mutation]:
    for rank, dated in enumerate(parameter.values):
        if not dated.period.overlaps(package.identity.validity):
            continue
        for value, told in _near(dated.value, parameter):
            values = (*parameter.values[:rank], replace(dated, value=value), *parameter.values[rank + 1 :])
            when = f" (à partir du {long_date(dated.period.first)})" if len(parameter.values) > 1 else ""
            yield _with_values(package, parameter, values, told + when)
        if rank and dated.period.first > package.identity.validity.first:
            for step in (ONE_DAY, -ONE_DAY):
                first = dated.period.first + step
                yield _with_values(
                    package,
                    parameter,
                    _from(parameter, rank, first),
                    f"le {long_date(dated.period.first)} devient le {long_date(first)}",
                )


def _from(parameter: Parameter, rank: int, first: date) -> tuple[DatedValue, ...]:
    """The values, where one begins on another day, and the one before it ends on its eve."""
    before, after = parameter.values[rank - 1], parameter.values[rank]
    return (
        *parameter.values[: rank - 1],
        replace(before, period=replace(before.period, last=first - ONE_DAY)),
        replace(after, period=replace(after.period, first=first)),
        *parameter.values[rank + 1 :],
    )


def _near(value: Value, parameter: Parameter) -> Iterator[tuple[Value, str]]:
    match value:
        case bool():
            yield not value, f"« {str(value).lower()} » devient « {str(not value).lower()} »"
        case tuple():
            for code in value:
                label = parameter.type.labels.get(code, code)
                yield tuple(one for one in value if one != code), f"« {label} » ({code}) est retiré"
        case int() | Fraction():
            unit = 1 if parameter.type.kind is not Kind.PERCENT else Fraction(1)
            for near in (value + unit, value - unit):
                if near >= 0 or value < 0:
                    yield (
                        near,
                        f"« {display(value, parameter.type)} » devient « {display(near, parameter.type)} »",
                    )
        case date():
            for day in (value + ONE_DAY, value - ONE_DAY):
                yield day, f"le {long_date(value)} devient le {long_date(day)}"


def _with_values(
    package: RulePackage, parameter: Parameter, values: tuple[DatedValue, ...], told: str
) -> Mutation:
    changed: Mapping[str, Parameter] = {
        **package.parameters,
        parameter.name: replace(parameter, values=values),
    }
    place = package.place("parameters.yaml", parameter.name, "values")
    return Mutation(replace(package, parameters=MappingProxyType(changed)), place, parameter.name, told)


def _changed(node: tree.Node) -> Iterator[tree.Node]:
    """The expression with one token changed."""
    match node:
        case tree.Compare(operator=operator, left=left, right=right):
            yield from (replace(node, operator=other) for other in _OTHERS[operator])
            yield from (replace(node, left=changed) for changed in _changed(left))
            yield from (replace(node, right=changed) for changed in _changed(right))
        case tree.Not(item=item):
            yield item
            yield from (tree.Not(changed) for changed in _changed(item))
        case tree.And(items=items) | tree.Or(items=items):
            yield tree.Or(items) if isinstance(node, tree.And) else tree.And(items)
            for rank, item in enumerate(items):
                rest = (*items[:rank], *items[rank + 1 :])
                yield rest[0] if len(rest) == 1 else replace(node, items=rest)
                yield from (
                    replace(node, items=(*items[:rank], one, *items[rank + 1 :])) for one in _changed(item)
                )
        case tree.Arithmetic(operator=operator, left=left, right=right):
            if operator in "+-":
                yield replace(node, operator="-" if operator == "+" else "+")
            yield from (replace(node, left=changed) for changed in _changed(left))
            yield from (replace(node, right=changed) for changed in _changed(right))
        case tree.Call(arguments=arguments):
            for rank, argument in enumerate(arguments):
                for changed in _changed(argument):
                    yield replace(node, arguments=(*arguments[:rank], changed, *arguments[rank + 1 :]))
        case tree.Literal(value=tuple() as codes) if len(codes) > 1:
            yield from (replace(node, value=tuple(one for one in codes if one != code)) for code in codes)
