"""The RulesetService of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import grpc

from microcredit.eligibility.v1 import ruleset_pb2
from microcredit.eligibility.v1 import ruleset_service_pb2 as pb
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import RulesetServiceServicer
from services.eligibility.api.comparisons import Comparisons
from services.eligibility.messages import ruleset_requests, rulesets
from services.eligibility.package import Findings, Identity, Severity, as_table, read_identity, read_source
from services.eligibility.publishing import Deployments, Report
from services.kit.context import actor, check_deadline, remaining, stopping
from services.kit.errors import (
    FailedPrecondition,
    FieldReason,
    InvalidArgument,
    Unavailable,
    Violation,
    Violations,
)
from services.kit.releases import (
    Candidate,
    Change,
    Contents,
    PackageDamagedError,
    Release,
    State,
    digest,
    pack,
)
from services.kit.wire import paging

WATCH_SECONDS = 0.5
"""How soon a watch sees that its client left, that the server stops, or that its time runs out."""
IDENTITY_FILE = "package.yaml"

Checker = Callable[..., Report]


@dataclass(frozen=True)
class _Prepared:
    """A package ready to publish, what it says of itself, and its report."""

    candidate: Candidate
    identity: Identity | None
    report: ruleset_pb2.CheckReport


class RulesetServicer(RulesetServiceServicer):
    """Checks, publishes, activates and rolls back rulesets; `page_key` seals the tokens of its lists."""

    def __init__(
        self, deployments: Deployments, checker: Checker, comparisons: Comparisons, page_key: bytes
    ) -> None:
        self._deployments = deployments
        self._store = deployments.store
        self._follower = deployments.follower
        self._checker = checker
        self._comparisons = comparisons
        self._page_key = page_key
        self._identities: dict[str, Identity] = {}

    def CheckRuleset(  # noqa: N802
        self, request: pb.CheckRulesetRequest, context: grpc.ServicerContext
    ) -> pb.CheckRulesetResponse:
        """Every finding on an archive, or on a published revision."""
        match request.WhichOneof("candidate"):
            case "archive":
                contents, revision = ruleset_requests.contents(request.archive), 0
            case "name":
                release = self._release(request.name)
                contents, revision = self._contents(release.digest), release.revision
            case _:
                violations = Violations()
                violations.add(
                    "candidate", FieldReason.REQUIRED, "Donnez une archive, ou le nom d’une version."
                )
                violations.raise_if_any()
        return pb.CheckRulesetResponse(report=rulesets.report_pb(self._checked(contents), revision))

    def PublishRuleset(  # noqa: N802
        self, request: pb.PublishRulesetRequest, context: grpc.ServicerContext
    ) -> pb.PublishRulesetResponse:
        """A package that passes its check becomes a revision; a content known already is not checked
        again."""
        writing = ruleset_requests.publication(request)
        prepared = self._prepared(ruleset_requests.contents(request.archive))
        publication = self._store.publish(
            prepared.candidate,
            actor=actor(),
            comment=writing.comment,
            request_id=writing.request_id,
            validate_only=request.validate_only,
        )
        self._follow()
        prepared.report.ruleset.state_number = publication.release.revision
        return pb.PublishRulesetResponse(
            ruleset_revision=rulesets.revision_pb(publication.release, prepared.identity),
            report=prepared.report,
            created=publication.created,
        )

    def GetRuleset(  # noqa: N802
        self, request: pb.GetRulesetRequest, context: grpc.ServicerContext
    ) -> pb.GetRulesetResponse:
        """The ruleset as its store shows it now."""
        violations = Violations()
        name = ruleset_requests.ruleset_id(request.name, "name", violations)
        ruleset_requests.check_revision(request.min_state_number, "min_state_number", violations)
        violations.raise_if_any()
        state = self._store.state()
        ruleset_requests.check_reached(state, request.min_state_number)
        return pb.GetRulesetResponse(ruleset=self._ruleset(state, name))

    def ListRulesets(  # noqa: N802
        self, request: pb.ListRulesetsRequest, context: grpc.ServicerContext
    ) -> pb.ListRulesetsResponse:
        """The ruleset that the service applies."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        violations.raise_if_any()
        state = self._store.state()
        names = list(dict.fromkeys(release.name for release in state.releases))
        return pb.ListRulesetsResponse(
            rulesets=[self._ruleset(state, name) for name in page.of(names)],
            next_page_token=page.next_token(self._page_key, request, len(names), state.revision),
        )

    def GetRulesetRevision(  # noqa: N802
        self, request: pb.GetRulesetRevisionRequest, context: grpc.ServicerContext
    ) -> pb.GetRulesetRevisionResponse:
        """One published revision, and its archive."""
        release = self._release(request.name)
        contents = self._contents(release.digest)
        return pb.GetRulesetRevisionResponse(
            ruleset_revision=rulesets.revision_pb(release, self._identity(release.digest)),
            archive=pack(contents) if request.with_archive else b"",
        )

    def ListRulesetRevisions(  # noqa: N802
        self, request: pb.ListRulesetRevisionsRequest, context: grpc.ServicerContext
    ) -> pb.ListRulesetRevisionsResponse:
        """The published revisions; every page shows the revision of the first one."""
        name, page, state = self._listed(request)
        releases = [release for release in reversed(state.releases) if release.name == name]
        return pb.ListRulesetRevisionsResponse(
            ruleset_revisions=[
                rulesets.revision_pb(release, self._identity(release.digest)) for release in page.of(releases)
            ],
            next_page_token=page.next_token(self._page_key, request, len(releases), state.revision),
        )

    def ListRulesetEvents(  # noqa: N802
        self, request: pb.ListRulesetEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListRulesetEventsResponse:
        """What happened; every page shows the revision of the first one."""
        name, page, state = self._listed(request)
        events = [event for event in reversed(state.events) if event.name == name]
        return pb.ListRulesetEventsResponse(
            events=map(rulesets.event_pb, page.of(events)),
            next_page_token=page.next_token(self._page_key, request, len(events), state.revision),
        )

    def ActivateRuleset(  # noqa: N802
        self, request: pb.ActivateRulesetRequest, context: grpc.ServicerContext
    ) -> pb.ActivateRulesetResponse:
        """A revision governs from a day on."""
        violations = Violations()
        name = ruleset_requests.revision_name(request.name, "name", violations)
        asked = ruleset_requests.change_date(request, violations)
        release = ruleset_requests.find_release(self._store.state(), name)
        activate = partial(
            self._store.activate,
            release.name,
            release.version,
            asked.day,
            actor=actor(),
            comment=asked.writing.comment,
            etag=request.etag,
            request_id=asked.writing.request_id,
            supersede_planned=request.supersede_planned,
        )
        change = self._changed(activate, request.validate_only)
        return pb.ActivateRulesetResponse(
            event=rulesets.event_pb(change.event),
            ruleset=self._ruleset(change.state, release.name),
            superseded=map(rulesets.revision_name, change.superseded),
        )

    def RollbackRuleset(  # noqa: N802
        self, request: pb.RollbackRulesetRequest, context: grpc.ServicerContext
    ) -> pb.RollbackRulesetResponse:
        """What governed before the last activation governs again."""
        violations = Violations()
        name = ruleset_requests.ruleset_id(request.name, "name", violations)
        asked = ruleset_requests.change_date(request, violations)
        ruleset_requests.check_ruleset(self._store.state(), name)
        rollback = partial(
            self._store.rollback,
            name,
            asked.day,
            actor=actor(),
            comment=asked.writing.comment,
            etag=request.etag,
            request_id=asked.writing.request_id,
        )
        change = self._changed(rollback, request.validate_only)
        return pb.RollbackRulesetResponse(
            event=rulesets.event_pb(change.event), ruleset=self._ruleset(change.state, name)
        )

    def GetRulesetStatus(  # noqa: N802
        self, request: pb.GetRulesetStatusRequest, context: grpc.ServicerContext
    ) -> pb.GetRulesetStatusResponse:
        """What the process that answers applies."""
        revision = self._store.last_revision()
        status = rulesets.status_pb(self._follower.status(), self._follower.state(), revision)
        return pb.GetRulesetStatusResponse(status=status)

    def WatchRulesets(  # noqa: N802
        self, request: pb.WatchRulesetsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchRulesetsResponse]:
        """The events after a revision, then each new one until the client leaves or the server stops."""
        violations = Violations()
        ruleset_requests.check_revision(request.after_state_number, "after_state_number", violations)
        violations.raise_if_any()
        after = request.after_state_number
        while context.is_active() and not stopping() and remaining() > WATCH_SECONDS:
            if self._follower.status().store_revision > after:
                for event in self._store.state().events:
                    if event.revision > after:
                        yield pb.WatchRulesetsResponse(event=rulesets.event_pb(event))
                        after = event.revision
            self._follower.wait(after, WATCH_SECONDS)

    def CompareRulesets(  # noqa: N802
        self, request: pb.CompareRulesetsRequest, context: grpc.ServicerContext
    ) -> pb.CompareRulesetsResponse:
        """What a candidate changes."""
        return self._comparisons.compare(request)

    def StartShadow(  # noqa: N802
        self, request: pb.StartShadowRequest, context: grpc.ServicerContext
    ) -> pb.StartShadowResponse:
        """A candidate begins to run beside the rules in force."""
        return self._comparisons.start_shadow(request)

    def GetShadow(  # noqa: N802
        self, request: pb.GetShadowRequest, context: grpc.ServicerContext
    ) -> pb.GetShadowResponse:
        """A shadow run and its report."""
        return self._comparisons.get_shadow(request)

    def ListShadows(  # noqa: N802
        self, request: pb.ListShadowsRequest, context: grpc.ServicerContext
    ) -> pb.ListShadowsResponse:
        """The shadow runs."""
        return self._comparisons.list_shadows(request)

    def StopShadow(  # noqa: N802
        self, request: pb.StopShadowRequest, context: grpc.ServicerContext
    ) -> pb.StopShadowResponse:
        """A shadow run ends."""
        return self._comparisons.stop_shadow(request)

    def _release(self, name: str) -> Release:
        asked = ruleset_requests.asked_revision(name)
        return ruleset_requests.find_release(self._store.state(), asked)

    def _ruleset(self, state: State, name: str) -> ruleset_pb2.Ruleset:
        ruleset_requests.check_ruleset(state, name)
        latest = next(release for release in reversed(state.releases) if release.name == name)
        return rulesets.ruleset_pb(state, latest, self._identity(latest.digest))

    def _listed(
        self, request: pb.ListRulesetRevisionsRequest | pb.ListRulesetEventsRequest
    ) -> tuple[str, paging.Page, State]:
        """The ruleset of a list, the page asked for, and the state that this page shows."""
        violations = Violations()
        name = ruleset_requests.ruleset_id(request.parent, "parent", violations)
        page = paging.asked_page(self._page_key, request, violations)
        violations.raise_if_any()
        state = self._store.state()
        ruleset_requests.check_ruleset(state, name)
        return name, page, state.as_of(page.place.state_number or state.revision)

    def _prepared(self, contents: Contents) -> _Prepared:
        """The candidate made of these files once it passed its check; InvalidArgument with every error."""
        state = self._store.state()
        package_digest = digest(contents)
        known = next((release for release in state.releases if release.digest == package_digest), None)
        if known is not None:
            days = (known.valid_from, known.valid_until)
            candidate = Candidate(known.name, known.version, *days, contents)
            return _Prepared(candidate, self._identity(package_digest), rulesets.known_report_pb(known))
        report = self._checked(contents)
        identity = _accepted(report)
        _check_id(state, identity.id)
        days = (identity.validity.first, identity.validity.last)
        candidate = Candidate(identity.id, identity.version, *days, contents)
        return _Prepared(candidate, identity, rulesets.report_pb(report))

    def _checked(self, contents: Contents) -> Report:
        report = self._checker(contents, seconds=remaining())
        check_deadline()
        return report

    def _changed(self, change: Callable[..., Change], validate_only: bool) -> Change:
        """Makes a change, once what it would apply was compiled here: nothing that cannot answer governs."""
        try:
            made = change(validate_only=True)
            self._deployments.ruleset(made.event.digest)
            if not validate_only:
                made = change(validate_only=False)
        except PackageDamagedError:
            raise _unreadable({}) from None
        self._follow()
        return made

    def _follow(self) -> None:
        """This process answers with the change at once; if the store has just stopped answering, a little
        later."""
        with suppress(Unavailable):
            self._follower.refresh()

    def _contents(self, package_digest: str) -> Contents:
        try:
            return self._store.contents(package_digest)
        except PackageDamagedError:
            raise _unreadable({"digest": package_digest}) from None

    def _identity(self, package_digest: str) -> Identity | None:
        """What a published package says of itself; None when what is stored of it cannot be trusted."""
        known = self._identities.get(package_digest)
        if known is None:
            with suppress(PackageDamagedError):
                known = _identity(self._store.contents(package_digest))
                self._identities[package_digest] = known
        return known


def _identity(contents: Contents) -> Identity:
    """The identity of a package that passed its check."""
    findings = Findings()
    table = as_table(read_source(IDENTITY_FILE, contents[IDENTITY_FILE], findings), findings)
    assert table is not None  # noqa: S101 - it was a table when the package was published
    return read_identity(table)


def _accepted(report: Report) -> Identity:
    """The identity of a package without errors; InvalidArgument with every error."""
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    if errors or report.identity is None:
        raise InvalidArgument(
            "RULESET_REFUSED",
            report.summary(),
            metadata={"findings": str(len(errors))},
            violations=[
                Violation(f"{place.file}:{place.line}:{place.column}", FieldReason.FINDING, finding.message)
                for finding in errors
                for place in [finding.place]
            ],
        )
    return report.identity


def _check_id(state: State, given: str) -> None:
    """A service applies one ruleset: FailedPrecondition for the package of another one."""
    applied = state.releases[0].name if state.releases else given
    if given != applied:
        raise FailedPrecondition(
            "RULESET_ID_MISMATCH",
            f"Ce service applique le règlement « {applied} » ; ce paquet est celui de « {given} ».",
            metadata={"ruleset_id": applied, "given": given},
        )


def _unreadable(metadata: dict[str, str]) -> FailedPrecondition:
    return FailedPrecondition(
        "RULESET_UNREADABLE",
        "Ce règlement enregistré est endommagé, ou n’est plus accepté par les clés.",
        metadata=metadata,
    )
