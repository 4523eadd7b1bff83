"""Suggestions of changes and grids of loan terms, from request to answer."""

from __future__ import annotations

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import eligibility_service_pb2 as pb
from services.eligibility.answer import (
    RulesetStamp,
    Suggestion,
    Suggestions,
    assess,
    changeable,
    conditions,
    grid,
    present,
    sentence,
    shown,
    smallest_changes,
    verdict,
)
from services.eligibility.messages import assessment_pb, fact_value, read_grid, read_suggestions, ruleset_pb
from services.eligibility.package import Fact, Outcome, RulePackage, Value, Values
from services.eligibility.publishing import Deployment
from services.kit import wire
from services.kit.context import check_deadline


def suggest_changes(request: pb.SuggestChangesRequest, deployment: Deployment) -> pb.SuggestChangesResponse:
    """The smallest changes that make an application presentable."""
    asked = read_suggestions(request, deployment)
    package, engine, facts = asked.ruleset.package, asked.ruleset.engine, asked.facts
    current = assess(package, engine, facts)
    found = Suggestions()
    if not current.outcome.is_presentable and current.outcome is not Outcome.NEEDS_REVIEW:
        names = changeable(package, facts, asked.names)
        found = smallest_changes(package, engine, facts, names, asked.most, check_deadline)
    stamp = deployment.stamp(asked.ruleset)
    return pb.SuggestChangesResponse(
        suggestions=[_suggestion(package, facts, suggestion, stamp) for suggestion in found.found],
        summary=verdict(package, facts, current, found, asked.names),
        current=assessment_pb(current, stamp),
    )


def explore_loan_terms(
    request: pb.ExploreLoanTermsRequest, deployment: Deployment
) -> pb.ExploreLoanTermsResponse:
    """The outcomes over a grid of amounts and durations."""
    asked = read_grid(request, deployment)
    explore = grid.explore_balanced if request.balance_funding else grid.explore
    ruleset = asked.ruleset
    current = assess(ruleset.package, ruleset.engine, asked.facts)
    cells = list(explore(ruleset.package, ruleset.engine, asked.facts, asked.grid, check_deadline))
    return pb.ExploreLoanTermsResponse(
        amounts=map(wire.money, asked.grid.amounts),
        months=asked.grid.months,
        cells=map(_cell, cells),
        summary=grid.summary(ruleset.package, asked.grid, cells, current),
        ruleset=ruleset_pb(deployment.stamp(ruleset)),
    )


def _suggestion(package: RulePackage, facts: Values, found: Suggestion, stamp: RulesetStamp) -> pb.Suggestion:
    return pb.Suggestion(
        changes=[_changed(package.facts[name], facts, value) for name, value in found.changes.items()],
        assessment=assessment_pb(found.assessment, stamp),
        summary=sentence(package, facts, found.changes, found.assessment),
        conditions=conditions(found.assessment),
    )


def _changed(fact: Fact, facts: Values, value: Value | None) -> pb.SuggestedChange:
    current = present(fact, facts)
    return pb.SuggestedChange(
        path=fact.path,
        label=fact.label,
        current=None if current is None else fact_value(current, fact.type),
        current_display=shown(current, fact),
        suggested=fact_value(value, fact.type),
        suggested_display=shown(value, fact),
    )


def _cell(cell: grid.Cell) -> pb.LoanTermsCell:
    return pb.LoanTermsCell(
        amount=wire.money(cell.amount),
        months=cell.months,
        outcome=assessment_pb2.Outcome.Value(f"OUTCOME_{cell.outcome.value}"),
        reason_codes=cell.reason_codes,
        instalment=None if cell.instalment is None else wire.money(cell.instalment),
    )
