"""Packages, their versions, their events and their check, as messages of the contract."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from microcredit.releases.v1 import package_pb2 as pb
from services.kit.findings import Finding, Severity, first
from services.kit.french import spaced
from services.kit.releases.deployments import Deployment
from services.kit.releases.follower import FollowerStatus
from services.kit.releases.kinds import Description, Kind, Kinds
from services.kit.releases.report import Report
from services.kit.releases.timeline import Event, EventKind, Proof, Release, State
from services.kit.wire import date_pb, timestamp

_SEVERITIES = {
    Severity.ERROR: pb.FINDING_SEVERITY_ERROR,
    Severity.WARNING: pb.FINDING_SEVERITY_WARNING,
}
_EVENTS = {kind: pb.EventKind.Value(f"EVENT_KIND_{kind.value}") for kind in EventKind}
_KNOWN = "Ce contenu est déjà publié : il a été contrôlé à sa publication."


def package(state: State, kind: Kind[Any], stored: str, description: Description) -> pb.Package:
    """A package of a state; `description` is that of the version published last."""
    return pb.Package(
        name=kind.name(stored),
        title=description.title,
        timeline=timeline(state, kind, stored),
        latest_version=kind.version_name(state.latest(stored)),
        state_number=state.state_number,
        etag=state.etag_of(stored),
        **description.own,
    )


def timeline(
    state: State, kind: Kind[Any], stored: str, deployment: Deployment[Any] | None = None
) -> Iterator[pb.TimelinePeriod]:
    """Which version of a package governs which days; with what a process applies, why it cannot use it."""
    for span in state.timeline(stored):
        release = state.of(span.digest)
        yield pb.TimelinePeriod(
            start_date=date_pb(span.days.first),
            end_date=None if span.days.end is None else date_pb(span.days.end),
            version_name=kind.version_name(release),
            version=release.version,
            digest=release.digest,
            problem=deployment.unusable(release.digest) if deployment else "",
        )


def version(release: Release, kind: Kind[Any], description: Description) -> pb.Version:
    """A published version."""
    return pb.Version(
        name=kind.version_name(release),
        version=release.version,
        digest=release.digest,
        title=description.title,
        effective_from=date_pb(release.valid_from),
        effective_until=date_pb(release.valid_until),
        publish_time=timestamp(release.publish_time),
        publisher=release.publisher,
        key_id=release.key_id,
        state_number=release.state_number,
        **description.own,
    )


def event(one: Event, kinds: Kinds[Any]) -> pb.Event:
    """A publication, an activation or a rollback."""
    return pb.Event(
        state_number=one.state_number,
        kind=_EVENTS[one.kind],
        version_name=kinds.of(one.name).version_name(one),
        digest=one.digest,
        effective_date=date_pb(one.effective_date),
        event_time=timestamp(one.time),
        actor=one.actor,
        comment=one.comment,
        key_id=one.key_id,
        ruleset=_publication(one.proof) if one.proof else None,
    )


def _publication(proof: Proof) -> pb.RulesetPublication:
    return pb.RulesetPublication(
        proof=proof.report,
        waiver=proof.waiver,
        mutation_count=proof.mutation_count,
        seen_mutation_count=proof.seen_count,
        equivalent_mutation_count=proof.equivalent_count,
    )


def findings(found: Iterable[Finding]) -> Iterator[pb.Finding]:
    """What is said of a package or of a change."""
    return map(_finding, found)


def report(found: Report, kind: Kind[Any], digest: str, published: Release | None = None) -> pb.CheckReport:
    """The report of a check; `published` when the candidate is a published version."""
    return pb.CheckReport(
        accepted=found.accepted,
        findings=map(_finding, first(found.findings, kind.max_findings)),
        left_out_count=max(0, len(found.findings) - kind.max_findings),
        package=f"{kind.collection}/{found.identifier}" if found.identifier else "",
        version=found.version,
        digest=digest,
        state_number=published.state_number if published else 0,
        summary=spaced(found.summary),
        **found.own,
    )


def known_report(release: Release, kind: Kind[Any], found: Iterable[Finding]) -> pb.CheckReport:
    """The report on a content that is published already, hence was checked; what it changes is found anew."""
    return pb.CheckReport(
        accepted=True,
        findings=findings(found),
        package=kind.name(release.name),
        version=release.version,
        digest=release.digest,
        state_number=release.state_number,
        summary=spaced(_KNOWN),
    )


def status(found: FollowerStatus, state: State, applied: Deployment[Any], kinds: Kinds[Any]) -> pb.Status:
    """What this process applies: that state, as far as it can be used."""
    return pb.Status(
        store_state_number=found.store_state_number,
        loaded_state_number=state.state_number,
        load_time=timestamp(found.load_time),
        problem=" ".join([*filter(None, [found.problem]), *applied.problems()]),
        timeline=[
            period for name in state.names for period in timeline(state, kinds.of(name), name, applied)
        ],
        process_id=os.getpid(),
    )


def _finding(one: Finding) -> pb.Finding:
    place = one.place
    return pb.Finding(
        place=pb.Place(
            file=place.file,
            line=place.line,
            column=place.column,
            part=place.part,
            paragraph=place.paragraph,
        ),
        code=one.code,
        severity=_SEVERITIES[one.severity],
        sentence=spaced(one.sentence),
        advice=spaced(one.advice),
    )
