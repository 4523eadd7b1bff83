"""From the typed tree of a rule to the condition of durable_rules, over the columns of one row.

Thresholds are compared there, between fields of one fact (`{"$gt": {"loan_amount": {"$m": "amount_max"}}}`).
Columns hold what the engine may compare, as integers that fit 2^53. A comparison with the field of an absent
column is always true in durable_rules, so that every column is always present; a value that may be unknown
goes with a `…__known` column, which its comparisons also test. Exact fractions are brought to a common
denominator, two by two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from math import lcm, prod
from typing import Any

from services.eligibility.engine.native import Condition
from services.eligibility.package import Kind, RulePackage, Value, Values, codes_of, tree

NO_CODE = -1
_WHOLE_KINDS = (Kind.INTEGER, Kind.DATE, Kind.CODE, Kind.BOOLEAN)
_WHOLE_FUNCTIONS = ("instalment", "round_cents")

Column = Callable[[Values], int]
"""Computes one integer of the row from all the values."""
MAX_EXPANDED_CODES = 8
"""A longer list is tested by one column, its membership computed beside."""
_OPERATORS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def flat(name: str) -> str:
    """A name without its dot: `loan.amount` is the column `loan_amount`."""
    return name.replace(".", "_")


class Columns:
    """The columns that the conditions of a package need, by name."""

    def __init__(self, package: RulePackage) -> None:
        self._package = package
        self.all: dict[str, Column] = {}
        codes = {code for fact in package.facts.values() for code in fact.type.labels}
        self._numbers = {code: number for number, code in enumerate(sorted(codes), start=1)}

    def may_be_unknown(self, name: str) -> bool:
        """True for a fact that may be absent and for any calculation."""
        fact = self._package.facts.get(name)
        return name in self._package.derived if fact is None else fact.may_be_unknown

    def whole(self, node: tree.Node) -> bool:
        """True when the value is an integer whatever the facts."""
        if isinstance(node, tree.Literal):
            return True
        if isinstance(node, tree.Reference):
            derived = self._package.derived.get(node.name)
            whole = node.type.kind in (*_WHOLE_KINDS, Kind.MONEY)
            return whole and (derived is None or self.whole(derived.expression))
        if isinstance(node, tree.Arithmetic):
            percent = Kind.PERCENT in (node.left.type.kind, node.right.type.kind)
            return node.operator != "/" and not percent and self.whole(node.left) and self.whole(node.right)
        if isinstance(node, tree.OrZero):
            return self.whole(node.item)
        if isinstance(node, tree.Call):
            return node.function in _WHOLE_FUNCTIONS or node.type.kind in _WHOLE_KINDS
        return True

    def code(self, code: str) -> int:
        """The number that stands for a code."""
        return self._numbers[code]

    def value(self, name: str) -> str:
        """Column of a whole value; 0 when it is unknown."""
        return self._add(flat(name), lambda values: self._integer(values[name]))

    def known(self, name: str) -> str:
        """Column that is 1 when the value exists."""
        return self._add(f"{flat(name)}__known", lambda values: int(values[name] is not None))

    def versus(self, name: str, other: str | None) -> str:
        """Column of a fraction, on the denominator that it shares with another value (none: with an
        integer)."""

        def scaled(values: Values) -> int:
            # a/b against c/d is a·(m/b) against c·(m/d), m the common denominator: two integers that
            # compare as the fractions do, and as small as they can be under the 2^53 of the engine.
            value, opposite = (_fraction(values[key]) if key else Fraction(0) for key in (name, other))
            return int(value * lcm(value.denominator, opposite.denominator))

        return self._add(f"{flat(name)}__versus__{flat(other or '0')}", scaled)

    def member(self, name: str, listed: str) -> str:
        """Column that is 1 when a code or text is in a list too long, or too open, to be compared code by
        code."""
        return self._add(
            f"{flat(name)}__in__{flat(listed)}", lambda values: int(values[name] in codes_of(values[listed]))
        )

    def has_code(self, code: str, listed: str) -> str:
        """Column that is 1 when a list holds a code."""
        return self._add(
            f"{flat(listed)}__has__{flat(code)}", lambda values: int(code in codes_of(values[listed]))
        )

    def slot(self, listed: str, index: int) -> str:
        """Column of the n-th code of a dated list; NO_CODE beyond its end."""

        def number(values: Values) -> int:
            codes = codes_of(values[listed])
            return self._numbers[codes[index]] if index < len(codes) else NO_CODE

        return self._add(f"{flat(listed)}__{index}", number)

    def _add(self, name: str, column: Column) -> str:
        self.all.setdefault(name, column)
        return name

    def _integer(self, value: Value | None) -> int:
        match value:
            case str():
                return self._numbers[value]
            case date():
                return value.toordinal()
            case int() | Fraction():
                return int(value)
        return 0


def row(columns: Mapping[str, Column], values: Values) -> dict[str, int]:
    """The integers of one application."""
    return {name: column(values) for name, column in columns.items()}


def _fraction(value: Value | None) -> Fraction:
    return Fraction(value) if isinstance(value, int | Fraction) else Fraction(0)


class ConditionWriter:
    """Writes the conditions of a package, adding to `columns` what they compare."""

    def __init__(self, package: RulePackage) -> None:
        self._package = package
        self.columns = Columns(package)

    def write(self, condition: tree.Node) -> Condition:
        """The condition that holds exactly when the expression is true (neither false nor unknown)."""
        return self._write(tree.push_negations(condition))

    def _write(self, node: tree.Node) -> Condition:
        match node:
            case tree.And(items=items):
                return _group("$and", [self._write(item) for item in items])
            case tree.Or(items=items):
                return _group("$or", [self._write(item) for item in items])
            case tree.Not(item=item):
                return self._truth(item, 0)
            case tree.Compare(operator="in" | "not in"):
                return self._membership(node)
            case tree.Compare():
                return self._comparison(node)
        return self._truth(node, 1)

    def _truth(self, node: tree.Node, expected: int) -> Condition:
        if isinstance(node, tree.Known):
            return {self.columns.known(node.name): expected}
        return self._guarded([node], {self.columns.value(_reference(node).name): expected})

    def _guarded(self, operands: list[tree.Node], condition: Condition) -> Condition:
        """The condition, and that its operands are known."""
        guards: list[Condition] = [
            {self.columns.known(operand.name): 1}
            for operand in operands
            if isinstance(operand, tree.Reference) and self.columns.may_be_unknown(operand.name)
        ]
        return _group("$and", [*guards, condition])

    def _comparison(self, node: tree.Compare) -> Condition:
        left, right, operator = node.left, node.right, node.operator
        if isinstance(left, tree.Literal):
            left, right, operator = right, left, _MIRROR[operator]
        left = _reference(left)
        if isinstance(right, tree.Literal):
            whole = self.columns.whole(left)
            field = self.columns.value(left.name) if whole else self.columns.versus(left.name, None)
            return self._guarded([left], _compare(operator, field, self._constant(right)))
        right = _reference(right)
        if self.columns.whole(left) and self.columns.whole(right):
            fields = self.columns.value(left.name), self.columns.value(right.name)
        else:
            fields = self.columns.versus(left.name, right.name), self.columns.versus(right.name, left.name)
        return self._guarded([left, right], _compare(operator, fields[0], {"$m": fields[1]}))

    def _constant(self, literal: tree.Literal) -> int:
        value = literal.value
        return value if isinstance(value, int) else self.columns.code(str(value))

    def _membership(self, node: tree.Compare) -> Condition:
        """A short list of codes is compared code by code; text and long lists by one column."""
        left, right, positive = node.left, node.right, node.operator == "in"
        if isinstance(left, tree.Literal):
            column = self.columns.has_code(str(left.value), _reference(right).name)
            return self._guarded([right], {column: int(positive)})
        left = _reference(left)
        alternatives = self._alternatives(left, right)
        if alternatives is None:
            column = self.columns.member(left.name, _reference(right).name)
            return self._guarded([left, right], {column: int(positive)})
        field = self.columns.value(left.name)
        tests = [_compare("==" if positive else "!=", field, code) for code in alternatives]
        return self._guarded([left], _group("$or" if positive else "$and", tests))

    def _alternatives(self, left: tree.Reference, right: tree.Node) -> list[object] | None:
        """What the code is compared with, or None when the list is not compared code by code."""
        if left.type.kind is not Kind.CODE:
            return None
        if isinstance(right, tree.Literal):
            return [self.columns.code(code) for code in codes_of(right.value)]
        parameter = self._package.parameters.get(right.name) if isinstance(right, tree.Reference) else None
        if parameter is None:
            return None
        longest = max(len(codes_of(dated.value)) for dated in parameter.values)
        if longest > MAX_EXPANDED_CODES:
            return None
        # As many slots as the longest of the dated lists; NO_CODE, which no code has, fills those of the
        # others.
        return [{"$m": self.columns.slot(parameter.name, index)} for index in range(longest)] or [NO_CODE]


def _reference(node: tree.Node) -> tree.Reference:
    """The node as a name: what the type checker and `push_negations` leave beside constants."""
    if not isinstance(node, tree.Reference):
        raise TypeError(type(node).__name__)
    return node


def leaves(condition: Condition) -> int:
    """Number of comparisons."""
    return sum(map(leaves, _items(condition))) or 1


def groups(condition: Condition) -> int:
    """Number of `$and` and `$or` groups."""
    items = _items(condition)
    return sum(map(groups, items)) + bool(items)


def alternatives(condition: Condition) -> int:
    """Upper bound of the firings of a rule: one for each combination of true alternatives."""
    items = _items(condition)
    counts = [alternatives(item) for item in items]
    return sum(counts) if "$or" in condition else prod(counts)


def _items(condition: Condition) -> list[Any]:
    found: Any = condition.get("$and") or condition.get("$or") or []
    return list(found)


def _group(operator: str, items: list[Condition]) -> Condition:
    """One group; nested groups of the same operator are merged."""
    flattened: list[Condition] = []
    for item in items:
        nested: Any = item.get(operator)
        flattened += nested if nested is not None else [item]
    return flattened[0] if len(flattened) == 1 else {operator: flattened}


def _compare(operator: str, field: str, threshold: object) -> Condition:
    if operator == "==":
        return {field: threshold}
    return {_OPERATORS[operator]: {field: threshold}}
