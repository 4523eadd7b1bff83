"""Reads requests for comparisons: the two rulesets, and the applications to compare them over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from microcredit.eligibility.v1 import ruleset_service_pb2 as pb
from microcredit.eligibility.v1.assessment_pb2 import Outcome as OutcomeMessage
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from services.eligibility.answer import Filters
from services.eligibility.api.releases import checked
from services.eligibility.api.service import check_batch
from services.eligibility.messages import BoundedFields, read_request
from services.eligibility.package import Outcome, Values
from services.eligibility.publishing import (
    MAX_EXAMPLES,
    Advice,
    Application,
    Base,
    Count,
    Deployment,
    Deployments,
    OutcomeChange,
    Ruleset,
    Rulesets,
    Tally,
    compiled,
)
from services.eligibility.store import Journal
from services.kit import releases
from services.kit.context import check_deadline, remaining
from services.kit.errors import FailedPrecondition, FieldReason, InvalidArgument, Violations
from services.kit.french import number, spaced
from services.kit.releases import Kind

DEFAULT_DECISIONS, MAX_DECISIONS = 1000, 5000
_PAGE = 100
_MOST = 1_000_000_000
_OUTCOMES = {OutcomeMessage.Value(f"OUTCOME_{outcome.value}"): outcome for outcome in Outcome}


@dataclass(frozen=True)
class Recorded:
    """Which decisions of the journal, latest first; `before` is the rank that they are below, if any."""

    filters: Filters
    count: int
    before: int | None


def read_rulesets(request: pb.CompareRulesetsRequest, deployments: Deployments) -> Rulesets:
    """The two rulesets of a request; InvalidArgument with every wrong field, those of `over` included."""
    asked = releases.ReleaseFields(deployments.releases.kinds)
    violations = asked.violations
    as_of = BoundedFields(request, "", violations).day("as_of_date")
    base = asked.version(request.base, "base") if request.base else None
    kind = request.WhichOneof("candidate")
    if kind is None:
        violations.add("candidate", FieldReason.REQUIRED, "Donnez une archive, ou le nom d’une version.")
    candidate = asked.version(request.name, "name") if kind == "name" else None
    _recorded(request.decisions, violations)
    then = request.decisions.with_answers_then
    if then and base:
        text = "La réponse donnée alors est la base : n’en nommez pas d’autre."
        violations.add("base", FieldReason.INCONSISTENT, text)
    violations.raise_if_any()
    under = Deployment.always(_published(deployments, *base)) if base else _in_force(deployments, as_of)
    tried = _published(deployments, *candidate) if candidate else _uploaded(request.archive, deployments)
    named = Base.VERSION if base else Base.RULES_NOW
    return Rulesets(Base.ANSWERS_THEN if then else named, under, tried, as_of)


def _published(deployments: Deployments, kind: Kind[Ruleset], name: str, version: str) -> Ruleset:
    """A published version; NotFound, or FailedPrecondition when what is stored of it is unusable."""
    state = deployments.releases.store.state()
    return deployments.ruleset(releases.find_version(state, kind, name, version).digest)


def applications(
    request: pb.CompareRulesetsRequest, rulesets: Rulesets, journal: Journal
) -> Iterable[Application]:
    """The applications to compare over: those of the request, recorded ones, or the candidate's own cases."""
    match request.WhichOneof("over"):
        case "applications":
            return _given(request.applications.requests, rulesets)
        case "decisions":
            return _decisions(journal, _recorded(request.decisions, Violations()))
    return [Application(case.facts, case.id) for case in rulesets.candidate.package.cases]


def next_before(request: pb.CompareRulesetsRequest, over: Sequence[Application]) -> int:
    """The rank below which the next page of decisions begins; 0 when this one reached the oldest."""
    asked = _recorded(request.decisions, Violations())
    whole = request.WhichOneof("over") == "decisions" and len(over) == asked.count
    return over[-1].rank if whole else 0


def said_read(request: pb.CompareRulesetsRequest, journal: Journal, read: int, next_before: int) -> str:
    """How far the decisions asked for were read, the pages before included; empty over anything else."""
    if request.WhichOneof("over") != "decisions":
        return ""
    if not next_before:
        return spaced(f"Décisions lues : {number(read)}, jusqu’à la plus ancienne.")
    total = journal.count(_recorded(request.decisions, Violations()).filters)
    return spaced(
        f"Décisions lues : les {number(read)} dernières sur {number(total)} ; demandez la page suivante, ou "
        "comparez période par période."
    )


def earlier(request: pb.CompareRulesetsRequest) -> Tally:
    """The count of the pages before, as the report of the last of them says it; InvalidArgument."""
    report, violations = request.earlier, Violations()
    numbers = [report.left_out_count, *(one.count for one in report.changes)]
    unchanged = report.compared_count - sum(numbers[1:])
    outcomes = {outcome for one in report.changes for outcome in (one.base_outcome, one.candidate_outcome)}
    if min(unchanged, *numbers) < 0 or max(unchanged, *numbers) > _MOST or not outcomes <= _OUTCOMES.keys():
        text = "Ce rapport n’est pas celui d’une page précédente."
        violations.add("earlier", FieldReason.INCONSISTENT, text)
    violations.raise_if_any()
    counts = {
        OutcomeChange(
            _OUTCOMES[one.base_outcome],
            _OUTCOMES[one.candidate_outcome],
            tuple(one.added_reasons),
            tuple(one.removed_reasons),
        ): Count(one.count, tuple(one.examples[:MAX_EXAMPLES]))
        for one in report.changes
    }
    same = OutcomeChange(Outcome.ELIGIBLE, Outcome.ELIGIBLE, (), ())
    return Tally({**counts, same: Count(unchanged)}, report.left_out_count)


def _in_force(deployments: Deployments, as_of: date | None) -> Deployment:
    """What is in force; FailedPrecondition if nothing is, or nothing on the day asked for."""
    deployment = deployments.current()
    deployment.on(as_of) if as_of else deployment.last
    return deployment


def _uploaded(archive: bytes, deployments: Deployments) -> Ruleset:
    """The ruleset of an archive, compiled here once its check in a child process accepts it."""
    contents = releases.unpacked(archive, deployments.releases.kinds.first)
    report = checked(contents, remaining())
    check_deadline()
    releases.accepted(report)
    return compiled(contents)


def _recorded(asked: pb.RecordedDecisions, violations: Violations) -> Recorded:
    fields = BoundedFields(asked, "decisions.", violations)
    start, end = fields.instant("start_time"), fields.instant("end_time")
    if not 0 <= asked.max_count <= MAX_DECISIONS:
        text = f"Le nombre de décisions va de 1 à {number(MAX_DECISIONS)} (0 : {number(DEFAULT_DECISIONS)})."
        violations.add("decisions.max_count", FieldReason.OUT_OF_RANGE, text)
    if asked.before < 0:
        violations.add("decisions.before", FieldReason.OUT_OF_RANGE, "Ce rang ne peut pas être négatif.")
    filters = Filters(start_time=start, end_time=end)
    return Recorded(filters, asked.max_count or DEFAULT_DECISIONS, asked.before or None)


def _decisions(journal: Journal, asked: Recorded) -> Iterator[Application]:
    before, left = asked.before, asked.count
    while left:
        found = journal.search(asked.filters, before_sequence=before, limit=min(left, _PAGE))
        for decision in found:
            record = decision.record
            yield Application(
                decision.read.facts if decision.read else None,
                f"decisions/{decision.decision_id}",
                decision.sequence,
                Advice(record.outcome, record.reason_codes) if record else None,
            )
            before = decision.sequence
        left = left - len(found) if len(found) == _PAGE else 0


def _given(requests: Sequence[AssessEligibilityRequest], rulesets: Rulesets) -> list[Application]:
    """The applications of a request, that one of the two rulesets reads; InvalidArgument with every wrong
    field of the others."""
    check_batch(len(requests), "applications.requests")
    readers = (rulesets.under, Deployment.always(rulesets.candidate))
    violations = Violations()
    found: list[Application] = []
    for index, item in enumerate(requests):
        check_deadline()
        try:
            found.append(Application(_facts(item, readers), item.case_reference or f"requests[{index}]"))
        except InvalidArgument as error:
            path = f"applications.requests[{index}]."
            violations.extend(replace(wrong, field=path + wrong.field) for wrong in error.violations)
    violations.raise_if_any()
    return found


def _facts(item: AssessEligibilityRequest, readers: Sequence[Deployment]) -> Values:
    """The facts as the first ruleset that accepts them reads them; otherwise what is wrong for the first that
    may govern that day."""
    refusals: list[InvalidArgument] = []
    for reader in readers:
        try:
            return read_request(item, reader)[1]
        except InvalidArgument as error:
            refusals.append(error)
        except FailedPrecondition:
            continue
    raise refusals[0]
