"""What the commands on organisation profiles do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from microcredit.documents.v1 import profile_service_pb2 as rpc
from services.documents.cli import showing
from services.documents.cli.client import Client, new_request_id, to_date, write_file
from services.documents.cli.options import Target, Write
from services.documents.cli.sources import Edition, candidate
from services.kit.cli import GOOD, REFUSED, Output
from services.kit.french import plural
from services.kit.releases import unpack

_PAGE = 200
_EVENTS_SHOWN = 10


def list_all(target: Target, out: Output) -> int:
    """Lists the profiles."""
    client = Client(target)
    found = client.call(client.profiles.ListProfiles, rpc.ListProfilesRequest(page_size=_PAGE)).profiles
    out.document({"profiles": [showing.as_json(one) for one in found]})
    rows = ((showing.last_part(one.name), showing.in_force(one), one.title) for one in found)
    out.table(("profil", "en vigueur", "organisation"), rows)
    out.line(f"{plural(len(found), 'profil')}.")
    return GOOD


def status(profile: str, target: Target, out: Output) -> int:
    """Shows a profile: its timeline, versions and last events."""
    client, name = Client(target), f"profiles/{profile}"
    found = client.call(client.profiles.GetProfile, rpc.GetProfileRequest(name=name)).profile
    listing = rpc.ListProfileRevisionsRequest(parent=name, page_size=_PAGE)
    revisions = client.call(client.profiles.ListProfileRevisions, listing).revisions
    recent = rpc.ListProfileEventsRequest(parent=name, page_size=_EVENTS_SHOWN)
    events = client.call(client.profiles.ListProfileEvents, recent).events
    out.document(
        {
            "profile": showing.as_json(found),
            "revisions": list(map(showing.as_json, revisions)),
            "events": list(map(showing.as_json, events)),
        }
    )
    out.line(found.title, "bold")
    showing.timeline(found.timeline, out)
    showing.revisions(revisions, out)
    showing.events(events, out)
    return GOOD


def get(profile: str, version: str, where: Path | None, target: Target, out: Output) -> int:
    """Writes the package of a version as a folder."""
    client, name = Client(target), f"profiles/{profile}"
    if not version:
        read = client.call(client.profiles.GetProfile, rpc.GetProfileRequest(name=name)).profile
        version = showing.last_part(read.latest_revision)
    request = rpc.GetProfileRevisionRequest(name=f"{name}/revisions/{version}", with_archive=True)
    answer = client.call(client.profiles.GetProfileRevision, request)
    folder = where or Path(profile)
    for path, content in unpack(answer.archive).items():
        write_file(folder / path, content)
    out.document({"revision": showing.as_json(answer.revision), "path": str(folder)})
    out.line(f"Version {answer.revision.version} : {folder}", "green")
    return GOOD


def check(source: str, target: Target, out: Output) -> int:
    """Has a profile checked."""
    client = Client(target)
    request = rpc.CheckProfileRequest(**candidate(source, Edition()))
    report = client.call(client.profiles.CheckProfile, request).report
    out.document(showing.as_json(report))
    showing.findings(report.findings, out)
    out.line(report.summary, "green" if report.accepted else "red")
    return GOOD if report.accepted else REFUSED


def publish(source: str, write: Write, target: Target, out: Output) -> int:
    """Publishes a profile."""
    client = Client(target)
    request = rpc.PublishProfileRequest(
        **candidate(source, Edition()),
        request_id=new_request_id(),
        validate_only=write.dry_run,
        comment=write.comment,
    )
    answer = client.call(client.profiles.PublishProfile, request)
    out.document(showing.as_json(answer))
    showing.published(answer.revision, answer.created, write.dry_run, out)
    return GOOD


def activate(
    profile: str, version: str, first: date | None, supersede: bool, write: Write, target: Target, out: Output
) -> int:
    """Activates a version if nothing happened to the profile since its timeline was read."""
    client, name = Client(target), f"profiles/{profile}"
    read = client.call(client.profiles.GetProfile, rpc.GetProfileRequest(name=name)).profile
    request = rpc.ActivateProfileRequest(
        name=f"{name}/revisions/{version}",
        effective_date=to_date(first),
        etag=read.etag,
        request_id=new_request_id(),
        validate_only=write.dry_run,
        supersede_planned=supersede,
        comment=write.comment,
    )
    answer = client.call(client.profiles.ActivateProfile, request)
    out.document(showing.as_json(answer))
    showing.event(answer.event, answer.profile, write.dry_run, out)
    return GOOD


def rollback(profile: str, first: date | None, write: Write, target: Target, out: Output) -> int:
    """Undoes the last activation if nothing happened since it was read."""
    client, name = Client(target), f"profiles/{profile}"
    read = client.call(client.profiles.GetProfile, rpc.GetProfileRequest(name=name)).profile
    request = rpc.RollbackProfileRequest(
        name=name,
        effective_date=to_date(first),
        etag=read.etag,
        request_id=new_request_id(),
        validate_only=write.dry_run,
        comment=write.comment,
    )
    answer = client.call(client.profiles.RollbackProfile, request)
    out.document(showing.as_json(answer))
    showing.event(answer.event, answer.profile, write.dry_run, out)
    return GOOD
