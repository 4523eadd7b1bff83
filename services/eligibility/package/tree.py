"""Types of values, and the typed tree of an expression: read by the evaluator, the compiler and the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from fractions import Fraction
from types import MappingProxyType

Value = bool | int | Fraction | date | str | tuple[str, ...]
"""A known value; a tuple holds the codes of a list."""

Values = Mapping[str, Value | None]
"""Values by name; None is unknown or without meaning."""

NO_LABELS: Mapping[str, str] = MappingProxyType({})
OPPOSITE = {
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "==": "!=",
    "!=": "==",
    "in": "not in",
    "not in": "in",
}


class Kind(Enum):
    """What a value is; the words are those of the package files."""

    MONEY = "money"
    INTEGER = "integer"
    PERCENT = "percent"
    DATE = "date"
    BOOLEAN = "boolean"
    CODE = "code"
    CODES = "code_list"
    TEXT = "text"


def codes_of(value: Value | None) -> tuple[str, ...]:
    """The codes of a list; none when it is unknown."""
    return value if isinstance(value, tuple) else ()


NUMERIC = frozenset({Kind.MONEY, Kind.INTEGER, Kind.PERCENT})
ORDERED = NUMERIC | {Kind.DATE}

FRENCH_KINDS = {
    Kind.MONEY: "un montant",
    Kind.INTEGER: "un nombre entier",
    Kind.PERCENT: "un pourcentage",
    Kind.DATE: "une date",
    Kind.BOOLEAN: "un oui/non",
    Kind.CODE: "un code",
    Kind.CODES: "une liste de codes",
    Kind.TEXT: "un texte",
}


@dataclass(frozen=True)
class ValueType:
    """A kind and, for codes and texts, the name of the fact whose values they are, with their French
    labels; for a fact that may not concern the person, the condition outside which it does not."""

    kind: Kind
    of: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS, compare=False)
    unit: str = field(default="", compare=False)
    asked_when: Node | None = field(default=None, compare=False, repr=False)


MONEY = ValueType(Kind.MONEY)
INTEGER = ValueType(Kind.INTEGER)
PERCENT = ValueType(Kind.PERCENT)
DATE = ValueType(Kind.DATE)
BOOLEAN = ValueType(Kind.BOOLEAN)


@dataclass(frozen=True)
class Literal:
    """A constant written in the expression."""

    value: Value
    type: ValueType


@dataclass(frozen=True)
class Reference:
    """The value of a fact, a parameter or a derived value."""

    name: str
    type: ValueType


@dataclass(frozen=True)
class Known:
    """True when the value exists, false when it is unknown or has no meaning; never unknown itself."""

    name: str
    type: ValueType = BOOLEAN


@dataclass(frozen=True)
class Compare:
    """`<`, `<=`, `>`, `>=`, `==`, `!=`, `in` or `not in`."""

    operator: str
    left: Node
    right: Node
    type: ValueType = BOOLEAN


@dataclass(frozen=True)
class Not:
    """Negation."""

    item: Node
    type: ValueType = BOOLEAN


@dataclass(frozen=True)
class And:
    """Conjunction."""

    items: tuple[Node, ...]
    type: ValueType = BOOLEAN


@dataclass(frozen=True)
class Or:
    """Disjunction."""

    items: tuple[Node, ...]
    type: ValueType = BOOLEAN


@dataclass(frozen=True)
class Arithmetic:
    """`+`, `-`, `*` or `/`, exact."""

    operator: str
    left: Node
    right: Node
    type: ValueType


@dataclass(frozen=True)
class Call:
    """A function of the language."""

    function: str
    arguments: tuple[Node, ...]
    type: ValueType


@dataclass(frozen=True)
class OrZero:
    """A fact that may not concern the person: 0 when it does not (`asked_when` is false), unknown while it is
    only absent."""

    item: Reference
    asked_when: Node
    type: ValueType


Node = Literal | Reference | Known | Compare | Not | And | Or | Arithmetic | Call | OrZero


def children(node: Node) -> tuple[Node, ...]:
    """The direct operands of a node."""
    match node:
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case And(items=items) | Or(items=items):
            return items
        case Not(item=item):
            return (item,)
        case Call(arguments=arguments):
            return arguments
        case OrZero(item=item, asked_when=asked_when):
            return (item, asked_when)
    return ()


def names(node: Node) -> Iterator[str]:
    """Every name that the expression reads, with repetitions."""
    if isinstance(node, Reference | Known):
        yield node.name
    for child in children(node):
        yield from names(child)


def push_negations(node: Node, *, negated: bool = False) -> Node:
    """The same condition with `not` only before a boolean name or `known(…)`; exact in three-valued logic."""
    match node:
        case Not(item=item):
            return push_negations(item, negated=not negated)
        case And(items=items) | Or(items=items):
            pushed = tuple(push_negations(item, negated=negated) for item in items)
            return And(pushed) if isinstance(node, And) is not negated else Or(pushed)
        # Exact because a comparison with an unknown side is unknown, and so is its opposite.
        case Compare(operator=operator, left=left, right=right) if negated:
            return Compare(OPPOSITE[operator], left, right)
    return Not(node) if negated else node
