"""What facts.yaml says of a fact in terms of the others: when it is asked, and how far it may be moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.eligibility.package import source
from services.eligibility.package.facts import Direction, Fact, Lever, WhenAbsent
from services.eligibility.package.tables import LiteralError, Table
from services.eligibility.package.tree import BOOLEAN, ORDERED, Literal, Node, ValueType

_NEVER_ASKED = Literal(value=False, type=BOOLEAN)
_ASKED = (WhenAbsent.MISSING, WhenAbsent.UNKNOWN)
_DIRECTIONS = {direction.value: direction for direction in Direction}
_EFFORTS = range(1, 10)


def with_conditions(
    table: Table, facts: Mapping[str, Fact], parameters: Mapping[str, ValueType]
) -> dict[str, Fact]:
    """The facts with their `asked_when` and `actionable`, which read facts and parameters."""
    scope = {**{name: fact.type for name, fact in facts.items()}, **parameters}
    completed = dict(facts)
    for name, _, row in table.rows():
        if name in facts:
            completed[name] = _completed(row, facts[name], scope)
    return completed


def _completed(row: Table, fact: Fact, scope: Mapping[str, ValueType]) -> Fact:
    asked_when: Node | None = _NEVER_ASKED if fact.when_absent is WhenAbsent.NOT_APPLICABLE else None
    if "asked_when" in row:
        asked_when = row.expression("asked_when", scope) or asked_when
        if fact.when_absent not in _ASKED:
            row.fail(
                "asked_when",
                "« asked_when » accompagne « when_absent: missing » ou « when_absent: unknown » : hors de la "
                "condition, le fait est sans objet.",
            )
    lever = _lever(row, fact, scope) if "actionable" in row else None
    return replace(fact, type=replace(fact.type, asked_when=asked_when), lever=lever)


def _lever(row: Table, fact: Fact, scope: Mapping[str, ValueType]) -> Lever | None:
    """`true`, or a table that says the effort, the direction and the bounds."""
    if isinstance(row.node("actionable"), source.Scalar):
        return Lever() if row.flag("actionable") else None
    told = row.table("actionable")
    if told is None:
        return None
    lever = Lever(
        effort=told.parsed("effort", _effort) or 1,
        direction=told.choice("direction", _DIRECTIONS, default=Direction.ANY) or Direction.ANY,
        least=_bound(told, "least", fact, scope),
        most=_bound(told, "most", fact, scope),
    )
    told.close()
    if fact.type.kind not in ORDERED and any(key in told for key in ("direction", "least", "most")):
        row.fail("actionable", "Seuls un nombre, un montant ou une date ont une direction et des bornes.")
    return lever


def _bound(told: Table, key: str, fact: Fact, scope: Mapping[str, ValueType]) -> Node | None:
    node = told.expression(key, scope, calculation=True, required=False)
    if node is not None and node.type.kind is not fact.type.kind:
        told.fail(key, f"Cette borne n’est pas de même sorte que « {fact.label} ».")
    return node


def _effort(text: str) -> int:
    if not text.isdecimal() or int(text) not in _EFFORTS:
        raise LiteralError("Un effort va de 1 (peu) à 9 (en dernier recours).")
    return int(text)
