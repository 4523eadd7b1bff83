"""decision.yaml: outcomes and which severity wins, documents by situation, orientations, bounds of loans."""

from __future__ import annotations

from collections.abc import Mapping

from services.eligibility.package.facts_file import read_labels
from services.eligibility.package.model import (
    Decision,
    LoanBounds,
    Outcome,
    OutcomeRank,
    Parameter,
    RequiredDocuments,
    RuleSeverity,
)
from services.eligibility.package.tables import Table
from services.eligibility.package.tree import Kind, ValueType

_OUTCOMES = {outcome.value: outcome for outcome in Outcome if outcome is not Outcome.NEEDS_REVIEW}
_SEVERITIES = {severity.value: severity for severity in RuleSeverity}
_RANKS = (
    (Outcome.NOT_ELIGIBLE, RuleSeverity.BLOCKING),
    (Outcome.INCOMPLETE, RuleSeverity.MISSING),
    (Outcome.ELIGIBLE_WITH_RESERVE, RuleSeverity.RESERVE),
    (Outcome.ELIGIBLE, None),
)
"""What each severity gives: a package writes the labels, it does not make what is missing presentable."""


def read_decision(
    table: Table, scope: Mapping[str, ValueType], parameters: Mapping[str, Parameter]
) -> Decision:
    """How the reasons become an answer."""
    decision = Decision(
        ranks=_read_ranks(table),
        orientations=read_labels(table, "orientations"),
        required_documents=tuple(
            _read_required(row, scope, parameters) for row in table.tables("required_documents")
        ),
        loan_bounds=_read_bounds(table, parameters),
    )
    table.close()
    return decision


def _read_ranks(table: Table) -> tuple[OutcomeRank, ...]:
    """Every outcome once, from the gravest, with its label."""
    ranks: list[OutcomeRank] = []
    for row in table.tables("outcomes"):
        outcome = row.choice("outcome", _OUTCOMES)
        severity = row.choice("severity", _SEVERITIES) if "severity" in row else None
        label = row.typeset("label")
        row.close()
        if outcome is not None:
            ranks.append(OutcomeRank(outcome, severity, label))
    if tuple((rank.outcome, rank.severity) for rank in ranks) != _RANKS:
        table.fail(
            "outcomes",
            "Les quatre issues s’écrivent une fois, dans cet ordre : NOT_ELIGIBLE (blocking), INCOMPLETE "
            "(missing), ELIGIBLE_WITH_RESERVE (reserve), puis ELIGIBLE, sans gravité.",
        )
    return tuple(ranks)


def _read_required(
    row: Table, scope: Mapping[str, ValueType], parameters: Mapping[str, Parameter]
) -> RequiredDocuments:
    name = row.text("list")
    parameter = parameters.get(name)
    if name and (parameter is None or parameter.type.of != "documents"):
        row.fail("list", f"« {name} » n’est pas un paramètre qui liste des pièces de « documents ».")
    condition = row.expression("when", scope, required=False)
    row.close()
    return RequiredDocuments(name, condition)


def _read_bounds(table: Table, parameters: Mapping[str, Parameter]) -> LoanBounds:
    row = table.table("loan_bounds")
    if row is None:
        return LoanBounds("", "", "", "")
    bounds = LoanBounds(
        min_amount=_bound(row, "min_amount", Kind.MONEY, parameters),
        max_amount=_bound(row, "max_amount", Kind.MONEY, parameters),
        min_months=_bound(row, "min_months", Kind.INTEGER, parameters),
        max_months=_bound(row, "max_months", Kind.INTEGER, parameters),
    )
    row.close()
    return bounds


def _bound(row: Table, key: str, kind: Kind, parameters: Mapping[str, Parameter]) -> str:
    name = row.text(key)
    parameter = parameters.get(name)
    if name and (parameter is None or parameter.type.kind is not kind):
        row.fail(key, f"« {name} » n’est pas un paramètre de type {kind.value}.")
    return name
