"""The commands on files already made: verify, stored, delete-case, erasures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from microcredit.documents.v1 import store_service_pb2 as pb
from services.documents.cli.client import ADDRESS, Client
from services.kit.cli import GOOD, REFUSED, Call, DryRun, add_commands, as_json, instant, last_part, read_file
from services.kit.french import plural

Case = Annotated[str, typer.Argument(metavar="RÉFÉRENCE", help="La référence du dossier.")]
_PAGE = 200


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, verify, stored, erasures, **{"delete-case": delete_case})


def verify(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Le fichier à vérifier.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DONNÉES", help="Données dont le fichier doit avoir été fait."),
    ] = None,
) -> int:
    """Dit si un fichier vient de ce service, s’il a été modifié, et de quelle version de modèle."""
    client = Client(call.target)
    request = pb.VerifyDocumentRequest(content=read_file(file), data_json=read_file(data) if data else b"")
    answer = client.call(client.store.VerifyDocument, request)
    call.out.document(as_json(answer))
    genuine = answer.verification == pb.VERIFICATION_GENUINE
    call.out.line(answer.summary, "green" if genuine else "yellow")
    return GOOD if genuine else REFUSED


def stored(call: Call, case: Case) -> int:
    """Liste les documents qu’un serveur garde pour un dossier."""
    client = Client(call.target)
    request = pb.ListDocumentsRequest(case_reference=case, page_size=_PAGE)
    found = client.call(client.store.ListDocuments, request).documents
    call.out.document({"documents": [as_json(one) for one in found]})
    rows = (
        (
            last_part(one.document.name),
            instant(one.create_time),
            f"{last_part(one.document.template.name)} {one.document.template.version}",
            instant(one.expire_time),
        )
        for one in found
    )
    call.out.table(("document", "gardé le", "modèle", "jusqu’au"), rows)
    call.out.line(f"{plural(len(found), 'document')}.")
    return GOOD


def delete_case(call: Call, case: Case, dry_run: DryRun = False) -> int:
    """Efface pour de bon les documents gardés d’un dossier."""
    client = Client(call.target)
    request = pb.DeleteCaseRequest(case_reference=case, request_id=str(uuid4()), validate_only=dry_run)
    answer = client.call(client.store.DeleteCase, request)
    call.out.document(as_json(answer))
    count = plural(answer.deleted_count, "document")
    said = f"{count} à effacer. Essai : rien n’est effacé." if dry_run else f"Effacé : {count}."
    call.out.line(said, "green")
    if not dry_run:
        call.out.line(answer.summary, _color(answer.state))
    return GOOD


def erasures(call: Call) -> int:
    """Dit si tout ce qui a été effacé l’est sur le disque, ou si un effacement est en cours."""
    client = Client(call.target)
    answer = client.call(client.store.GetErasureStatus, pb.GetErasureStatusRequest())
    call.out.document(as_json(answer))
    call.out.line(answer.summary, _color(answer.state))
    if answer.HasField("pending_time"):
        call.out.line(f"Le plus ancien a été demandé le {instant(answer.pending_time)}.")
    return GOOD if answer.state == pb.ERASURE_STATE_DONE else REFUSED


def _color(state: pb.ErasureState.ValueType) -> str:
    return "green" if state == pb.ERASURE_STATE_DONE else "yellow"
