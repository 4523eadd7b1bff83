"""Reads what decisions are counted by, and writes the counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as pb
from services.eligibility.answer import Tally
from services.eligibility.messages.fields import BoundedFields
from services.eligibility.package import Fact, Kind, PersonalData, RulePackage
from services.kit.dates import paris_start
from services.kit.errors import FieldReason, Violations
from services.kit.wire import date_pb

MAX_DAYS = 1830


@dataclass(frozen=True)
class Days:
    """A period, by its days of Paris, both counted."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The instant when it begins."""
        return paris_start(self.first)

    @property
    def end(self) -> datetime:
        """The instant when it is over."""
        return paris_start(self.last + timedelta(days=1))


def period(request: pb.CountDecisionsRequest) -> Days:
    """The period to count; InvalidArgument."""
    violations = Violations()
    fields = BoundedFields(request, "", violations)
    first, last = fields.day("first_day", required=True), fields.day("last_day", required=True)
    if first and last and not first <= last <= first + timedelta(days=MAX_DAYS):
        sentence = f"Le dernier jour suit le premier, de {MAX_DAYS} jours au plus."
        violations.add("last_day", FieldReason.OUT_OF_RANGE, sentence)
    first, last = violations.whole(first), violations.whole(last)
    return Days(first, last)


def fact(request: pb.CountDecisionsRequest, package: RulePackage) -> Fact | None:
    """The fact asked for; InvalidArgument for one that is not counted."""
    found = package.facts.get(request.fact)
    violations = Violations()
    if found is None or found.type.kind is not Kind.CODE:
        sentence = "Ce nom n’est pas celui d’un fait dont la valeur est un code."
        violations.add("fact", FieldReason.UNKNOWN_VALUE, sentence)
    elif found.personal_data is PersonalData.SENSITIVE:
        sentence = "Ce fait est une donnée sensible : il n’est pas compté."
        violations.add("fact", FieldReason.OUT_OF_RANGE, sentence)
    violations.raise_if_any()
    return found


def counts_pb(found: Tally, fact: Fact | None) -> pb.CountDecisionsResponse:
    """The counts, in an order that does not say when each decision was recorded."""
    labels = fact.type.labels if fact else {}
    cells = sorted(
        found.decisions, key=lambda cell: (cell.month, cell.outcome.value, cell.version, cell.code)
    )
    return pb.CountDecisionsResponse(
        counts=[
            pb.DecisionCount(
                outcome=assessment_pb2.Outcome.Value(f"OUTCOME_{cell.outcome.value}"),
                month=date_pb(cell.month),
                ruleset_version=cell.version,
                code=cell.code,
                code_label=labels.get(cell.code, ""),
                decision_count=found.decisions[cell],
                application_count=found.cases[cell],
            )
            for cell in cells
        ],
        decision_count=found.decisions.total(),
        application_count=found.cases.total(),
        damaged_count=found.damaged,
        fact_label=fact.label if fact else "",
    )
