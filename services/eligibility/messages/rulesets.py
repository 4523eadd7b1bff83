"""Rulesets, their revisions, their events and their check, as messages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1.assessment_pb2 import RulesetVersion
from services.eligibility.package import Finding, Identity, Severity
from services.eligibility.publishing import Report
from services.kit.releases import Event, EventKind, FollowerStatus, Release, State
from services.kit.wire import date_pb

_SEVERITIES = {
    Severity.ERROR: pb.FINDING_SEVERITY_ERROR,
    Severity.WARNING: pb.FINDING_SEVERITY_WARNING,
}
_KINDS = {kind: pb.RulesetEventKind.Value(f"RULESET_EVENT_KIND_{kind.value}") for kind in EventKind}
_DAY = timedelta(days=1)


def revision_name(release: Release | Event) -> str:
    """The name of a published revision."""
    return f"rulesets/{release.name}/revisions/{release.version}"


def ruleset_pb(state: State, latest: Release, identity: Identity | None) -> pb.Ruleset:
    """The ruleset of a state; `identity` is that of the revision published last, None if unreadable."""
    return pb.Ruleset(
        name=f"rulesets/{latest.name}",
        title=identity.title if identity else "",
        organisation=identity.organisation if identity else "",
        timeline=timeline_pb(state, latest.name),
        latest_revision=revision_name(latest),
        revision=state.revision,
        etag=state.etag,
    )


def timeline_pb(state: State, name: str) -> Iterator[pb.TimelinePeriod]:
    """Which revision of a ruleset governs which days."""
    for span in state.timeline(name):
        release = state.of(span.digest)
        yield pb.TimelinePeriod(
            start_date=date_pb(span.first),
            end_date=None if span.last is None else date_pb(span.last + _DAY),
            ruleset_revision=revision_name(release),
            version=release.version,
            digest=release.digest,
        )


def revision_pb(release: Release, identity: Identity | None) -> pb.RulesetRevision:
    """A published revision; no title when what is stored of it is unreadable."""
    return pb.RulesetRevision(
        name=revision_name(release),
        version=release.version,
        digest=release.digest,
        title=identity.title if identity else "",
        organisation=identity.organisation if identity else "",
        legal_basis=identity.legal_basis if identity else (),
        effective_from=date_pb(release.valid_from),
        effective_until=_optional_date(release.valid_until),
        publish_time=_timestamp(release.publish_time),
        publisher=release.publisher,
        key_id=release.key_id,
        revision=release.revision,
    )


def event_pb(event: Event) -> pb.RulesetEvent:
    """A publication, an activation or a rollback."""
    return pb.RulesetEvent(
        revision=event.revision,
        kind=_KINDS[event.kind],
        ruleset_revision=revision_name(event),
        digest=event.digest,
        effective_date=_optional_date(event.effective_date),
        event_time=_timestamp(event.time),
        actor=event.actor,
        comment=event.comment,
    )


def report_pb(report: Report, revision: int = 0) -> pb.CheckReport:
    """The report of a check; `revision` is that of the publication when the package is published."""
    identity = report.identity
    return pb.CheckReport(
        accepted=report.accepted,
        findings=map(_finding, report.findings),
        ruleset=RulesetVersion(
            ruleset_id=identity.id if identity else "",
            version=identity.version if identity else "",
            digest=report.digest,
            state_number=revision,
        ),
        case_count=report.case_count,
        condition_count=report.condition_count,
        covered_condition_count=report.covered_condition_count,
        boundary_count=report.boundary_count,
        random_count=report.random_count,
        property_count=report.property_count,
        summary=report.summary(),
    )


def known_report_pb(release: Release) -> pb.CheckReport:
    """The report on a content that is published already, hence was checked."""
    return pb.CheckReport(
        accepted=True,
        ruleset=RulesetVersion(
            ruleset_id=release.name,
            version=release.version,
            digest=release.digest,
            state_number=release.revision,
        ),
        summary="Ce contenu est déjà publié : il a été contrôlé à sa publication.",
    )


def status_pb(status: FollowerStatus, state: State, store_revision: int) -> pb.RulesetStatus:
    """What this process applies: `state`; `store_revision` was read just now."""
    names = dict.fromkeys(release.name for release in state.releases)
    return pb.RulesetStatus(
        store_revision=store_revision,
        loaded_revision=state.revision,
        load_time=_timestamp(status.load_time),
        problem=status.problem,
        timeline=[period for name in names for period in timeline_pb(state, name)],
        process_id=os.getpid(),
    )


def _finding(finding: Finding) -> pb.Finding:
    return pb.Finding(
        file=finding.place.file,
        line=finding.place.line,
        column=finding.place.column,
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
    )


def _optional_date(day: date | None) -> date_pb2.Date | None:
    return None if day is None else date_pb(day)


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
