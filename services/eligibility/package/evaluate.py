"""The functions of the language, and its three-valued evaluation: unknown is never zero, never false."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from services.eligibility.loan import constant_instalment, half_up
from services.eligibility.package import tree
from services.eligibility.package.tree import DATE, INTEGER, MONEY, PERCENT, Kind, Value, Values, ValueType
from services.kit.dates import add_months, age_on

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


@dataclass(frozen=True)
class Function:
    """A function; `result` is None when it has the type of the first argument."""

    parameters: tuple[Kind, ...]
    result: ValueType | None
    body: Callable[..., Value | None]


def _age(birth: date, day: date) -> int | None:
    return age_on(birth, day) if birth <= day else None


def _later(day: date, months: int) -> date | None:
    try:
        return add_months(day, months)
    except (ValueError, OverflowError):
        return None


def _instalment(amount: Fraction | int, months: int, rate: Fraction | int) -> int | None:
    if amount < 0 or months < 1 or rate < 0:
        return None
    return constant_instalment(amount, months, rate)


def _share(part: Fraction | int, whole: Fraction | int) -> Fraction | None:
    return None if whole == 0 else Fraction(part) * 100 / Fraction(whole)


def _missing_items(required: tuple[str, ...], supplied: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for code in required if code not in supplied)


FUNCTIONS = {
    "age": Function((Kind.DATE, Kind.DATE), INTEGER, _age),
    "add_months": Function((Kind.DATE, Kind.INTEGER), DATE, _later),
    "instalment": Function((Kind.MONEY, Kind.INTEGER, Kind.PERCENT), MONEY, _instalment),
    "share_pct": Function((Kind.MONEY, Kind.MONEY), PERCENT, _share),
    "missing_items": Function((Kind.CODES, Kind.CODES), None, _missing_items),
    "count": Function((Kind.CODES,), INTEGER, len),
    "round_cents": Function((Kind.MONEY,), MONEY, half_up),
}
"""By name. A function gives None where its result has no meaning; it is not called when an argument is
unknown."""


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


def _or_zero(node: tree.OrZero, values: Values) -> Value | None:
    value = evaluate(node.item, values)
    return 0 if value is None and evaluate(node.asked_when, values) is False else value


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
    tree.OrZero: _or_zero,
}
