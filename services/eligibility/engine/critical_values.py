"""The elementary conditions of a package, and the values of one fact, the others being fixed, at which
some of them change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.eligibility.engine.thresholds import Reach, ends, reach, thresholds
from services.eligibility.package import (
    ORDERED,
    Fact,
    Kind,
    Rule,
    RulePackage,
    Value,
    Values,
    check_facts,
    codes_of,
    tree,
)
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
        case tree.OrZero(item=item):
            return f"or_zero({item.name})"
        case tree.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(written, arguments))})"


class Critical:
    """Critical values of a package, whose conditions are looked at once for many calls; of these leaves
    alone when they are given."""

    def __init__(self, package: RulePackage, leaves: Iterable[tree.Node] | None = None) -> None:
        self._package = package
        self._nodes = _all_leaves(package) if leaves is None else tuple(leaves)
        self._reaches: dict[str, Reach] = {}

    def reach(self, name: str) -> Reach:
        """What moves with a fact."""
        if name not in self._reaches:
            self._reaches[name] = reach(self._package, self._nodes, name)
        return self._reaches[name]

    def ends(self, given: Values, name: str) -> tuple[Value, ...]:
        """The ends of the domain of a number or a date; every value to try of another fact."""
        fact = self._package.facts[name]
        if fact.type.kind in ORDERED:
            return ends(self._package, given, fact)
        return self.values(given, name)

    def values(self, given: Values, name: str) -> tuple[Value, ...]:
        """The values of a fact around each threshold, the ends of its domain, or every code; all acceptable
        beside the other given facts.

        Around is −1, 0 and +1 of the smallest unit: cent, unit, millionth of a percent, day.
        """
        fact = self._package.facts[name]
        match fact.type.kind:
            case Kind.BOOLEAN:
                return (False, True)
            case Kind.CODE:
                return tuple(fact.type.labels)
            case Kind.CODES:
                return _code_lists(given, fact)
            case Kind.TEXT:
                return tuple(_texts(self._package, fact))
        return self._acceptable(given, fact, thresholds(self._package, self.reach(name), given, fact))

    def _acceptable(self, given: Values, fact: Fact, values: Iterable[Value]) -> tuple[Value, ...]:
        """Those that make no given fact wrong: only the day of the request makes another one so."""
        facts = self._package.facts if fact.name == "request_date" else {fact.name: fact}
        before = {problem.field for problem in check_facts(facts, given)} - {fact.name}
        return tuple(
            value
            for value in values
            if before >= {problem.field for problem in check_facts(facts, {**given, fact.name: value})}
        )


def _all_leaves(package: RulePackage) -> tuple[tree.Node, ...]:
    """The distinct leaves of the rules, of the required documents and of the properties."""
    conditions = [required.condition for required in package.decision.required_documents]
    conditions += [item.condition for item in package.properties]
    nodes = dict.fromkeys(leaf.node for leaf in rule_leaves(package))
    nodes |= dict.fromkeys(leaf for node in conditions if node is not None for leaf in leaves_of(node))
    return tuple(nodes)


def _code_lists(given: Values, fact: Fact) -> tuple[Value, ...]:
    """The empty and the full list, and the given one with each code added or taken away."""
    current = codes_of(given.get(fact.name))
    toggled = [
        tuple(code for code in current if code != changed) if changed in current else (*current, changed)
        for changed in fact.type.labels
    ]
    return tuple(dict.fromkeys([(), tuple(fact.type.labels), *toggled]))


def _texts(package: RulePackage, fact: Fact) -> Iterator[str]:
    """A text of each list that may hold it, and one that no list holds."""
    lists = [
        codes_of(dated.value)
        for parameter in package.parameters.values()
        if parameter.type.of == fact.name
        for dated in parameter.values
    ]
    listed = {code for codes in lists for code in codes}
    yield from dict.fromkeys(codes[0] for codes in lists if codes)
    outside = next(text for text in map("{:05d}".format, range(1001, 99_999)) if text not in listed)
    if fact.format is None or fact.format.pattern.fullmatch(outside):
        yield outside
