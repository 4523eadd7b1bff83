"""The commands that deploy rules: publish, activate, rollback, status."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1 import ruleset_service_pb2 as rpc
from services.eligibility.cli import showing
from services.eligibility.cli.client import Client, new_request_id
from services.eligibility.cli.folders import read_folder
from services.eligibility.cli.options import ADDRESS, Folder, Version
from services.kit.cli import (
    GOOD,
    Call,
    Comment,
    DryRun,
    Output,
    add_commands,
    as_json,
    day,
    instant,
    parse_day,
    to_date,
)
from services.kit.releases import pack

_EVENTS_SHOWN = 10

From = Annotated[
    date | None,
    typer.Option("--from", metavar="DATE", parser=parse_day, help="Premier jour gouverné."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    add_commands(app, ADDRESS, publish, activate, rollback, status)


def publish(call: Call, folder: Folder, dry_run: DryRun = False, comment: Comment = "") -> int:
    """Publie un dossier : le serveur le vérifie et le garde, rien ne change encore dans les réponses."""
    client, out = Client(call), call.out
    request = rpc.PublishRulesetRequest(
        archive=pack(read_folder(folder).contents),
        request_id=new_request_id(),
        validate_only=dry_run,
        comment=comment,
    )
    answer = client.call(client.rulesets.PublishRuleset, request)
    revision = answer.ruleset_revision
    out.document(as_json(answer))
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


def activate(
    call: Call,
    version: Version,
    from_: From = None,
    dry_run: DryRun = False,
    supersede_planned: Annotated[
        bool,
        typer.Option("--supersede-planned", help="Accepte de remplacer une version activée pour plus tard."),
    ] = False,
    comment: Comment = "",
) -> int:
    """Met une version en vigueur : elle gouverne les demandes datées du premier jour ou d’après."""
    client, out = Client(call), call.out
    ruleset = client.ruleset()
    request = rpc.ActivateRulesetRequest(
        name=f"{ruleset.name}/revisions/{version}",
        effective_date=to_date(from_),
        etag=ruleset.etag,
        request_id=new_request_id(),
        validate_only=dry_run,
        supersede_planned=supersede_planned,
        comment=comment,
    )
    answer = client.call(client.rulesets.ActivateRuleset, request)
    out.document(as_json(answer))
    _show_event(answer.event, answer.ruleset, dry_run, out)
    for name in answer.superseded:
        out.line(f"La version {_version(name)}, prévue pour plus tard, est remplacée.", "yellow")
    return GOOD


def rollback(call: Call, from_: From = None, dry_run: DryRun = False, comment: Comment = "") -> int:
    """Défait la dernière activation : ce qui gouvernait avant elle gouverne de nouveau."""
    client, out = Client(call), call.out
    ruleset = client.ruleset()
    request = rpc.RollbackRulesetRequest(
        name=ruleset.name,
        effective_date=to_date(from_),
        etag=ruleset.etag,
        request_id=new_request_id(),
        validate_only=dry_run,
        comment=comment,
    )
    answer = client.call(client.rulesets.RollbackRuleset, request)
    out.document(as_json(answer))
    _show_event(answer.event, answer.ruleset, dry_run, out)
    return GOOD


def _show_event(event: pb.RulesetEvent, ruleset: pb.Ruleset, dry_run: bool, out: Output) -> None:
    governs = "gouvernerait" if dry_run else "gouverne"
    again = " de nouveau" if event.kind == pb.RULESET_EVENT_KIND_ROLLED_BACK else ""
    trial = " Essai : rien n’est écrit." if dry_run else ""
    out.line(
        f"La version {_version(event.ruleset_revision)} {governs}{again} les demandes datées du "
        f"{day(event.effective_date)} ou d’après.{trial}",
        "green",
    )
    showing.timeline(ruleset.timeline, out)


def status(call: Call) -> int:
    """Montre quelle version gouverne quels jours, les versions publiées et ce qui s’est passé."""
    client, out = Client(call), call.out
    ruleset = client.ruleset()
    listing = rpc.ListRulesetRevisionsRequest(parent=ruleset.name)
    revisions = client.call(client.rulesets.ListRulesetRevisions, listing).ruleset_revisions
    recent = rpc.ListRulesetEventsRequest(parent=ruleset.name, page_size=_EVENTS_SHOWN)
    events = client.call(client.rulesets.ListRulesetEvents, recent).events
    applied = client.call(client.rulesets.GetRulesetStatus, rpc.GetRulesetStatusRequest()).status
    out.document(
        {
            "ruleset": as_json(ruleset),
            "revisions": list(map(as_json, revisions)),
            "events": list(map(as_json, events)),
            "status": as_json(applied),
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
    when = instant(revision.publish_time)
    return revision.version, f"{revision.digest[:12]}…", when, revision.publisher, revision.key_id or "—"


def _event_row(event: pb.RulesetEvent) -> tuple[str, ...]:
    return (
        str(event.revision),
        instant(event.event_time),
        showing.EVENTS.get(event.kind, "?"),
        _version(event.ruleset_revision),
        day(event.effective_date) if event.HasField("effective_date") else "—",
        event.actor,
        event.comment,
    )


def _version(name: str) -> str:
    return name.rpartition("/")[2]
