"""What is settled of an application while some of its facts are open: what holds whatever their answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice, product

from services.eligibility.advice.reading import Reading, reading
from services.eligibility.evaluation import LazyValues
from services.eligibility.facts import WhenAbsent, completed
from services.eligibility.language import tree
from services.eligibility.language.evaluate import evaluate
from services.eligibility.language.types import ORDERED, Kind, Value, Values
from services.eligibility.package.model import MISSING_FACTS, REQUIRED_DOCUMENTS, RulePackage

_ASKED = frozenset({WhenAbsent.MISSING, WhenAbsent.UNKNOWN, WhenAbsent.NO})
_MAX_CORNERS = 64


def open_facts(package: RulePackage, facts: Values) -> frozenset[str]:
    """The absent facts that may be asked. One whose absence says that it does not apply is not open; one
    whose absence means "no" is: the answer may be yes."""
    return frozenset(
        name for name, fact in package.facts.items() if facts.get(name) is None and fact.when_absent in _ASKED
    )


class Openness(LazyValues):
    """The values of an application once its missing facts are answered; None for what the answers decide."""

    def __init__(self, package: RulePackage, facts: Values, opened: frozenset[str]) -> None:
        super().__init__(package, {**completed(package.facts, facts), **dict.fromkeys(opened)})
        self._facts, self._open = facts, opened
        self._reading: Reading = reading(package)

    def calculated(self, name: str) -> Value | None:
        """As the answers leave it."""
        if name == MISSING_FACTS:
            return ()
        if name == REQUIRED_DOCUMENTS and self._moves((name,)):
            return None
        if name not in self._package.derived:
            return super().calculated(name)
        expression = self._package.derived[name].expression
        boolean = expression.type.kind is Kind.BOOLEAN
        return self.settled(expression) if boolean else evaluate(expression, self)

    def settled(self, node: tree.Node) -> Value | None:
        """The value of a condition whatever the answers; None when they decide of it, or leave it unknown."""
        match node:
            case tree.Known(name=name):
                return True if self[name] is not None else self._at_corners(node)
            case tree.Not(item=item):
                settled = self.settled(item)
                return None if settled is None else not settled
            case tree.And(items=items) | tree.Or(items=items):
                decisive = isinstance(node, tree.Or)
                found = [self.settled(item) for item in items]
                if decisive in found:
                    return decisive
                return None if None in found else not decisive
        value = evaluate(node, self)
        return self._settled_comparison(node) if value is None and isinstance(node, tree.Compare) else value

    def _settled_comparison(self, leaf: tree.Compare) -> bool | None:
        """An equality is settled when one side always exceeds the other."""
        if leaf.operator not in ("==", "!=") or leaf.left.type.kind not in ORDERED:
            return self._at_corners(leaf)
        orders = (replace(leaf, operator=operator) for operator in ("<", ">"))
        if any(self._at_corners(order) for order in orders):
            return leaf.operator == "!="
        return None

    def _at_corners(self, leaf: tree.Node) -> bool | None:
        """What a leaf is wherever its open facts are all answered: taken as monotone in each of them,
        it is what it is at the corners of their domains. Nothing, when not to know may be the answer."""
        names = sorted(self._moves(tree.names(leaf)))
        if any(self._package.facts[name].when_absent is WhenAbsent.UNKNOWN for name in names):
            return None
        ends = [self._reading.critical.ends(self._facts, name) for name in names]
        corners = list(islice(product(*ends), _MAX_CORNERS + 1))
        if len(corners) > _MAX_CORNERS:
            return None
        given = completed(self._package.facts, self._facts)
        found = {
            evaluate(leaf, LazyValues(self._package, {**given, **dict(zip(names, corner, strict=True))}))
            for corner in corners
        }
        return found.pop() is True if found in ({True}, {False}) else None

    def _moves(self, names: Iterable[str]) -> frozenset[str]:
        """The open facts behind names."""
        return self._reading.facts(names) & self._open
