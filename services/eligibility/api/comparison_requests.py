"""Reads requests for comparisons: the two rulesets, and the applications to compare them over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from microcredit.eligibility.v1 import ruleset_service_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from services.eligibility.answer import Filters
from services.eligibility.api.releases import checked
from services.eligibility.api.service import check_batch
from services.eligibility.engine import request_day
from services.eligibility.messages import BoundedFields, read_request
from services.eligibility.package import Values
from services.eligibility.publishing import Deployment, Deployments, Pair, Ruleset, advice, compiled, moved
from services.eligibility.store import Journal
from services.kit import releases
from services.kit.context import check_deadline, remaining
from services.kit.errors import FailedPrecondition, FieldReason, InvalidArgument, Violations
from services.kit.french import number, spaced
from services.kit.releases import Kind

DEFAULT_DECISIONS, MAX_DECISIONS = 1000, 5000
_PAGE = 100

Application = tuple[Values | None, str]
"""The facts of an application, None when they were erased or purged, and its name in the examples."""


@dataclass(frozen=True)
class Rulesets:
    """What is compared; `base` holds one ruleset for all days when it is named, or those in force."""

    base: Deployment
    candidate: Ruleset
    as_of: date | None

    def pair(self, application: Application) -> Pair | None:
        """What both advise on an application; None when one of them cannot."""
        check_deadline()
        facts, name = application
        if facts is None:
            return None
        facts = moved(facts, self.as_of)
        candidate = advice(self.candidate.package, self.candidate.engine, facts)
        base = self._base(request_day(facts))
        advised = advice(base.package, base.engine, facts) if base else None
        return Pair(advised, candidate, name) if advised and candidate else None

    def _base(self, day: date) -> Ruleset | None:
        try:
            return self.base.on(day)
        except FailedPrecondition:
            return None


@dataclass(frozen=True)
class Recorded:
    """Which decisions of the journal, latest first."""

    filters: Filters
    count: int


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
    violations.raise_if_any()
    under = Deployment.always(_published(deployments, *base)) if base else _in_force(deployments, as_of)
    tried = _published(deployments, *candidate) if candidate else _uploaded(request.archive, deployments)
    return Rulesets(under, tried, as_of)


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
    return [(case.facts, case.id) for case in rulesets.candidate.package.cases]


def left_behind(request: pb.CompareRulesetsRequest, journal: Journal) -> str:
    """What the comparison did not read of the decisions asked for; empty when it read them all."""
    if request.WhichOneof("over") != "decisions":
        return ""
    asked = _recorded(request.decisions, Violations())
    total = journal.count(asked.filters)
    if total <= asked.count:
        return ""
    return spaced(
        f" Décisions lues, les dernières d’abord : {number(asked.count)} sur {number(total)} ; demandez-en "
        f"davantage ({number(MAX_DECISIONS)} au plus), ou comparez période par période."
    )


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
    return Recorded(Filters(start_time=start, end_time=end), asked.max_count or DEFAULT_DECISIONS)


def _decisions(journal: Journal, asked: Recorded) -> Iterator[Application]:
    before: int | None = None
    left = asked.count
    while left:
        found = journal.search(asked.filters, before_sequence=before, limit=min(left, _PAGE))
        for decision in found:
            yield decision.read.facts if decision.read else None, f"decisions/{decision.decision_id}"
            before = decision.sequence
        left = left - len(found) if len(found) == _PAGE else 0


def _given(requests: Sequence[AssessEligibilityRequest], rulesets: Rulesets) -> list[Application]:
    """The applications of a request, that one of the two rulesets reads; InvalidArgument with every wrong
    field of the others."""
    check_batch(len(requests), "applications.requests")
    readers = (rulesets.base, Deployment.always(rulesets.candidate))
    violations = Violations()
    found: list[Application] = []
    for index, item in enumerate(requests):
        check_deadline()
        try:
            found.append((_facts(item, readers), item.case_reference or f"requests[{index}]"))
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
