"""Reads requests about decisions: every absent or wrong field is collected with its proto path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as pb
from services.eligibility.answer import Asked, Filters, Head
from services.eligibility.messages.application import check_case_reference
from services.eligibility.messages.fields import instant
from services.eligibility.package import Outcome
from services.kit import wire
from services.kit.canonical import GENESIS
from services.kit.context import actor
from services.kit.errors import Violations
from services.kit.wire import Page, asked_page

_DECISION = re.compile(r"decisions/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{64}")
_OUTCOMES = {assessment_pb2.Outcome.Value(f"OUTCOME_{outcome.value}"): outcome for outcome in Outcome}


@dataclass(frozen=True)
class Removal:
    """What an erasure or a purge says besides what it removes."""

    asked: Asked
    validate_only: bool


def decision_id(name: str) -> str:
    """The identifier in a name "decisions/{decision_id}"; InvalidArgument."""
    found = _DECISION.fullmatch(name)
    violations = Violations()
    if found is None:
        text = "Le nom d’une décision s’écrit « decisions/identifiant », l’identifiant étant un UUID."
        violations.add("name", "NAME_MALFORMED", text)
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
    start = instant(request, "start_time", "start_time", violations)
    end = instant(request, "end_time", "end_time", violations)
    violations.raise_if_any()
    filters = Filters(
        request.case_reference, outcomes, request.reason_code, request.ruleset_version, start, end
    )
    return filters, page


def _check(form: re.Pattern[str], text: str, field: str, what: str, violations: Violations) -> None:
    if text and not form.fullmatch(text):
        violations.add(field, "TEXT_MALFORMED", f"{what} ne s’écrit pas ainsi.")


def _outcomes(request: pb.ListDecisionsRequest, violations: Violations) -> list[Outcome]:
    for index, asked in enumerate(request.outcomes):
        if asked not in _OUTCOMES:
            violations.add(f"outcomes[{index}]", "VALUE_OUT_OF_RANGE", "Cette issue n’existe pas.")
    return [_OUTCOMES[asked] for asked in request.outcomes if asked in _OUTCOMES]


def erasure(request: pb.EraseCaseRequest) -> tuple[str, Removal]:
    """The case to erase; InvalidArgument."""
    violations = Violations()
    if not request.case_reference:
        violations.add("case_reference", "FIELD_REQUIRED", "La référence du dossier est obligatoire.")
    check_case_reference(request.case_reference, violations)
    return request.case_reference, _removal(request, violations)


def purge(request: pb.PurgeDecisionsRequest) -> tuple[datetime, Removal]:
    """The instant before which contents are removed; InvalidArgument."""
    violations = Violations()
    end = instant(request, "end_time", "end_time", violations)
    now = datetime.now(UTC)
    if not request.HasField("end_time"):
        violations.add("end_time", "FIELD_REQUIRED", "L’instant de fin est obligatoire.")
    elif end is not None and end > now:
        violations.add("end_time", "TIME_IN_FUTURE", "L’instant de fin ne peut pas être dans l’avenir.")
    removal = _removal(request, violations)
    return end or now, removal


def _removal(request: pb.EraseCaseRequest | pb.PurgeDecisionsRequest, violations: Violations) -> Removal:
    request_id = wire.request_id(request.request_id, "request_id", violations)
    violations.raise_if_any()
    return Removal(Asked(request_id, actor()), request.validate_only)


def expected_head(request: pb.VerifyJournalRequest) -> Head | None:
    """The head kept from an earlier day, if one is given; InvalidArgument."""
    if not request.HasField("expected_head"):
        return None
    violations = Violations()
    head = Head(request.expected_head.sequence, request.expected_head.hash.lower())
    if head.sequence < 0:
        violations.add("expected_head.sequence", "NEGATIVE", "Le rang ne peut pas être négatif.")
    if not _HASH.fullmatch(head.hash) or (head.sequence == 0 and head.hash != GENESIS):
        text = "Le sceau compte 64 chiffres hexadécimaux ; celui d’un journal vide n’a que des zéros."
        violations.add("expected_head.hash", "HASH_MALFORMED", text)
    violations.raise_if_any()
    return head
