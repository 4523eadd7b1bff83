"""From the typed tree of a rule to the condition of durable_rules: thresholds are compared there, between
fields of one fact (`{"$gt": {"loan_amount": {"$m": "amount_max"}}}`)."""

from __future__ import annotations

from math import prod
from typing import Any

from services.eligibility.engine.columns import NO_CODE, Columns
from services.eligibility.engine.native import Condition
from services.eligibility.package import Kind, RulePackage, codes_of, tree

MAX_EXPANDED_CODES = 8
"""A longer list is tested by one column, its membership computed beside."""

_OPERATORS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


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
        assert isinstance(node, tree.Reference)  # noqa: S101 - what push_negations leaves
        return self._guarded([node], {self.columns.value(node.name): expected})

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
        assert isinstance(left, tree.Reference)  # noqa: S101 - the type checker refuses two constants
        if isinstance(right, tree.Literal):
            whole = self.columns.whole(left)
            field = self.columns.value(left.name) if whole else self.columns.versus(left.name, None)
            return self._guarded([left], _compare(operator, field, self._constant(right)))
        assert isinstance(right, tree.Reference)  # noqa: S101 - a rule compares names and constants
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
            assert isinstance(right, tree.Reference)  # noqa: S101 - the type checker refuses two constants
            return self._guarded([right], {self.columns.has_code(str(left.value), right.name): int(positive)})
        assert isinstance(left, tree.Reference)  # noqa: S101 - a rule compares names and constants
        alternatives = self._alternatives(left, right)
        if alternatives is None:
            assert isinstance(right, tree.Reference)  # noqa: S101 - a literal list is always expanded
            return self._guarded([left, right], {self.columns.member(left.name, right.name): int(positive)})
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
        return [{"$m": self.columns.slot(parameter.name, index)} for index in range(longest)] or [NO_CODE]


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
