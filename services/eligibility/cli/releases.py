"""What publish, activate, rollback and status do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1 import ruleset_service_pb2 as rpc
from services.eligibility.cli import showing
from services.eligibility.cli.client import Client, new_request_id, to_date
from services.eligibility.cli.folders import read_folder
from services.eligibility.cli.options import Target
from services.kit.cli import GOOD, Output
from services.kit.releases import pack

_EVENTS_SHOWN = 10


@dataclass(frozen=True)
class Activation:
    """What is activated, and how."""

    version: str
    first_day: date | None
    dry_run: bool
    supersede_planned: bool
    comment: str


def publish(folder: Path, dry_run: bool, comment: str, target: Target, out: Output) -> int:
    """Sends a folder to the server."""
    client = Client(target)
    request = rpc.PublishRulesetRequest(
        archive=pack(read_folder(folder).contents),
        request_id=new_request_id(),
        validate_only=dry_run,
        comment=comment,
    )
    answer = client.call(client.rulesets.PublishRuleset, request)
    revision = answer.ruleset_revision
    out.document(showing.as_json(answer))
    showing.findings(answer.report.findings, out)
    out.line(answer.report.summary)
    name = f"Version {revision.version}, empreinte {revision.digest[:12]}…"
    out.line(f"{name} : {_published(answer, dry_run)}", "green")
    return GOOD


def _published(answer: rpc.PublishRulesetResponse, dry_run: bool) -> str:
    if not answer.created:
        return "déjà publiée avec ce contenu, rien n’est écrit."
    if dry_run:
        return "peut être publiée. Essai : rien n’est écrit."
    return "publiée ; elle ne répond à aucune demande avant d’être activée."


def activate(options: Activation, target: Target, out: Output) -> int:
    """Activates a version if nothing changed since its timeline was read."""
    client = Client(target)
    ruleset = client.ruleset()
    request = rpc.ActivateRulesetRequest(
        name=f"{ruleset.name}/revisions/{options.version}",
        effective_date=to_date(options.first_day),
        etag=ruleset.etag,
        request_id=new_request_id(),
        validate_only=options.dry_run,
        supersede_planned=options.supersede_planned,
        comment=options.comment,
    )
    answer = client.call(client.rulesets.ActivateRuleset, request)
    out.document(showing.as_json(answer))
    _show_event(answer.event, answer.ruleset, options.dry_run, out)
    for name in answer.superseded:
        out.line(f"La version {_version(name)}, prévue pour plus tard, est remplacée.", "yellow")
    return GOOD


def rollback(first_day: date | None, dry_run: bool, comment: str, target: Target, out: Output) -> int:
    """Undoes the last activation if nothing changed since it was read."""
    client = Client(target)
    ruleset = client.ruleset()
    request = rpc.RollbackRulesetRequest(
        name=ruleset.name,
        effective_date=to_date(first_day),
        etag=ruleset.etag,
        request_id=new_request_id(),
        validate_only=dry_run,
        comment=comment,
    )
    answer = client.call(client.rulesets.RollbackRuleset, request)
    out.document(showing.as_json(answer))
    _show_event(answer.event, answer.ruleset, dry_run, out)
    return GOOD


def _show_event(event: pb.RulesetEvent, ruleset: pb.Ruleset, dry_run: bool, out: Output) -> None:
    governs = "gouvernerait" if dry_run else "gouverne"
    again = " de nouveau" if event.kind == pb.RULESET_EVENT_KIND_ROLLED_BACK else ""
    trial = " Essai : rien n’est écrit." if dry_run else ""
    out.line(
        f"La version {_version(event.ruleset_revision)} {governs}{again} les demandes datées du "
        f"{showing.day(event.effective_date)} ou d’après.{trial}",
        "green",
    )
    showing.timeline(ruleset.timeline, out)


def status(target: Target, out: Output) -> int:
    """Shows the timeline, the revisions, the last events, and what the server applies."""
    client = Client(target)
    ruleset = client.ruleset()
    listing = rpc.ListRulesetRevisionsRequest(parent=ruleset.name)
    revisions = client.call(client.rulesets.ListRulesetRevisions, listing).ruleset_revisions
    recent = rpc.ListRulesetEventsRequest(parent=ruleset.name, page_size=_EVENTS_SHOWN)
    events = client.call(client.rulesets.ListRulesetEvents, recent).events
    applied = client.call(client.rulesets.GetRulesetStatus, rpc.GetRulesetStatusRequest()).status
    out.document(
        {
            "ruleset": showing.as_json(ruleset),
            "revisions": list(map(showing.as_json, revisions)),
            "events": list(map(showing.as_json, events)),
            "status": showing.as_json(applied),
        }
    )
    out.line(f"{ruleset.title} — {ruleset.organisation}", "bold")
    showing.timeline(ruleset.timeline, out)
    out.table(("version", "empreinte", "publiée le", "par", "clé"), map(_revision_row, revisions))
    out.table(("n°", "le", "quoi", "version", "à partir du", "par", "pourquoi"), map(_event_row, events))
    _show_applied(applied, out)
    return GOOD


def _show_applied(applied: pb.RulesetStatus, out: Output) -> None:
    if applied.problem:
        out.line(applied.problem, "red")
    elif applied.loaded_revision < applied.store_revision:
        out.line(f"Le serveur n’applique pas encore la état n° {applied.store_revision}.", "yellow")
    else:
        out.line(f"Le serveur applique la dernière révision ({applied.loaded_revision}).", "green")


def _revision_row(revision: pb.RulesetRevision) -> tuple[str, ...]:
    when = showing.instant(revision.publish_time)
    return revision.version, f"{revision.digest[:12]}…", when, revision.publisher, revision.key_id or "—"


def _event_row(event: pb.RulesetEvent) -> tuple[str, ...]:
    return (
        str(event.revision),
        showing.instant(event.event_time),
        showing.EVENTS.get(event.kind, "?"),
        _version(event.ruleset_revision),
        showing.day(event.effective_date) if event.HasField("effective_date") else "—",
        event.actor,
        event.comment,
    )


def _version(name: str) -> str:
    return name.rpartition("/")[2]
