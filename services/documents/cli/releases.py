"""What the commands on templates do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from microcredit.documents.v1 import release_pb2
from microcredit.documents.v1 import template_service_pb2 as rpc
from services.documents.cli import showing
from services.documents.cli.client import Client, destination, new_request_id, to_date, write_file
from services.documents.cli.options import Target, Write
from services.documents.cli.sources import Edition, candidate
from services.kit.cli import GOOD, REFUSED, Output
from services.kit.french import plural
from services.kit.releases import unpack

_PAGE = 200
_EVENTS_SHOWN = 10


def list_all(target: Target, out: Output) -> int:
    """Lists the templates."""
    found = list(_templates(Client(target)))
    out.document({"templates": [showing.as_json(one) for one in found]})
    rows = ((showing.last_part(one.name), showing.in_force(one), one.title) for one in found)
    out.table(("modèle", "en vigueur", "titre"), rows)
    out.line(f"{plural(len(found), 'modèle')}.")
    return GOOD


def status(template: str, target: Target, out: Output) -> int:
    """Shows a template: its timeline, versions and last events; and what the server applies."""
    client, name = Client(target), f"templates/{template}"
    found = client.call(client.templates.GetTemplate, rpc.GetTemplateRequest(name=name)).template
    listing = rpc.ListTemplateRevisionsRequest(parent=name, page_size=_PAGE)
    revisions = client.call(client.templates.ListTemplateRevisions, listing).revisions
    recent = rpc.ListTemplateEventsRequest(parent=name, page_size=_EVENTS_SHOWN)
    events = client.call(client.templates.ListTemplateEvents, recent).events
    applied = client.call(client.templates.GetDeploymentStatus, rpc.GetDeploymentStatusRequest()).status
    out.document(
        {
            "template": showing.as_json(found),
            "revisions": list(map(showing.as_json, revisions)),
            "events": list(map(showing.as_json, events)),
            "status": showing.as_json(applied),
        }
    )
    out.line(found.title, "bold")
    showing.timeline(found.timeline, out)
    showing.revisions(revisions, out)
    showing.events(events, out)
    _show_applied(applied, out)
    return GOOD


def revisions(template: str, target: Target, out: Output) -> int:
    """Lists the versions of a template."""
    client = Client(target)
    request = rpc.ListTemplateRevisionsRequest(parent=f"templates/{template}", page_size=_PAGE)
    found = client.call(client.templates.ListTemplateRevisions, request).revisions
    out.document({"revisions": [showing.as_json(one) for one in found]})
    showing.revisions(found, out)
    return GOOD


def check(source: str, edition: Edition, annotated: Path | None, target: Target, out: Output) -> int:
    """Has a candidate checked; may write a copy of the Word file with a comment at each finding."""
    client = Client(target)
    request = rpc.CheckTemplateRequest(
        **candidate(source, edition), with_annotated_docx=annotated is not None
    )
    answer = client.call(client.templates.CheckTemplate, request)
    out.document(showing.as_json(answer.report))
    showing.findings(answer.report.findings, out)
    if answer.report.left_out_count:
        out.line(f"… et {plural(answer.report.left_out_count, 'remarque')} de plus.")
    out.line(answer.report.summary, "green" if answer.report.accepted else "red")
    if annotated is not None and answer.annotated_docx:
        write_file(annotated, answer.annotated_docx)
        out.line(f"Les remarques sont en commentaire dans {annotated}.")
    return GOOD if answer.report.accepted else REFUSED


def compare(source: str, edition: Edition, base: str, target: Target, out: Output) -> int:
    """Says what a candidate changes."""
    client = Client(target)
    request = rpc.CompareTemplatesRequest(**candidate(source, edition), base_name=base)
    found = client.call(client.templates.CompareTemplates, request)
    out.document(showing.as_json(found))
    for change in found.text_changes:
        out.line(change.place, "bold")
        if change.before:
            out.line(f"  − {change.before}", "red")
        if change.after:
            out.line(f"  + {change.after}", "green")
    out.lines(f"Donnée lue en plus : {path}" for path in found.added_fields)
    out.lines(f"Donnée qui n’est plus lue : {path}" for path in found.removed_fields)
    out.lines(f"Manifeste, {change}." for change in found.manifest_changes)
    out.line(f"{found.summary} (comparé à la version {showing.last_part(found.base_name)})")
    changed = found.text_changes or found.added_fields or found.removed_fields or found.manifest_changes
    return REFUSED if changed else GOOD


def publish(source: str, edition: Edition, write: Write, target: Target, out: Output) -> int:
    """Publishes a candidate."""
    client = Client(target)
    request = rpc.PublishTemplateRequest(
        **candidate(source, edition),
        request_id=new_request_id(),
        validate_only=write.dry_run,
        comment=write.comment,
    )
    answer = client.call(client.templates.PublishTemplate, request)
    out.document(showing.as_json(answer))
    showing.findings(answer.report.findings, out)
    showing.published(answer.revision, answer.created, write.dry_run, out)
    return GOOD


def activate(
    template: str,
    version: str,
    first: date | None,
    supersede: bool,
    write: Write,
    target: Target,
    out: Output,
) -> int:
    """Activates a version if nothing happened to the template since its timeline was read."""
    client, name = Client(target), f"templates/{template}"
    read = client.call(client.templates.GetTemplate, rpc.GetTemplateRequest(name=name)).template
    request = rpc.ActivateTemplateRequest(
        name=f"{name}/revisions/{version}",
        effective_date=to_date(first),
        etag=read.etag,
        request_id=new_request_id(),
        validate_only=write.dry_run,
        supersede_planned=supersede,
        comment=write.comment,
    )
    answer = client.call(client.templates.ActivateTemplate, request)
    out.document(showing.as_json(answer))
    showing.event(answer.event, answer.template, write.dry_run, out)
    for lost in answer.superseded:
        out.line(f"La version {showing.last_part(lost)}, prévue pour plus tard, est remplacée.", "yellow")
    return GOOD


def rollback(template: str, first: date | None, write: Write, target: Target, out: Output) -> int:
    """Undoes the last activation if nothing happened since it was read."""
    client, name = Client(target), f"templates/{template}"
    read = client.call(client.templates.GetTemplate, rpc.GetTemplateRequest(name=name)).template
    request = rpc.RollbackTemplateRequest(
        name=name,
        effective_date=to_date(first),
        etag=read.etag,
        request_id=new_request_id(),
        validate_only=write.dry_run,
        comment=write.comment,
    )
    answer = client.call(client.templates.RollbackTemplate, request)
    out.document(showing.as_json(answer))
    showing.event(answer.event, answer.template, write.dry_run, out)
    return GOOD


def fields(template: str, used: bool, target: Target, out: Output) -> int:
    """Lists what a template may print, with the tags to copy."""
    client = Client(target)
    name = f"templates/{template}" if template else ""
    answer = client.call(client.templates.GetTemplateFields, rpc.GetTemplateFieldsRequest(name=name))
    found = [one for one in answer.fields if one.used or not used]
    out.document({"fields": [showing.as_json(one) for one in found]})
    rows = ((one.path, one.type_label, one.tag, one.label) for one in found)
    out.table(("donnée", "type", "à copier dans Word", "sens"), rows)
    return GOOD


def get(template: str, version: str, package: bool, where: Path | None, target: Target, out: Output) -> int:
    """Writes the Word file of a version, or its package as a folder."""
    client, name = Client(target), f"templates/{template}"
    if not version:
        read = client.call(client.templates.GetTemplate, rpc.GetTemplateRequest(name=name)).template
        version = showing.last_part(read.latest_revision)
    request = rpc.GetTemplateRevisionRequest(
        name=f"{name}/revisions/{version}", with_archive=package, with_docx=not package
    )
    answer = client.call(client.templates.GetTemplateRevision, request)
    if package:
        folder = where or Path(template)
        for path, content in unpack(answer.archive).items():
            write_file(folder / path, content)
        written = folder
    else:
        written = destination(where, f"{template}_{version}.docx")
        write_file(written, answer.docx)
    out.document({"revision": showing.as_json(answer.revision), "path": str(written)})
    out.line(f"Version {answer.revision.version} : {written}", "green")
    return GOOD


def _templates(client: Client) -> Iterator[release_pb2.Package]:
    token = ""
    while True:
        request = rpc.ListTemplatesRequest(page_size=_PAGE, page_token=token)
        answer = client.call(client.templates.ListTemplates, request)
        yield from answer.templates
        token = answer.next_page_token
        if not token:
            return


def _show_applied(applied: release_pb2.DeploymentStatus, out: Output) -> None:
    if applied.problem:
        out.line(applied.problem, "red")
    elif applied.loaded_revision < applied.store_revision:
        out.line(f"Le serveur n’applique pas encore la état n° {applied.store_revision}.", "yellow")
    else:
        out.line(f"Le serveur applique la dernière révision ({applied.loaded_revision}).", "green")
