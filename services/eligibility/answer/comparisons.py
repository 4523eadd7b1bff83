"""The comparisons that make a condition true, with values, thresholds and their references."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.eligibility.answer.assessment import Comparison, Operand
from services.eligibility.engine import request_day
from services.eligibility.package import (
    BOOLEAN,
    RulePackage,
    Value,
    Values,
    ValueType,
    codes_of,
    display,
    evaluate,
    tree,
)
from services.kit.french import plural

MAX_LISTED = 5


def true_comparisons(package: RulePackage, condition: tree.Node, values: Values) -> tuple[Comparison, ...]:
    """The true leaves of a condition, in its order; none of an alternative that is not true."""
    day = request_day(values)
    leaves = _leaves(tree.push_negations(condition), values)
    return tuple(_comparison(package, leaf, values, day) for leaf in leaves)


def _leaves(node: tree.Node, values: Values) -> Iterator[tree.Node]:
    if evaluate(node, values) is not True:
        return
    if isinstance(node, tree.And | tree.Or):
        for item in node.items:
            yield from _leaves(item, values)
    else:
        yield node


def _comparison(package: RulePackage, leaf: tree.Node, values: Values, day: date) -> Comparison:
    match leaf:
        case tree.Compare(operator=operator, left=left, right=right):
            return Comparison(
                _operand(package, left, right.type, values, day),
                operator,
                _operand(package, right, left.type, values, day),
            )
        case tree.Not(item=item):
            return _comparison(package, item, values, day)
        case tree.Known(name=name):
            return Comparison(_named(package, name, values, day))
    return Comparison(_operand(package, leaf, BOOLEAN, values, day))


def _operand(package: RulePackage, node: tree.Node, other: ValueType, values: Values, day: date) -> Operand:
    """A literal is shown as its other side is: 0 as an amount, a code by its label."""
    if isinstance(node, tree.Reference):
        return _named(package, node.name, values, day)
    value = evaluate(node, values)
    type_ = ValueType(node.type.kind, other.of, other.labels) if node.type.of else other
    return Operand("", "", type_, value, display(value, type_))


def _named(package: RulePackage, name: str, values: Values, day: date) -> Operand:
    type_, value = package.scope[name], values[name]
    parameter = package.parameters.get(name)
    reference = parameter.on(day).reference if parameter else ""
    return Operand(name, package.labels.get(name, ""), type_, value, _shown(value, type_), reference)


def _shown(value: Value | None, type_: ValueType) -> str:
    """A long list is counted: its label says what it holds."""
    if len(codes_of(value)) > MAX_LISTED:
        return plural(len(codes_of(value)), "élément")
    return display(value, type_)
