"""Which elementary conditions were seen true, and which false: each must be both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from services.eligibility.engine import Leaf, request_day, rule_leaves
from services.eligibility.package import (
    Findings,
    Rule,
    RulePackage,
    Severity,
    Values,
    evaluate,
    facts_read,
    tree,
)

_TRUTH = {True: "vraie", False: "fausse"}


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
            findings.add(place, f"La condition « {leaf.text} » est {words}", Severity.WARNING)
        else:
            words = f"jamais {_TRUTH[truth]} dans les cas ni à leurs limites : ajoutez un cas."
            findings.add(place, f"La condition « {leaf.text} » n’est {words}")
    for rule in package.rules:
        if rule.id not in true_in_cases and not _impossible(rule, never.get(rule.id, {})):
            place = package.place("rules.yaml", rule.id)
            findings.add(place, f"Aucun cas ne rend vraie la règle {rule.id} : ajoutez un cas.")


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
