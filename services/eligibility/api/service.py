"""The EligibilityService and the LoanService of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import grpc
import structlog

from microcredit.eligibility.v1 import assessment_pb2, loan_service_pb2
from microcredit.eligibility.v1 import eligibility_service_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceServicer
from microcredit.eligibility.v1.loan_service_pb2_grpc import LoanServiceServicer
from services.eligibility.answer import NewDecision, Recorded, assess_and_ask
from services.eligibility.api.advice import explore_loan_terms, suggest_changes
from services.eligibility.loan import RateWithoutMeaningError, Simulation, Terms, simulate
from services.eligibility.messages import (
    BoundedFields,
    answered,
    assessment_pb,
    catalog,
    read_loan_question,
    read_request,
    ruleset_pb,
    simulation_pb,
    unanswered,
    unread_fields,
)
from services.eligibility.publishing import Deployment, Deployments
from services.eligibility.store import Journal
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
    assessment = replace(
        assess_and_ask(ruleset.package, ruleset.engine, facts),
        unread=unread_fields(request.application, ruleset.package),
    )
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
            room -= _REFUSAL_BYTES
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


class EligibilityServicer(EligibilityServiceServicer):
    """Assesses applications under the rules of their date, and records every decision before it is given."""

    def __init__(self, deployments: Deployments, journal: Journal) -> None:
        self._deployments = deployments
        self._journal = journal

    def AssessEligibility(
        self, request: pb.AssessEligibilityRequest, context: grpc.ServicerContext
    ) -> pb.AssessEligibilityResponse:
        """One application."""
        decision = decide(request, self._deployments.current(request.min_state_number))
        (recorded,) = self._journal.record([decision], validate_only=request.validate_only)
        if isinstance(recorded, DomainError):
            raise recorded
        return pb.AssessEligibilityResponse(assessment=_answer(recorded, request.case_reference))

    def BatchAssessEligibility(
        self, request: pb.BatchAssessEligibilityRequest, context: grpc.ServicerContext
    ) -> pb.BatchAssessEligibilityResponse:
        """Up to MAX_BATCH applications, each on its own, recorded together."""
        check_batch(len(request.requests), "requests")
        deployment = self._deployments.newest(max(item.min_state_number for item in request.requests))
        give_ids(request)
        decided = list(decide_all(request.requests, deployment))
        outcomes = self._outcomes(decided, [item.validate_only for item in request.requests])
        results = (
            _result(index, outcome, item.case_reference)
            for index, (outcome, item) in enumerate(zip(outcomes, request.requests, strict=True))
        )
        return pb.BatchAssessEligibilityResponse(results=results)

    def _outcomes(
        self, decided: Sequence[NewDecision | DomainError], tried: Sequence[bool]
    ) -> list[Recorded | DomainError]:
        """The decisions of a batch once recorded together, but for those that are only tried."""
        outcomes: dict[int, Recorded | DomainError] = {
            index: item for index, item in enumerate(decided) if isinstance(item, DomainError)
        }
        for validate_only in (False, True):
            chosen = [
                (index, item)
                for index, item in enumerate(decided)
                if isinstance(item, NewDecision) and tried[index] is validate_only
            ]
            recorded = self._journal.record([item for _, item in chosen], validate_only=validate_only)
            outcomes |= {index: one for (index, _), one in zip(chosen, recorded, strict=True)}
        return [outcomes[index] for index in range(len(decided))]

    def GetFactCatalog(
        self, request: pb.GetFactCatalogRequest, context: grpc.ServicerContext
    ) -> pb.GetFactCatalogResponse:
        """The facts that the rules of a day read."""
        violations = Violations()
        fields = BoundedFields(request, "", violations)
        day = violations.whole(fields.day("request_date", required=True))
        deployment = self._deployments.current()
        ruleset = deployment.on(day)
        return pb.GetFactCatalogResponse(
            facts=catalog(ruleset.package, day), ruleset=ruleset_pb(deployment.stamp(ruleset))
        )

    def SuggestChanges(
        self, request: pb.SuggestChangesRequest, context: grpc.ServicerContext
    ) -> pb.SuggestChangesResponse:
        """The smallest changes that make an application presentable."""
        return suggest_changes(request, self._deployments.current())

    def ExploreLoanTerms(
        self, request: pb.ExploreLoanTermsRequest, context: grpc.ServicerContext
    ) -> pb.ExploreLoanTermsResponse:
        """The outcomes over a grid of amounts and durations."""
        return explore_loan_terms(request, self._deployments.current())


def _answer(recorded: Recorded, case_reference: str) -> assessment_pb2.Assessment:
    return assessment_pb(recorded.assessment, recorded.stamp, case_reference, recorded.decision_id)


def _result(
    index: int, outcome: Recorded | DomainError, case_reference: str
) -> pb.BatchAssessEligibilityResult:
    if isinstance(outcome, DomainError):
        return pb.BatchAssessEligibilityResult(index=index, error=to_status(outcome, DOMAIN))
    return pb.BatchAssessEligibilityResult(index=index, assessment=_answer(outcome, case_reference))


class LoanServicer(LoanServiceServicer):
    """Computes loans."""

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments

    def SimulateLoan(
        self, request: loan_service_pb2.SimulateLoanRequest, context: grpc.ServicerContext
    ) -> loan_service_pb2.SimulateLoanResponse:
        """Simulates terms, or those that answer an inverse question."""
        asked = read_loan_question(request, self._deployments.current())
        question = asked.question
        terms = question if isinstance(question, Terms) else question.solve()
        if terms is None:
            return loan_service_pb2.SimulateLoanResponse(summary=unanswered(question))
        simulation = _simulation(terms, asked.insurance_monthly)
        return loan_service_pb2.SimulateLoanResponse(
            simulation=simulation_pb(simulation, asked.first_due_date),
            summary=answered(question, simulation),
        )


def _simulation(terms: Terms, insurance_monthly: int | None) -> Simulation:
    try:
        return simulate(terms, insurance_monthly)
    except RateWithoutMeaningError as error:
        violations = Violations()
        field = "insurance_monthly" if error.insured else "terms.fees"
        violations.add(field, FieldReason.INCONSISTENT, "Le TAEG dépasserait 1 000 000 %.")
        violations.raise_if_any()
        raise
