"""The columns of a row: what the engine may compare, as integers that fit 2^53.

A comparison with the field of an absent column is always true in durable_rules, so that every column is
always present; a value that may be unknown goes with a `…__known` column, which its comparisons also test.
Exact fractions are brought to a common denominator, two by two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from math import lcm

from services.eligibility.package import Kind, RulePackage, Value, Values, codes_of, tree

NO_CODE = -1
_WHOLE_KINDS = (Kind.INTEGER, Kind.DATE, Kind.CODE, Kind.BOOLEAN)
_WHOLE_FUNCTIONS = ("instalment", "round_cents")

Column = Callable[[Values], int]
"""Computes one integer of the row from all the values."""


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
