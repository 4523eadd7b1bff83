"""What conditions may become while some facts of an application are open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from itertools import islice, product

from services.eligibility.answer.advice.reading import Reading, reading
from services.eligibility.engine import LazyValues
from services.eligibility.package import (
    ORDERED,
    RulePackage,
    Value,
    Values,
    WhenAbsent,
    completed,
    evaluate,
    tree,
)

_ASKED = frozenset({WhenAbsent.MISSING, WhenAbsent.UNKNOWN, WhenAbsent.NO})
_MAX_CORNERS = 64

Truths = frozenset[Value | None]
"""What a condition may be: True, False, None (unknown)."""

ANYTHING: Truths = frozenset({True, False, None})


def open_facts(package: RulePackage, facts: Values) -> frozenset[str]:
    """The absent facts that may be asked. One whose absence says that it does not apply is not open; one
    whose absence means "no" is: the answer may be yes."""
    return frozenset(
        name for name, fact in package.facts.items() if facts.get(name) is None and fact.when_absent in _ASKED
    )


class Openness:
    """Looks at conditions of an application wherever its open facts are answered; not to know is an answer
    when the package admits it.

    A comparison is taken as monotone in each open fact, as the check of packages does: what it may be shows
    at the corners of their domains. Conditions are taken as independent of each other: "may" is said too
    often rather than too seldom.
    """

    def __init__(self, package: RulePackage, facts: Values, opened: frozenset[str]) -> None:
        self._package, self._facts, self._open = package, completed(package.facts, facts), opened
        self._reading: Reading = reading(package)
        self._corners: dict[frozenset[str], list[LazyValues]] = {}

    def truths(self, node: tree.Node) -> Truths:
        """What a condition may be."""
        match node:
            case tree.Not(item=item):
                return frozenset(None if truth is None else not truth for truth in self.truths(item))
            case tree.And(items=items) | tree.Or(items=items):
                combined = _and if isinstance(node, tree.And) else _or
                return reduce(combined, map(self.truths, items))
            case tree.Reference(name=name) if name in self._package.derived:
                return self.truths(self._package.derived[name].expression)
            case tree.Compare(operator="==" | "!=", left=left) if left.type.kind in ORDERED:
                return self._equality(node)
        return self._at_corners(node)

    def _equality(self, leaf: tree.Compare) -> Truths:
        """It may hold unless one side always exceeds the other; it may fail where one does."""
        below, above = (self._at_corners(replace(leaf, operator=operator)) for operator in ("<", ">"))
        unknown = below & {None}
        may_hold = not (below <= {True, None} or above <= {True, None})
        may_fail = True in below | above
        holds = leaf.operator == "=="
        return unknown | {truth for truth, may in ((holds, may_hold), (not holds, may_fail)) if may}

    def _at_corners(self, leaf: tree.Node) -> Truths:
        names = self._reading.facts(tree.names(leaf)) & self._open
        if names not in self._corners:
            self._corners[names] = self._values(sorted(names))
        found = frozenset(evaluate(leaf, values) for values in self._corners[names])
        return found or ANYTHING

    def _values(self, names: Iterable[str]) -> list[LazyValues]:
        """One for each corner of the domains of these facts; none when they are too many."""
        listed = list(names)
        corners = list(islice(product(*map(self._ends, listed)), _MAX_CORNERS + 1))
        if len(corners) > _MAX_CORNERS:
            return []
        return [
            LazyValues(self._package, {**self._facts, **dict(zip(listed, corner, strict=True))})
            for corner in corners
        ]

    def _ends(self, name: str) -> tuple[Value | None, ...]:
        ends = self._reading.critical.ends(self._facts, name)
        unknown = self._package.facts[name].when_absent is WhenAbsent.UNKNOWN
        return (*ends, None) if unknown else ends


def _and(one: Truths, other: Truths) -> Truths:
    return frozenset(
        False if False in pair else None if None in pair else True for pair in product(one, other)
    )


def _or(one: Truths, other: Truths) -> Truths:
    return frozenset(
        True if True in pair else None if None in pair else False for pair in product(one, other)
    )
