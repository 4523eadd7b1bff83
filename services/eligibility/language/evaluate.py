"""The reference evaluator: Kleene's three values, exact arithmetic. None is unknown, or without meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from services.eligibility.language import tree
from services.eligibility.language.functions import FUNCTIONS
from services.eligibility.language.types import Kind, Value, Values

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
    match node:
        case tree.Literal(value=value):
            return value
        case tree.Reference(name=name):
            return values[name]
        case tree.Known(name=name):
            return values[name] is not None
        case tree.Not(item=item):
            result = evaluate(item, values)
            return None if result is None else not result
        case tree.And(items=items):
            return _kleene((evaluate(item, values) for item in items), decisive=False)
        case tree.Or(items=items):
            return _kleene((evaluate(item, values) for item in items), decisive=True)
        case tree.Compare(operator=operator, left=left, right=right):
            return _apply(_COMPARE[operator], (left, right), values)
        case tree.Arithmetic():
            return _arithmetic(node, values)
    return _apply(FUNCTIONS[node.function].body, node.arguments, values)


def _apply(
    function: Callable[..., Value | None], operands: tuple[tree.Node, ...], values: Values
) -> Value | None:
    found = [evaluate(operand, values) for operand in operands]
    return None if None in found else function(*found)


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
