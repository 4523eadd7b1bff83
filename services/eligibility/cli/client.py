"""What several commands ask of the server, and show of its answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from google.type.date_pb2 import Date

from microcredit.eligibility.v1 import assessment_pb2 as assessment
from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import RulesetServiceStub
from services.kit.cli import Call, CommandError, Output, ReleaseClient, civil
from services.kit.dates import today
from services.kit.french import short_date

OUTCOMES = {
    assessment.OUTCOME_ELIGIBLE: "présentable",
    assessment.OUTCOME_ELIGIBLE_WITH_RESERVE: "présentable sous réserve",
    assessment.OUTCOME_INCOMPLETE: "incomplète",
    assessment.OUTCOME_NOT_ELIGIBLE: "non présentable",
    assessment.OUTCOME_NEEDS_REVIEW: "à examiner",
}


class Client:
    """Calls a server as one actor."""

    def __init__(self, call: Call) -> None:
        self.rulesets = RulesetServiceStub(call.remote.channel)
        self.decisions = DecisionServiceStub(call.remote.channel)
        self.releases = ReleaseClient(call.remote, "rulesets")
        self.call = call.remote.call

    def version_name(self, version: str) -> str:
        """The resource name of a version, or of a digest."""
        return f"{self.releases.package('').name}/versions/{version}"

    def contents(self, version: str) -> Mapping[str, bytes]:
        """The files of a published version."""
        return self.releases.files(self.releases.version("", version))

    def contents_in_force(self) -> Mapping[str, bytes]:
        """The files of the version that governs today's requests."""
        version = self.releases.in_force("", today())
        if not version:
            raise CommandError("Aucun règlement n’est en vigueur aujourd’hui.", reason="RULESET_NOT_IN_FORCE")
        return self.contents(version)


def new_request_id() -> str:
    """A UUID that makes a retry harmless."""
    return str(uuid.uuid4())


def short_day(value: Date) -> str:
    """« 01/01/2027 »."""
    return short_date(civil(value))


def show_comparison(report: pb.ComparisonReport, out: Output) -> None:
    """What changes, by outcome pair and reasons, after its French summary."""
    out.line(report.summary)
    rows = (
        (
            str(change.count),
            f"{OUTCOMES.get(change.base_outcome, '?')} → {OUTCOMES.get(change.candidate_outcome, '?')}",
            ", ".join((*_signed("+", change.added_reasons), *_signed("−", change.removed_reasons))),
            "\n".join(name.removeprefix("decisions/") for name in change.examples),
        )
        for change in report.changes
    )
    out.table(("demandes", "réponse", "motifs", "exemples"), rows)


def _signed(sign: str, codes: Iterable[str]) -> list[str]:
    return [f"{sign}{code}" for code in codes]
