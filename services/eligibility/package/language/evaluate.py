"""The reference evaluator: Kleene's three values, exact arithmetic. None is unknown, or without meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from services.eligibility.package.language import tree
from services.eligibility.package.language.functions import FUNCTIONS
from services.eligibility.package.language.types import Kind, Value, Values

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "in": lambda left, right: left in right,
    "not in": lambda left, right: left not in right,
}
_HUNDRED = 100


def evaluate(node: tree.Node, values: Values) -> Value | None:
    """The value of an expression; a condition is True, False or None."""
    return _EVALUATORS[type(node)](node, values)


def _not(node: tree.Not, values: Values) -> bool | None:
    result = evaluate(node.item, values)
    return None if result is None else not result


def _compare(node: tree.Compare, values: Values) -> bool | None:
    left, right = evaluate(node.left, values), evaluate(node.right, values)
    return None if left is None or right is None else _COMPARE[node.operator](left, right)


def _call(node: tree.Call, values: Values) -> Value | None:
    found = [evaluate(argument, values) for argument in node.arguments]
    return None if None in found else FUNCTIONS[node.function].body(*found)


def _kleene(results: Iterable[Value | None], *, decisive: bool) -> bool | None:
    """`decisive` settles the whole, whatever is unknown beside it."""
    unknown = False
    for result in results:
        if result is decisive:
            return decisive
        unknown = unknown or result is None
    return None if unknown else not decisive


def _arithmetic(node: tree.Arithmetic, values: Values) -> int | Fraction | None:
    left, right = evaluate(node.left, values), evaluate(node.right, values)
    if not isinstance(left, int | Fraction) or not isinstance(right, int | Fraction):
        return None
    match node.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "/":
            return None if right == 0 else Fraction(left) / right
    percent_of_money = {node.left.type.kind, node.right.type.kind} == {Kind.PERCENT, Kind.MONEY}
    return Fraction(left * right) / _HUNDRED if percent_of_money else left * right


# By type: a `match` tries its classes one after the other, and this is where a check spends its time.
_EVALUATORS: dict[type[tree.Node], Callable[[Any, Values], Value | None]] = {
    tree.Literal: lambda node, values: node.value,
    tree.Reference: lambda node, values: values[node.name],
    tree.Known: lambda node, values: values[node.name] is not None,
    tree.Not: _not,
    tree.And: lambda node, values: _kleene((evaluate(item, values) for item in node.items), decisive=False),
    tree.Or: lambda node, values: _kleene((evaluate(item, values) for item in node.items), decisive=True),
    tree.Compare: _compare,
    tree.Arithmetic: _arithmetic,
    tree.Call: _call,
}
