"""The typed tree of an expression, read by the evaluator, by the compiler and by the messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.eligibility.package.language.types import BOOLEAN, Value, ValueType


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


Node = Literal | Reference | Known | Compare | Not | And | Or | Arithmetic | Call

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
        case Compare(operator=operator, left=left, right=right) if negated:
            return Compare(OPPOSITE[operator], left, right)
    return Not(node) if negated else node
