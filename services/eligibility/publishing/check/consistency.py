"""What can be said of a package without running it, and which elementary conditions its applications showed
true and false: each must be both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from services.eligibility.engine import (
    Leaf,
    conditions_of,
    exceeded_limits,
    request_day,
    rule_leaves,
    written,
)
from services.eligibility.package import Derived, Kind, Rule, RulePackage, Values, evaluate, facts_read, tree
from services.kit.findings import Findings, Place

_TRUTH = {True: "vraie", False: "fausse"}
MAX_MONTHS = 600
"""Longest loan whose instalment is computed exactly in a reasonable time."""
_FILES = ("facts.yaml", "parameters.yaml", "derived.yaml")


class Coverage:
    """The truths seen of each leaf; unknown is neither."""

    def __init__(self, package: RulePackage) -> None:
        self.leaves = rule_leaves(package)
        self._seen: list[set[bool]] = [set() for _ in self.leaves]

    def note(self, values: Values) -> None:
        """Notes what an application shows of the rules in force on its day."""
        day = request_day(values)
        for leaf, seen in zip(self.leaves, self._seen, strict=True):
            if len(seen) < len(_TRUTH) and day in leaf.validity:
                found = evaluate(leaf.node, values)
                if isinstance(found, bool):
                    seen.add(found)

    def unseen(self) -> Iterator[tuple[Leaf, bool]]:
        """Each leaf with each truth that it never had."""
        for leaf, seen in zip(self.leaves, self._seen, strict=True):
            yield from ((leaf, truth) for truth in _TRUTH if truth not in seen)

    def covered(self) -> int:
        """How many leaves were seen both ways."""
        return sum(len(seen) == len(_TRUTH) for seen in self._seen)


def check_coverage(
    package: RulePackage, coverage: Coverage, true_in_cases: Collection[str], findings: Findings
) -> None:
    """Records the leaves never seen one way, and the rules that no case makes true; a warning is enough where
    the parameters alone decide so."""
    never: dict[str, dict[tree.Node, bool]] = {}
    for leaf, truth in coverage.unseen():
        place = package.place("rules.yaml", leaf.rule, leaf.key)
        if _constant(package, leaf):
            never.setdefault(leaf.rule, {})[leaf.node] = truth
            words = f"toujours {_TRUTH[not truth]} avec les paramètres du règlement."
            findings.warning(place, f"La condition « {leaf.text} » est {words}")
        else:
            words = f"jamais {_TRUTH[truth]} dans les cas ni à leurs limites : ajoutez un cas."
            findings.error(place, f"La condition « {leaf.text} » n’est {words}")
    for rule in package.rules:
        if rule.id not in true_in_cases and not _impossible(rule, never.get(rule.id, {})):
            place = package.place("rules.yaml", rule.id)
            cure = "ajoutez un cas, ou lancez « eligibility prove », qui dit si ses conditions s’excluent."
            findings.error(place, f"Aucun cas ne rend vraie la règle {rule.id} : {cure}")


def _constant(package: RulePackage, leaf: Leaf) -> bool:
    """True when the parameters alone decide: nothing else is read, or a fact is compared with a parameter
    itself (all its thresholds were then tried)."""
    names = frozenset(tree.names(leaf.node))
    direct = bool(names & package.parameters.keys()) and names <= {*package.parameters, *package.facts}
    return direct or not facts_read(package, names)


def _impossible(rule: Rule, never: Mapping[tree.Node, bool]) -> bool:
    """True when the leaves that the parameters settle are enough to settle that the rule is never true."""
    return _settled(tree.push_negations(rule.condition), never) is False


def _settled(node: tree.Node, never: Mapping[tree.Node, bool]) -> bool | None:
    """Kleene's value when only some leaves are known; `never` gives the truth that each of them does not
    have."""
    if isinstance(node, tree.And | tree.Or):
        decisive = isinstance(node, tree.Or)
        found = [_settled(item, never) for item in node.items]
        if decisive in found:
            return decisive
        return None if None in found else not decisive
    return not never[node] if node in never else None


def check_consistency(package: RulePackage, findings: Findings) -> None:
    """Records what the engine could not hold, units that do not match, rules never in force, loans without
    end."""
    for limit in exceeded_limits(package):
        findings.error(_place(package, limit.subject), limit.message)
    for rule in package.rules:
        if not rule.validity.overlaps(package.identity.validity):
            findings.error(
                package.place("rules.yaml", rule.id),
                f"La règle {rule.id} n’est jamais en vigueur : ses dates sont hors de celles du paquet.",
            )
    for place, node in _expressions(package):
        for message in (*_units(node), *_long_loans(package, node)):
            findings.error(place, message)


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
            findings.warning(package.place(file, name), f"{words} : retirez-le.")


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
