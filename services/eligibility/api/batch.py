"""Decisions on one application or on a batch of them, not recorded yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog

from microcredit.eligibility.v1 import eligibility_service_pb2 as pb
from services.eligibility.answer import NewDecision, assess_and_ask
from services.eligibility.messages import assessment_pb, read_request
from services.eligibility.publishing import Deployment
from services.kit import wire
from services.kit.context import check_deadline
from services.kit.errors import DomainError, FieldReason, ResourceExhausted, Violations
from services.kit.serve import to_status

DOMAIN = "eligibility.microcredit"
"""Of google.rpc.ErrorInfo."""
MAX_BATCH = 500
MAX_ANSWER_BYTES = 4 * 1024 * 1024 - 1024
"""Of a batch: gRPC clients refuse answers above 4 MiB unless told otherwise."""
_FRAME_BYTES = 64
"""Room for the frame of an item, its rank and its decision_id."""
_REFUSAL_BYTES = 600
"""At most, for an item that does not fit in the answer."""

log = structlog.get_logger()


def check_batch(count: int, field: str) -> None:
    """Refuses an empty batch and one above MAX_BATCH."""
    if count > MAX_BATCH:
        raise ResourceExhausted(
            "BATCH_TOO_LARGE",
            f"Un lot compte {MAX_BATCH} demandes au plus ; celui-ci en compte {count}.",
            metadata={"count": str(count), "limit": str(MAX_BATCH)},
        )
    violations = Violations()
    if not count:
        violations.add(field, FieldReason.REQUIRED, "Le lot ne contient aucune demande.")
    violations.raise_if_any()


def give_ids(batch: pb.BatchAssessEligibilityRequest) -> None:
    """Gives each request of a batch what the batch says for all: an id made of its own and of its rank."""
    violations = Violations()
    batch_id = wire.request_id(batch.request_id, "request_id", violations)
    violations.raise_if_any()
    for index, request in enumerate(batch.requests):
        request.request_id = request.request_id or wire.item_request_id(batch_id, index)
        request.validate_only = request.validate_only or batch.validate_only


def decide(request: pb.AssessEligibilityRequest, deployment: Deployment) -> NewDecision:
    """The decision on one application, or what is wrong with it."""
    deployment.require(request.min_state_number)
    ruleset, facts = read_request(request, deployment)
    assessment = assess_and_ask(ruleset.package, ruleset.engine, facts)
    if assessment.disagreements:
        log.error("engine_disagreement", ruleset=ruleset.package.digest, rules=assessment.disagreements)
    return NewDecision(
        case_reference=request.case_reference,
        request_id=request.request_id.lower(),
        stamp=deployment.stamp(ruleset),
        facts=facts,
        kinds={name: fact.type.kind for name, fact in ruleset.package.facts.items()},
        assessment=assessment,
    )


def decide_all(
    requests: Sequence[pb.AssessEligibilityRequest], deployment: Deployment
) -> Iterator[NewDecision | DomainError]:
    """One decision or error for each request; a decision takes the room in the answer that refusing the next
    ones leaves, so that what is recorded is answered."""
    room = MAX_ANSWER_BYTES - _REFUSAL_BYTES * len(requests)
    for request in requests:
        check_deadline()
        room += _REFUSAL_BYTES
        try:
            decision = decide(request, deployment)
        except DomainError as error:
            room -= _FRAME_BYTES + to_status(error, DOMAIN).ByteSize()
            yield error
            continue
        size = _FRAME_BYTES + _size(decision)
        if size > room:
            yield _answer_full()
        else:
            room -= size
            yield decision


def _size(decision: NewDecision) -> int:
    return assessment_pb(decision.assessment, decision.stamp, decision.case_reference).ByteSize()


def _answer_full() -> ResourceExhausted:
    return ResourceExhausted(
        "BATCH_TOO_LARGE",
        "La réponse du lot atteint sa taille maximale : renvoyez cette demande dans un autre lot.",
        metadata={"limit_bytes": str(MAX_ANSWER_BYTES)},
    )
