"""What the commands on files already made do."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from microcredit.documents.v1 import store_service_pb2 as pb
from services.documents.cli.client import Client
from services.kit.cli import GOOD, REFUSED, Output, Target, as_json, instant, last_part, read_file
from services.kit.french import plural

_PAGE = 200


def verify(file: Path, data: Path | None, target: Target, out: Output) -> int:
    """Says whether a file is one of the service."""
    client = Client(target)
    request = pb.VerifyDocumentRequest(content=read_file(file), data_json=read_file(data) if data else b"")
    answer = client.call(client.store.VerifyDocument, request)
    out.document(as_json(answer))
    genuine = answer.verification == pb.VERIFICATION_GENUINE
    out.line(answer.summary, "green" if genuine else "yellow")
    return GOOD if genuine else REFUSED


def stored(case: str, target: Target, out: Output) -> int:
    """Lists the stored documents of a case."""
    client = Client(target)
    request = pb.ListDocumentsRequest(case_reference=case, page_size=_PAGE)
    found = client.call(client.store.ListDocuments, request).documents
    out.document({"documents": [as_json(one) for one in found]})
    rows = (
        (
            last_part(one.document.name),
            instant(one.create_time),
            f"{one.document.template.template_id} {one.document.template.version}",
            instant(one.expire_time),
        )
        for one in found
    )
    out.table(("document", "gardé le", "modèle", "jusqu’au"), rows)
    out.line(f"{plural(len(found), 'document')}.")
    return GOOD


def delete_case(case: str, dry_run: bool, target: Target, out: Output) -> int:
    """Deletes the stored documents of a case."""
    client = Client(target)
    request = pb.DeleteCaseRequest(case_reference=case, request_id=str(uuid4()), validate_only=dry_run)
    answer = client.call(client.store.DeleteCase, request)
    out.document(as_json(answer))
    count = plural(answer.deleted_count, "document")
    out.line(f"{count} à effacer. Essai : rien n’est effacé." if dry_run else f"Effacé : {count}.", "green")
    return GOOD
