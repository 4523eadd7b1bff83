"""The elementary conditions of a package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.eligibility.package import Rule, RulePackage, tree
from services.kit.dates import Period


@dataclass(frozen=True)
class Leaf:
    """A comparison, a yes/no or a `known(…)` of a rule, negations pushed down to it; `key` says in which
    condition of the rule."""

    rule: str
    key: str
    validity: Period
    node: tree.Node

    @property
    def text(self) -> str:
        """As it would be written in the package."""
        return written(self.node)


def rule_leaves(package: RulePackage) -> tuple[Leaf, ...]:
    """Every leaf of the conditions of the rules, of their orientations and of their messages, each once."""
    found = (
        Leaf(rule.id, key, rule.validity, node)
        for rule in package.rules
        for key, condition in conditions_of(rule)
        for node in leaves_of(condition)
    )
    return tuple(dict.fromkeys(found))


def conditions_of(rule: Rule) -> Iterator[tuple[str, tree.Node]]:
    """The conditions of a rule with the keys under which they are written."""
    yield "when", rule.condition
    if rule.orientation_condition is not None:
        yield "orientation_when", rule.orientation_condition
    yield from (("message", message.condition) for message in rule.messages if message.condition is not None)


def leaves_of(condition: tree.Node) -> Iterator[tree.Node]:
    """The leaves of one condition, once its negations are pushed down."""
    yield from _leaves(tree.push_negations(condition))


def _leaves(node: tree.Node) -> Iterator[tree.Node]:
    if isinstance(node, tree.And | tree.Or):
        for item in node.items:
            yield from _leaves(item)
    else:
        yield node


def written(node: tree.Node) -> str:
    """An expression in the language of the package, more parentheses than needed."""
    match node:
        case tree.Literal(value=tuple() as codes):
            return f"[{', '.join(map(repr, codes))}]"
        case tree.Literal(value=value):
            return repr(value)
        case tree.Reference(name=name):
            return name
        case tree.Known(name=name):
            return f"known({name})"
        case tree.Not(item=item):
            return f"not {written(item)}"
        case tree.And(items=items) | tree.Or(items=items):
            word = " and " if isinstance(node, tree.And) else " or "
            return f"({word.join(map(written, items))})"
        case tree.Compare(operator=operator, left=left, right=right):
            return f"{written(left)} {operator} {written(right)}"
        case tree.Arithmetic(operator=operator, left=left, right=right):
            return f"({written(left)} {operator} {written(right)})"
        case tree.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(written, arguments))})"
