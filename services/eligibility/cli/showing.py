"""Messages of the contract as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable

from google.type.date_pb2 import Date

from microcredit.eligibility.v1 import assessment_pb2 as assessment
from microcredit.eligibility.v1 import ruleset_pb2 as pb
from services.kit.cli import Output, civil
from services.kit.french import short_date

OUTCOMES = {
    assessment.OUTCOME_ELIGIBLE: "présentable",
    assessment.OUTCOME_ELIGIBLE_WITH_RESERVE: "présentable sous réserve",
    assessment.OUTCOME_INCOMPLETE: "incomplète",
    assessment.OUTCOME_NOT_ELIGIBLE: "non présentable",
    assessment.OUTCOME_NEEDS_REVIEW: "à examiner",
}


def short_day(value: Date) -> str:
    """« 01/01/2027 »."""
    return short_date(civil(value))


def comparison(report: pb.ComparisonReport, out: Output) -> None:
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
