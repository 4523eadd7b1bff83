"""From an assessment to its message."""

from __future__ import annotations

from microcredit.eligibility.v1 import assessment_pb2 as pb
from services.eligibility.answer import (
    Assessment,
    Comparison,
    Figure,
    MissingFact,
    Operand,
    Reason,
    RulesetStamp,
)
from services.eligibility.messages.catalog import question_pb
from services.eligibility.messages.values import fact_value
from services.eligibility.package import RuleSeverity

MAX_LISTED_CODES = 20
"""A longer list (the communes of a territory) is counted in words rather than repeated in every answer."""

_SEVERITIES = {
    RuleSeverity.BLOCKING: pb.SEVERITY_BLOCKING,
    RuleSeverity.MISSING: pb.SEVERITY_MISSING,
    RuleSeverity.RESERVE: pb.SEVERITY_RESERVE,
    None: pb.SEVERITY_BLOCKING,
}
"""The disagreement of the evaluators blocks: a client that reads severities alone must not take it for an
agreement."""


def assessment_pb(
    assessment: Assessment, stamp: RulesetStamp, case_reference: str = "", decision_id: str = ""
) -> pb.Assessment:
    """The advice on one application; a decision_id if it is recorded."""
    return pb.Assessment(
        outcome=pb.Outcome.Value(f"OUTCOME_{assessment.outcome.value}"),
        outcome_label=assessment.outcome_label,
        reasons=map(_reason, assessment.reasons),
        figures=map(_figure, assessment.figures),
        missing=map(_missing, assessment.missing),
        orientations=[
            pb.Orientation(code=place.code, label=place.label) for place in assessment.orientations
        ],
        ruleset=ruleset_pb(stamp),
        case_reference=case_reference,
        questions=map(question_pb, assessment.questions),
        decision_id=decision_id,
    )


def ruleset_pb(stamp: RulesetStamp) -> pb.RulesetVersion:
    """The package that answers."""
    return pb.RulesetVersion(
        ruleset_id=stamp.id, version=stamp.version, digest=stamp.digest, state_number=stamp.state_number
    )


def _reason(reason: Reason) -> pb.Reason:
    return pb.Reason(
        code=reason.code,
        severity=_SEVERITIES[reason.severity],
        message=reason.message,
        article=reason.article,
        orientation=reason.orientation,
        comparisons=map(_comparison, reason.comparisons),
    )


def _comparison(comparison: Comparison) -> pb.Comparison:
    threshold = comparison.threshold
    return pb.Comparison(
        actual=_operand(comparison.actual),
        operator=comparison.operator,
        threshold=None if threshold is None else _operand(threshold),
    )


def _operand(operand: Operand) -> pb.Operand:
    counted = isinstance(operand.value, tuple) and len(operand.value) > MAX_LISTED_CODES
    return pb.Operand(
        name=operand.name,
        label=operand.label,
        value=None if counted else fact_value(operand.value, operand.type),
        display=operand.display,
        reference=operand.reference,
    )


def _figure(figure: Figure) -> pb.Figure:
    return pb.Figure(
        name=figure.name,
        label=figure.label,
        value=fact_value(figure.value, figure.type),
        display=figure.display,
    )


def _missing(fact: MissingFact) -> pb.MissingFact:
    return pb.MissingFact(
        path=fact.path, label=fact.label, question=fact.question, proof_document=fact.proof_document
    )
