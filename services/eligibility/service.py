"""The EligibilityService and the LoanService of the contract."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import structlog

from microcredit.eligibility.v1 import assessment_pb2, loan_service_pb2
from microcredit.eligibility.v1 import eligibility_service_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceServicer
from microcredit.eligibility.v1.loan_service_pb2_grpc import LoanServiceServicer
from services.eligibility.assessment.assess import assess
from services.eligibility.deployment import Deployment
from services.eligibility.edge.answers import assessment_pb, ruleset_pb
from services.eligibility.edge.application import read_request as read_application
from services.eligibility.edge.catalog import catalog
from services.eligibility.edge.fields import Fields
from services.eligibility.edge.loan_answers import answered, simulation_pb, unanswered
from services.eligibility.edge.loan_questions import read_request as read_loan_question
from services.eligibility.loan.effective_rate import RateWithoutMeaningError
from services.eligibility.loan.schedule import Terms
from services.eligibility.loan.simulation import Simulation, simulate
from services.kit.context import check_deadline
from services.kit.errors import DomainError, ResourceExhausted, Violations
from services.kit.status import to_status

DOMAIN = "eligibility.microcredit"
MAX_BATCH = 500
MAX_ANSWER_BYTES = 4 * 1024 * 1024 - 1024
"""Of a batch: gRPC clients refuse answers above 4 MiB unless told otherwise."""
_FRAME_BYTES = 8
_REFUSAL_BYTES = 600
"""At most, for an item that does not fit in the answer."""

log = structlog.get_logger()


class EligibilityServicer(EligibilityServiceServicer):
    """Assesses applications under the rules of their date."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def AssessEligibility(  # noqa: N802
        self, request: pb.AssessEligibilityRequest, context: grpc.ServicerContext
    ) -> pb.AssessEligibilityResponse:
        """One application."""
        return pb.AssessEligibilityResponse(assessment=self._assess(request))

    def BatchAssessEligibility(  # noqa: N802
        self, request: pb.BatchAssessEligibilityRequest, context: grpc.ServicerContext
    ) -> pb.BatchAssessEligibilityResponse:
        """Up to MAX_BATCH applications, each on its own."""
        count = len(request.requests)
        if count > MAX_BATCH:
            raise ResourceExhausted(
                "BATCH_TOO_LARGE",
                f"Un lot compte {MAX_BATCH} demandes au plus ; celui-ci en compte {count}.",
                metadata={"count": str(count), "limit": str(MAX_BATCH)},
            )
        violations = Violations()
        if not count:
            violations.add("requests", "FIELD_REQUIRED", "Le lot ne contient aucune demande.")
        violations.raise_if_any()
        return pb.BatchAssessEligibilityResponse(results=list(self._results(request)))

    def GetFactCatalog(  # noqa: N802
        self, request: pb.GetFactCatalogRequest, context: grpc.ServicerContext
    ) -> pb.GetFactCatalogResponse:
        """The facts that the rules of a day read."""
        violations = Violations()
        fields = Fields(request, "", violations)
        day = fields.day("request_date") if fields.present("request_date") else None
        violations.raise_if_any()
        assert day is not None  # noqa: S101 - its absence is a violation
        package = self._deployment.package_on(day)
        return pb.GetFactCatalogResponse(facts=catalog(package, day), ruleset=ruleset_pb(package))

    def _assess(self, request: pb.AssessEligibilityRequest) -> assessment_pb2.Assessment:
        package, facts = read_application(request, self._deployment)
        assessment = assess(package, self._deployment.engine, facts)
        if assessment.disagreements:
            log.error("engine_disagreement", ruleset=package.digest, rules=assessment.disagreements)
        return assessment_pb(assessment, package, request.case_reference)

    def _results(self, batch: pb.BatchAssessEligibilityRequest) -> Iterator[pb.BatchAssessEligibilityResult]:
        """One result for each request; an assessment takes the room that refusing the next ones leaves."""
        room = MAX_ANSWER_BYTES - _REFUSAL_BYTES * len(batch.requests)
        for index, request in enumerate(batch.requests):
            check_deadline()
            room += _REFUSAL_BYTES
            result = pb.BatchAssessEligibilityResult(index=index)
            try:
                result.assessment.CopyFrom(self._assess(request))
                if result.ByteSize() + _FRAME_BYTES > room:
                    raise _answer_full()
            except DomainError as error:
                result.error.CopyFrom(to_status(error, DOMAIN))
            room -= result.ByteSize() + _FRAME_BYTES
            yield result


class LoanServicer(LoanServiceServicer):
    """Computes loans."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def SimulateLoan(  # noqa: N802
        self, request: loan_service_pb2.SimulateLoanRequest, context: grpc.ServicerContext
    ) -> loan_service_pb2.SimulateLoanResponse:
        """Simulates terms, or those that answer an inverse question."""
        asked = read_loan_question(request, self._deployment)
        question = asked.question
        terms = question if isinstance(question, Terms) else question.solve()
        if terms is None:
            return loan_service_pb2.SimulateLoanResponse(summary=unanswered(question))
        simulation = _simulation(terms, asked.insurance_monthly)
        return loan_service_pb2.SimulateLoanResponse(
            simulation=simulation_pb(simulation, asked.first_due_date),
            summary=answered(question, simulation),
        )


def _answer_full() -> ResourceExhausted:
    return ResourceExhausted(
        "BATCH_TOO_LARGE",
        "La réponse du lot atteint sa taille maximale : renvoyez cette demande dans un autre lot.",
        metadata={"limit_bytes": str(MAX_ANSWER_BYTES)},
    )


def _simulation(terms: Terms, insurance_monthly: int | None) -> Simulation:
    try:
        return simulate(terms, insurance_monthly)
    except RateWithoutMeaningError as error:
        violations = Violations()
        field = "insurance_monthly" if error.insured else "terms.fees"
        violations.add(field, "RATE_WITHOUT_MEANING", "Le TAEG dépasserait 1 000 000 %.")
        violations.raise_if_any()
        raise
