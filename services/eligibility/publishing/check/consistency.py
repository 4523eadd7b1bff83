"""What can be said of a package without running it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from services.eligibility.engine import conditions_of, exceeded_limits, written
from services.eligibility.package import (
    Derived,
    Findings,
    Kind,
    Place,
    Rule,
    RulePackage,
    Severity,
    facts_read,
    tree,
)

MAX_MONTHS = 600
"""Longest loan whose instalment is computed exactly in a reasonable time."""

_FILES = ("facts.yaml", "parameters.yaml", "derived.yaml")


def check_consistency(package: RulePackage, findings: Findings) -> None:
    """Records what the engine could not hold, units that do not match, rules never in force, loans without
    end."""
    for limit in exceeded_limits(package):
        findings.add(_place(package, limit.subject), limit.message)
    for rule in package.rules:
        if not rule.validity.overlaps(package.identity.validity):
            findings.add(
                package.place("rules.yaml", rule.id),
                f"La règle {rule.id} n’est jamais en vigueur : ses dates sont hors de celles du paquet.",
            )
    for place, node in _expressions(package):
        for message in (*_units(node), *_long_loans(package, node)):
            findings.add(place, message)


def check_use(package: RulePackage, findings: Findings) -> None:
    """Warns of what is declared and never read: a fact that is not needed should not be asked."""
    read = _read(package)
    facts = facts_read(package, read) | {"request_date"}
    for file, names, words in (
        ("facts.yaml", package.facts.keys() - facts, "Ce fait est demandé, mais aucune règle ne le lit"),
        ("parameters.yaml", package.parameters.keys() - read, "Ce paramètre n’est lu par rien"),
        ("derived.yaml", package.derived.keys() - read, "Ce calcul n’est lu par rien et n’est pas montré"),
    ):
        for name in names:
            findings.add(package.place(file, name), f"{words} : retirez-le.", Severity.WARNING)


def _place(package: RulePackage, subject: str) -> Place:
    """Of a rule, or of a name."""
    if any(rule.id == subject for rule in package.rules):
        return package.place("rules.yaml", subject, "when")
    known = (package.facts, package.parameters, package.derived)
    file = next((file for file, names in zip(_FILES, known, strict=True) if subject in names), "rules.yaml")
    return package.place(file, subject)


def _expressions(package: RulePackage) -> Iterator[tuple[Place, tree.Node]]:
    """Every expression with its place."""
    for rule in package.rules:
        yield from ((package.place("rules.yaml", rule.id, key), node) for key, node in conditions_of(rule))
    for name, derived in package.derived.items():
        yield package.place("derived.yaml", name, "value"), derived.expression
    for item in package.properties:
        if item.condition is not None:
            yield package.place("properties.yaml", item.id, "when"), item.condition


def _nodes(node: tree.Node) -> Iterator[tree.Node]:
    yield node
    for child in tree.children(node):
        yield from _nodes(child)


def _units(expression: tree.Node) -> Iterator[str]:
    """Whole numbers of different units, compared, added or subtracted."""
    for node in _nodes(expression):
        additive = isinstance(node, tree.Arithmetic) and node.operator in "+-"
        if isinstance(node, tree.Compare) or (isinstance(node, tree.Arithmetic) and additive):
            left, right = node.left.type, node.right.type
            if (
                left.kind is right.kind is Kind.INTEGER
                and left.unit
                and right.unit
                and left.unit != right.unit
            ):
                yield f"« {written(node)} » mêle deux unités : « {left.unit} » et « {right.unit} »."


def _long_loans(package: RulePackage, expression: tree.Node) -> Iterator[str]:
    """An instalment over an unbounded number of months would keep the server busy for ever."""
    for node in _nodes(expression):
        if isinstance(node, tree.Call) and node.function == "instalment":
            months = node.arguments[1]
            fact = package.facts.get(months.name) if isinstance(months, tree.Reference) else None
            highest: Any = fact.maximum if fact else None
            if isinstance(months, tree.Reference) and months.name in package.parameters:
                continue
            if highest is None or highest > MAX_MONTHS:
                yield (
                    f"La durée donnée à « instalment » n’est pas bornée : prenez un fait dont le « maximum » "
                    f"est de {MAX_MONTHS} mois au plus."
                )


def _read(package: RulePackage) -> frozenset[str]:
    """The names read by what matters: rules, messages, figures, properties, documents and loans."""
    found = {name for rule in package.rules for name in _read_by(rule)}
    found |= {name for name, derived in package.derived.items() if derived.is_figure}
    found |= {
        item.improving_fact or name
        for item in package.properties
        for name in (tree.names(item.condition) if item.condition is not None else ("",))
    }
    bounds = package.decision.loan_bounds
    found |= {bounds.min_amount, bounds.max_amount, bounds.min_months, bounds.max_months}
    for required in package.decision.required_documents:
        found |= {required.parameter, *(tree.names(required.condition) if required.condition else ())}
    return frozenset(_with_behind(package.derived, found))


def _read_by(rule: Rule) -> Iterator[str]:
    for _, node in conditions_of(rule):
        yield from tree.names(node)
    for message in rule.messages:
        yield from message.parts[1::2]


def _with_behind(derived: dict[str, Derived] | Any, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name
        if name in derived:
            yield from _with_behind(derived, tree.names(derived[name].expression))
