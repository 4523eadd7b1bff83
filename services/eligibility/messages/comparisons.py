"""What a comparison finds, as a message of the contract."""

from __future__ import annotations

from microcredit.eligibility.v1 import ruleset_pb2
from microcredit.eligibility.v1.assessment_pb2 import Outcome as OutcomeMessage
from services.eligibility.package import Outcome
from services.eligibility.publishing import Base, Count, Labels, OutcomeChange, Tally, summary


def report_pb(found: Tally, labels: Labels, base: Base) -> ruleset_pb2.ComparisonReport:
    """What a comparison finds."""
    return ruleset_pb2.ComparisonReport(
        compared_count=found.compared,
        changed_count=found.changed,
        outcome_changed_count=found.outcome_changed,
        left_out_count=found.left_out,
        changes=[_change_pb(change, count) for change, count in found.changes],
        summary=summary(found, labels),
        base=ruleset_pb2.ComparisonBase.Value(f"COMPARISON_BASE_{base.value}"),
    )


def _change_pb(change: OutcomeChange, count: Count) -> ruleset_pb2.OutcomeChange:
    return ruleset_pb2.OutcomeChange(
        base_outcome=_outcome(change.base),
        candidate_outcome=_outcome(change.candidate),
        added_reasons=change.added,
        removed_reasons=change.removed,
        count=count.number,
        examples=count.examples,
    )


def _outcome(outcome: Outcome) -> OutcomeMessage.ValueType:
    return OutcomeMessage.Value(f"OUTCOME_{outcome.value}")
