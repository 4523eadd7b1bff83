"""Packages, their revisions, their events and their check, as messages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2

from microcredit.documents.v1 import release_pb2 as pb
from services.documents.contract import Finding, Severity
from services.documents.publishing import Report
from services.kit.french import spaced
from services.kit.releases import Event, EventKind, FollowerStatus, Release, State
from services.kit.wire import date_pb

MAX_FINDINGS = 200
"""What one answer tells: nobody reads more at once."""

_SEVERITIES = {
    Severity.ERROR: pb.FINDING_SEVERITY_ERROR,
    Severity.WARNING: pb.FINDING_SEVERITY_WARNING,
}
_KINDS = {kind: pb.PackageEventKind.Value(f"PACKAGE_EVENT_KIND_{kind.value}") for kind in EventKind}
_DAY = timedelta(days=1)
_KNOWN = "Ce contenu est déjà publié : il a été contrôlé à sa publication."


def revision_name(release: Release | Event) -> str:
    """The name of a published revision."""
    return f"{release.name}/revisions/{release.version}"


def package_pb(state: State, name: str, title: str) -> pb.Package:
    """A package of a state; `title` is that of the revision published last."""
    latest = next(release for release in reversed(state.releases) if release.name == name)
    return pb.Package(
        name=name,
        title=title,
        timeline=timeline_pb(state, name),
        latest_revision=revision_name(latest),
        revision=state.revision,
        etag=state.etag_of(name),
    )


def timeline_pb(state: State, name: str) -> Iterator[pb.TimelinePeriod]:
    """Which revision of a package governs which days."""
    for span in state.timeline(name):
        release = state.of(span.digest)
        yield pb.TimelinePeriod(
            start_date=date_pb(span.first),
            end_date=None if span.last is None else date_pb(span.last + _DAY),
            revision_name=revision_name(release),
            version=release.version,
            digest=release.digest,
        )


def revision_pb(release: Release, title: str) -> pb.PackageRevision:
    """A published revision."""
    return pb.PackageRevision(
        name=revision_name(release),
        version=release.version,
        digest=release.digest,
        title=title,
        effective_from=date_pb(release.valid_from),
        effective_until=_optional_date(release.valid_until),
        publish_time=_timestamp(release.publish_time),
        publisher=release.publisher,
        key_id=release.key_id,
        revision=release.revision,
    )


def event_pb(event: Event) -> pb.PackageEvent:
    """A publication, an activation or a rollback."""
    return pb.PackageEvent(
        revision=event.revision,
        kind=_KINDS[event.kind],
        revision_name=revision_name(event),
        digest=event.digest,
        effective_date=_optional_date(event.effective_date),
        event_time=_timestamp(event.time),
        actor=event.actor,
        comment=event.comment,
    )


def report_pb(report: Report) -> pb.CheckReport:
    """The report of a check."""
    return pb.CheckReport(
        accepted=report.accepted,
        findings=map(_finding, report.findings.first(MAX_FINDINGS)),
        package_id=report.package.id if report.package else "",
        version=report.package.version if report.package else "",
        digest=report.digest,
        summary=report.summary(),
        left_out_count=max(0, len(report.findings) - MAX_FINDINGS),
    )


def known_report_pb(release: Release) -> pb.CheckReport:
    """The report on a content that is published already, hence was checked."""
    return pb.CheckReport(
        accepted=True,
        package_id=release.name.partition("/")[2],
        version=release.version,
        digest=release.digest,
        summary=spaced(_KNOWN),
    )


def status_pb(status: FollowerStatus, loaded_revision: int, store_revision: int) -> pb.DeploymentStatus:
    """What this process applies; `store_revision` was read just now."""
    return pb.DeploymentStatus(
        store_revision=store_revision,
        loaded_revision=loaded_revision,
        load_time=_timestamp(status.load_time),
        problem=status.problem,
        process_id=os.getpid(),
    )


def _finding(finding: Finding) -> pb.Finding:
    return pb.Finding(
        code=finding.code,
        severity=_SEVERITIES[finding.severity],
        place=finding.place,
        paragraph_text=finding.paragraph,
        message=finding.message,
        suggestion=finding.suggestion,
    )


def _optional_date(day: date | None) -> date_pb2.Date | None:
    return None if day is None else date_pb(day)


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
