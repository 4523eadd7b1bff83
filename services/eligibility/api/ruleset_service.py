"""The RulesetService of the contract: what a candidate changes, compared at once or in shadow runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import grpc

from microcredit.eligibility.v1 import ruleset_pb2
from microcredit.eligibility.v1 import ruleset_service_pb2 as pb
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import RulesetServiceServicer
from services.eligibility.answer import RulesetStamp
from services.eligibility.api import comparison_requests
from services.eligibility.messages import BoundedFields, report_pb, ruleset_pb
from services.eligibility.package import RulePackage
from services.eligibility.publishing import (
    Application,
    Base,
    Deployment,
    Deployments,
    Labels,
    NewShadow,
    Shadow,
    reason_labels,
    said_base,
    tally,
    together,
)
from services.eligibility.store import Journal, ShadowStore
from services.kit import releases
from services.kit.context import actor, check_deadline
from services.kit.errors import FailedPrecondition, FieldReason, Violations
from services.kit.french import spaced
from services.kit.serve import placeless
from services.kit.wire import paging
from services.kit.wire import values as wire

_SHADOW = re.compile(r"shadows/([1-9][0-9]{0,17})")


class RulesetServicer(RulesetServiceServicer):
    """Compares rulesets, at once and in shadow runs; `page_key` seals the tokens of its lists."""

    def __init__(
        self,
        deployments: Deployments,
        journal: Journal,
        shadows: ShadowStore,
        page_key: bytes,
        turns: releases.Turns,
    ) -> None:
        self._deployments = deployments
        self._journal = journal
        self._shadows = shadows
        self._page_key = page_key
        self._turns = turns

    @placeless
    def CompareRulesets(
        self, request: pb.CompareRulesetsRequest, context: grpc.ServicerContext
    ) -> pb.CompareRulesetsResponse:
        """Both rulesets over a set of applications: as heavy as a check, so in its turn among the checks."""
        with self._turns.taken():
            rulesets = comparison_requests.read_rulesets(request, self._deployments)
            earlier = comparison_requests.earlier(request)
            over = list(comparison_requests.applications(request, rulesets, self._journal))
            found = together(earlier, tally(rulesets.pair(one) for one in _in_time(over)))
        labels = reason_labels(rulesets.candidate.package, *_packages(rulesets.under))
        report = report_pb(found, labels, rulesets.base)
        next_before = comparison_requests.next_before(request, over)
        read = comparison_requests.said_read(
            request, self._journal, found.compared + found.left_out, next_before
        )
        report.summary = " ".join(filter(None, (report.summary, rulesets.said_base(), read)))
        return pb.CompareRulesetsResponse(report=report, next_before=next_before)

    def StartShadow(
        self, request: pb.StartShadowRequest, context: grpc.ServicerContext
    ) -> pb.StartShadowResponse:
        """A run of a published version that can be compiled."""
        asked = releases.ReleaseFields(self._deployments.releases.kinds)
        violations = asked.violations
        kind, name, version = asked.version(request.name, "name")
        from_time = BoundedFields(request, "", violations).instant("start_time")
        as_of = BoundedFields(request, "", violations).day("as_of_date")
        request_id = wire.request_id(request.request_id, "request_id", violations)
        violations.raise_if_any()
        state = self._deployments.releases.store.state()
        release = releases.find_version(state, kind, name, version)
        self._deployments.ruleset(release.digest)
        candidate = RulesetStamp(release.name, release.version, release.digest, release.state_number)
        new = NewShadow(candidate, from_time, as_of, actor(), request_id)
        shadow = self._shadows.start(new, validate_only=request.validate_only)
        return pb.StartShadowResponse(shadow=self._shadow_pb(shadow))

    def GetShadow(self, request: pb.GetShadowRequest, context: grpc.ServicerContext) -> pb.GetShadowResponse:
        """One run."""
        return pb.GetShadowResponse(shadow=self._shadow_pb(self._shadows.get(_number(request.name))))

    def ListShadows(
        self, request: pb.ListShadowsRequest, context: grpc.ServicerContext
    ) -> pb.ListShadowsResponse:
        """The runs, latest first; the place of a page is the number of the last run of the page before."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        violations.raise_if_any()
        found = self._shadows.latest(before=page.place.state_number or None, limit=page.size + 1)
        shown = found[: page.size]
        token = ""
        if len(found) > len(shown):
            token = paging.seal(self._page_key, request, paging.PageStart(shown[-1].number))
        return pb.ListShadowsResponse(shadows=map(self._shadow_pb, shown), next_page_token=token)

    def StopShadow(
        self, request: pb.StopShadowRequest, context: grpc.ServicerContext
    ) -> pb.StopShadowResponse:
        """A run counts no more."""
        violations = Violations()
        request_id = wire.request_id(request.request_id, "request_id", violations)
        violations.raise_if_any()
        stopped = self._shadows.stop(
            _number(request.name), request_id=request_id, validate_only=request.validate_only
        )
        return pb.StopShadowResponse(shadow=self._shadow_pb(stopped))

    def _shadow_pb(self, shadow: Shadow) -> ruleset_pb2.Shadow:
        stopped = shadow.stop_time is not None
        return ruleset_pb2.Shadow(
            name=f"shadows/{shadow.number}",
            candidate=ruleset_pb(shadow.candidate),
            state=ruleset_pb2.SHADOW_STATE_STOPPED if stopped else ruleset_pb2.SHADOW_STATE_RUNNING,
            start_time=wire.timestamp(shadow.start_time),
            stop_time=wire.timestamp(shadow.stop_time),
            actor=shadow.actor,
            as_of_date=wire.date_pb(shadow.as_of),
            report=self._shadow_report(shadow),
            pending_count=shadow.pending,
            problem="" if stopped else self._problem(shadow.candidate.digest),
        )

    def _shadow_report(self, shadow: Shadow) -> ruleset_pb2.ComparisonReport:
        """What a run counted: it compares with what was answered."""
        report = report_pb(shadow.tally, self._labels(shadow.candidate.digest), Base.ANSWERS_THEN)
        report.summary = f"{report.summary} {said_base(Base.ANSWERS_THEN)}"
        return report

    def _problem(self, digest: str) -> str:
        """Why a candidate counts no more; empty when it can be used."""
        try:
            self._deployments.ruleset(digest)
        except FailedPrecondition as error:
            return spaced(error.message)
        return ""

    def _labels(self, digest: str) -> Labels:
        """The words of the candidate, if it can still be read, then of the rulesets in force."""
        packages = _packages(self._deployments.current())
        try:
            return reason_labels(self._deployments.ruleset(digest).package, *packages)
        except FailedPrecondition:
            return reason_labels(*packages)


def _in_time(over: Iterable[Application]) -> Iterator[Application]:
    """One application after another, while the call has time left."""
    for application in over:
        check_deadline()
        yield application


def _packages(deployment: Deployment) -> list[RulePackage]:
    return [ruleset.package for ruleset in reversed(deployment.rulesets())]


def _number(name: str) -> int:
    """The number in a name "shadows/{number}"; InvalidArgument."""
    violations = Violations()
    found = _SHADOW.fullmatch(name)
    if found is None:
        text = "Le nom d’un essai à blanc s’écrit « shadows/numéro »."
        violations.add("name", FieldReason.MALFORMED, text)
    return int(violations.whole(found)[1])
