"""What is settled while some facts are still open: whatever their answers, an open fact being asked later."""

from __future__ import annotations

from collections.abc import Iterable

from services.eligibility.evaluation import all_values
from services.eligibility.facts import WhenAbsent
from services.eligibility.language import tree
from services.eligibility.language.evaluate import evaluate
from services.eligibility.language.types import Value, Values
from services.eligibility.package.model import MISSING_FACTS, REQUIRED_DOCUMENTS, RulePackage
from services.eligibility.reads import facts_read

_ASKED = (WhenAbsent.MISSING, WhenAbsent.UNKNOWN, WhenAbsent.NO)


def open_facts(package: RulePackage, facts: Values) -> tuple[str, ...]:
    """The absent facts that the applicant may be asked; one that does not apply to a person is not open."""
    return tuple(
        name for name, fact in package.facts.items() if fact.when_absent in _ASKED and facts.get(name) is None
    )


class Openness:
    """Looks at conditions of an application whose open facts may still take any value."""

    def __init__(self, package: RulePackage, facts: Values, opened: Iterable[str]) -> None:
        self._package = package
        self._values = all_values(package, facts)
        self._open = set(opened)
        for name in self._open:
            self._values[name] = None
        self._open |= {name for name in (MISSING_FACTS, REQUIRED_DOCUMENTS) if self._reads_open((name,))}
        for name in (MISSING_FACTS, REQUIRED_DOCUMENTS):
            if name in self._open:
                self._values[name] = None
        for name, derived in package.derived.items():
            if self._reads_open(tree.names(derived.expression)):
                self._values[name] = self.value(derived.expression)
                if self._values[name] is None:
                    self._open.add(name)

    def value(self, node: tree.Node) -> Value | None:
        """The value that an expression has whatever the open facts are; None when it is not settled."""
        return evaluate(_without_known(node, self._open), self._values)

    def is_open(self, node: tree.Node) -> bool:
        """True when the open facts may decide of a condition."""
        return self._reads_open(tree.names(node)) and self.value(node) is None

    def _reads_open(self, names: Iterable[str]) -> bool:
        return not self._open.isdisjoint(facts_read(self._package, found := set(names)) | found)


def _without_known(node: tree.Node, opened: set[str]) -> tree.Node:
    """The same condition where `known(…)` of something open is itself unknown."""
    match node:
        case tree.Known(name=name) if name in opened:
            return tree.Reference(name, node.type)
        case tree.Not(item=item):
            return tree.Not(_without_known(item, opened))
        case tree.And(items=items):
            return tree.And(tuple(_without_known(item, opened) for item in items))
        case tree.Or(items=items):
            return tree.Or(tuple(_without_known(item, opened) for item in items))
    return node
