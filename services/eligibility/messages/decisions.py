"""Recorded decisions as messages."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from microcredit.eligibility.v1 import decision_service_pb2 as pb
from microcredit.eligibility.v1.assessment_pb2 import Outcome
from services.eligibility.answer import (
    Head,
    Replay,
    RulesetStamp,
    Situation,
    StoredDecision,
    Verification,
    markdown,
    sections,
)
from services.eligibility.messages.assessments import assessment_pb, ruleset_pb
from services.eligibility.messages.values import fact_value
from services.eligibility.package import ValueType
from services.kit.canonical import is_hash
from services.kit.french import number, plural
from services.kit.wire import date_pb


def decision_pb(decision: StoredDecision, *, whole: bool) -> pb.Decision:
    """A decision; its facts and its answer too if it is `whole` and they can be read."""
    message = pb.Decision(
        name=decision_name(decision) if decision.decision_id else "",
        record_time=timestamp(decision.time) if decision.time else None,
        sequence=decision.sequence,
        hash=decision.hash,
        request_date=date_pb(decision.request_date) if decision.request_date else None,
        ruleset=ruleset_pb(decision.stamp) if decision.stamp else None,
        outcome=Outcome.Value(f"OUTCOME_{decision.outcome.value if decision.outcome else 'UNSPECIFIED'}"),
        reason_codes=decision.reason_codes,
        content=pb.DecisionContent.Value(f"DECISION_CONTENT_{decision.content.value}"),
        case_reference=decision.case_reference,
    )
    if whole and decision.assessment is not None and decision.stamp is not None:
        message.assessment.CopyFrom(
            assessment_pb(decision.assessment, decision.stamp, decision.case_reference, decision.decision_id)
        )
        _add_facts(message, decision)
    return message


def _add_facts(message: pb.Decision, decision: StoredDecision) -> None:
    assert decision.facts is not None  # noqa: S101 - read together with the assessment
    assert decision.kinds is not None  # noqa: S101 - the same
    for name, value in decision.facts.items():
        message.facts[name].CopyFrom(fact_value(value, ValueType(decision.kinds[name])))


def decision_name(decision: StoredDecision) -> str:
    """ "decisions/{decision_id}"."""
    return f"decisions/{decision.decision_id}"


def timestamp(instant: datetime) -> Timestamp:
    """An instant of the contract."""
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def replay_pb(replayed: Replay, stamp: RulesetStamp) -> pb.ReplayDecisionResponse:
    """The two answers and where they differ."""
    return pb.ReplayDecisionResponse(
        identical=replayed.identical,
        recorded_json=replayed.recorded,
        replayed_json=replayed.replayed,
        differences=replayed.differences,
        ruleset=ruleset_pb(stamp),
    )


def explanation_pb(situation: Situation) -> pb.ExplainDecisionResponse:
    """The four items, apart and together."""
    found = sections(situation)
    return pb.ExplainDecisionResponse(
        sections=[
            pb.ExplanationSection(title=section.title, lines=[line.text for line in section.lines])
            for section in found
        ],
        markdown=markdown(situation, found),
    )


def verification_pb(found: Verification, expected: Head | None) -> pb.VerifyJournalResponse:
    """Whether the journal is intact, and its end."""
    return pb.VerifyJournalResponse(
        intact=not found.broken_sequence,
        broken_sequence=found.broken_sequence,
        record_count=found.record_count,
        head=pb.JournalHead(
            sequence=found.head.sequence, hash=found.head.hash if is_hash(found.head.hash) else ""
        ),
        summary=_summary(found, expected),
    )


def _summary(found: Verification, expected: Head | None) -> str:
    if not found.broken_sequence:
        read = "relus" if found.record_count > 1 else "relu"
        kept = ", dans la suite de la fin gardée" if expected else ""
        return f"Le journal est intact : {plural(found.record_count, 'enregistrement')} {read}{kept}."
    rank = f"n° {number(found.broken_sequence)}"
    if expected and found.record_count < found.broken_sequence:
        return f"Le journal est altéré : l’enregistrement {rank} et ceux qui le suivaient manquent."
    return f"Le journal est altéré : l’enregistrement {rank} a été changé, retiré ou déplacé."
