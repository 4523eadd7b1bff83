"""Reads requests about decisions, every absent or wrong field under its path; writes recorded decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as pb
from services.eligibility.answer import (
    DecisionRecord,
    Erasure,
    Filters,
    RemovalRequest,
    Replay,
    RulesetStamp,
    Situation,
    StoredDecision,
    Unreadable,
    markdown,
    plain_lines,
    sections,
)
from services.eligibility.messages.application import check_case_reference, fact_value
from services.eligibility.messages.assessments import assessment_pb, ruleset_pb
from services.eligibility.messages.fields import BoundedFields
from services.eligibility.package import Outcome, ValueType
from services.kit import wire
from services.kit.canonical import GENESIS, Head, Verification, is_hash
from services.kit.context import actor
from services.kit.errors import FieldReason, Violations
from services.kit.french import NO_BREAK_SPACE, number, plural, spaced
from services.kit.store import ERASED, ERASING
from services.kit.wire import Page, asked_page, date_pb

_DECISION = re.compile(r"decisions/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{64}")
_OUTCOMES = {assessment_pb2.Outcome.Value(f"OUTCOME_{outcome.value}"): outcome for outcome in Outcome}


_ERASURES = {
    pb.ERASURE_STATE_UNSPECIFIED: "Rien n’est effacé.",
    pb.ERASURE_STATE_DONE: spaced(ERASED),
    pb.ERASURE_STATE_IN_PROGRESS: spaced(ERASING),
}


_PURGED = spaced(
    "Effacement terminé dans la base. De ce qui est purgé de dossiers qui continuent, PostgreSQL garde "
    "encore une copie chiffrée dans ses journaux (pg_wal), jusqu’à leur recyclage."
)
"""What a purge is on a server whose logs are not ours to empty: the key of a case that goes on opens them."""


@dataclass(frozen=True)
class Removal:
    """What an erasure or a purge says besides what it removes."""

    asked: RemovalRequest
    validate_only: bool


def decision_id(name: str) -> str:
    """The identifier in a name "decisions/{decision_id}"; InvalidArgument."""
    found = _DECISION.fullmatch(name)
    violations = Violations()
    if found is None:
        text = "Le nom d’une décision s’écrit « decisions/identifiant », l’identifiant étant un UUID."
        violations.add("name", FieldReason.MALFORMED, text)
    violations.raise_if_any()
    return found[1] if found else ""


def listing(request: pb.ListDecisionsRequest, page_key: bytes) -> tuple[Filters, Page]:
    """The filters and the page of a list; InvalidArgument."""
    violations = Violations()
    page = asked_page(page_key, request, violations)
    check_case_reference(request.case_reference, violations)
    _check(_REASON, request.reason_code, "reason_code", "Un code de motif", violations)
    _check(_VERSION, request.ruleset_version, "ruleset_version", "Une version", violations)
    outcomes = tuple(_outcomes(request, violations))
    fields = BoundedFields(request, "", violations)
    start = fields.instant("start_time")
    end = fields.instant("end_time")
    violations.raise_if_any()
    filters = Filters(
        request.case_reference, outcomes, request.reason_code, request.ruleset_version, start, end
    )
    return filters, page


def _check(form: re.Pattern[str], text: str, field: str, what: str, violations: Violations) -> None:
    if text and not form.fullmatch(text):
        violations.add(field, FieldReason.NOT_PRINTABLE, f"{what} ne s’écrit pas ainsi.")


def _outcomes(request: pb.ListDecisionsRequest, violations: Violations) -> list[Outcome]:
    for index, asked in enumerate(request.outcomes):
        if asked not in _OUTCOMES:
            violations.add(f"outcomes[{index}]", FieldReason.OUT_OF_RANGE, "Cette issue n’existe pas.")
    return [_OUTCOMES[asked] for asked in request.outcomes if asked in _OUTCOMES]


def erasure(request: pb.EraseCaseRequest) -> tuple[str, Removal]:
    """The case to erase; InvalidArgument."""
    violations = Violations()
    if not request.case_reference:
        violations.add("case_reference", FieldReason.REQUIRED, "La référence du dossier est obligatoire.")
    check_case_reference(request.case_reference, violations)
    return request.case_reference, _removal(request, violations)


def purge(request: pb.PurgeDecisionsRequest) -> tuple[datetime, Removal]:
    """The instant before which contents are removed; InvalidArgument."""
    violations = Violations()
    end = BoundedFields(request, "", violations).instant("end_time")
    now = datetime.now(UTC)
    if not request.HasField("end_time"):
        violations.add("end_time", FieldReason.REQUIRED, "L’instant de fin est obligatoire.")
    elif end is not None and end > now:
        violations.add("end_time", FieldReason.IN_FUTURE, "L’instant de fin ne peut pas être dans l’avenir.")
    removal = _removal(request, violations)
    return end or now, removal


def _removal(request: pb.EraseCaseRequest | pb.PurgeDecisionsRequest, violations: Violations) -> Removal:
    request_id = wire.request_id(request.request_id, "request_id", violations)
    violations.raise_if_any()
    return Removal(RemovalRequest(request_id, actor()), request.validate_only)


def expected_head(request: pb.VerifyJournalRequest) -> Head | None:
    """The head kept from an earlier day, if one is given; InvalidArgument."""
    if not request.HasField("expected_head"):
        return None
    violations = Violations()
    head = Head(request.expected_head.sequence, request.expected_head.hash.lower())
    if head.sequence < 0:
        violations.add(
            "expected_head.sequence", FieldReason.OUT_OF_RANGE, "Le rang ne peut pas être négatif."
        )
    if not _HASH.fullmatch(head.hash) or (head.sequence == 0 and head.hash != GENESIS):
        text = "Le sceau compte 64 chiffres hexadécimaux ; celui d’un journal vide n’a que des zéros."
        violations.add("expected_head.hash", FieldReason.MALFORMED, text)
    violations.raise_if_any()
    return head


def decision_pb(decision: StoredDecision, *, whole: bool) -> pb.Decision:
    """A decision; its facts and its answer too if it is `whole` and they can be read."""
    message = pb.Decision(
        name=decision_name(decision) if decision.decision_id else "",
        sequence=decision.sequence,
        content=pb.DecisionContent.Value(f"DECISION_CONTENT_{decision.content.value}"),
        case_reference=decision.case_reference,
    )
    if decision.record is not None:
        message.MergeFrom(_record(decision.record))
        if whole and decision.read is not None:
            stamp, content = decision.record.stamp, decision.read
            message.assessment.CopyFrom(
                assessment_pb(content.assessment, stamp, content.case_reference, decision.decision_id)
            )
            for name, value in content.facts.items():
                message.facts[name].CopyFrom(fact_value(value, ValueType(content.kinds[name])))
    return message


def _record(record: DecisionRecord) -> pb.Decision:
    return pb.Decision(
        record_time=wire.timestamp(record.time),
        hash=record.hash,
        request_date=date_pb(record.request_date),
        ruleset=ruleset_pb(record.stamp),
        outcome=assessment_pb2.Outcome.Value(f"OUTCOME_{record.outcome.value}"),
        reason_codes=record.reason_codes,
    )


def decision_name(decision: StoredDecision) -> str:
    """ "decisions/{decision_id}"."""
    return f"decisions/{decision.decision_id}"


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
    """Ten plain lines and the four items, apart and together."""
    found = sections(situation)
    return pb.ExplainDecisionResponse(
        sections=[
            pb.ExplanationSection(title=section.title, lines=[line.text for line in section.lines])
            for section in found
        ],
        markdown=markdown(situation, found),
        plain=plain_lines(situation),
    )


def erasure_pb(erased: Erasure) -> pb.EraseCaseResponse:
    """What became of the erasure of a case."""
    state = _state(erased)
    return pb.EraseCaseResponse(
        decision_count=erased.decision_count,
        erase_time=wire.timestamp(erased.time),
        state=state,
        summary=_ERASURES[state],
    )


def purge_pb(purged: Erasure, *, logs_are_ours: bool) -> pb.PurgeDecisionsResponse:
    """What became of a purge."""
    state = _state(purged)
    return pb.PurgeDecisionsResponse(
        decision_count=purged.decision_count, state=state, summary=_purge_summary(state, logs_are_ours)
    )


def erasure_status_pb(since: datetime | None, *, logs_are_ours: bool) -> pb.GetErasureStatusResponse:
    """How far the erasures are, purges included, the oldest of which was recorded then."""
    state = pb.ERASURE_STATE_DONE if since is None else pb.ERASURE_STATE_IN_PROGRESS
    return pb.GetErasureStatusResponse(
        state=state, pending_time=wire.timestamp(since), summary=_purge_summary(state, logs_are_ours)
    )


def _purge_summary(state: pb.ErasureState.ValueType, logs_are_ours: bool) -> str:
    done = state == pb.ERASURE_STATE_DONE
    return _PURGED if done and not logs_are_ours else _ERASURES[state]


def _state(removed: Erasure) -> pb.ErasureState.ValueType:
    if removed.time is None:
        return pb.ERASURE_STATE_UNSPECIFIED
    return pb.ERASURE_STATE_DONE if removed.is_done else pb.ERASURE_STATE_IN_PROGRESS


def verification_pb(
    found: Verification, expected: Head | None, unreadable: Unreadable
) -> pb.VerifyJournalResponse:
    """Whether the journal is intact, its end, and what of it cannot be read."""
    sentences = [_summary(found, expected), *_unreadable(unreadable)]
    return pb.VerifyJournalResponse(
        intact=not found.broken_sequence,
        broken_sequence=found.broken_sequence,
        record_count=found.record_count,
        head=pb.JournalHead(
            sequence=found.head.sequence, hash=found.head.hash if is_hash(found.head.hash) else ""
        ),
        summary=spaced(" ".join(sentences)),
        erased_count=unreadable.erased,
        key_missing_count=unreadable.key_missing,
    )


def _unreadable(unreadable: Unreadable) -> Iterator[str]:
    if unreadable.erased:
        yield f"{plural(unreadable.erased, 'décision')} d’un dossier effacé, comme le journal le dit."
    if unreadable.key_missing:
        yield (
            f"La clé de {plural(unreadable.key_missing, 'décision')} manque sans qu’aucun effacement soit "
            "enregistré : remettez la bonne base des clés et son dossier des clés d’époque."
        )


def _summary(found: Verification, expected: Head | None) -> str:
    if not found.broken_sequence:
        read = "relus" if found.record_count > 1 else "relu"
        kept = ", dans la suite de la fin gardée" if expected else ""
        return f"Le journal est intact : {plural(found.record_count, 'enregistrement')} {read}{kept}."
    rank = f"n°{NO_BREAK_SPACE}{number(found.broken_sequence)}"
    if expected and found.record_count < found.broken_sequence:
        return f"Le journal est altéré : l’enregistrement {rank} et ceux qui le suivaient manquent."
    return f"Le journal est altéré : l’enregistrement {rank} a été changé, retiré ou déplacé."
