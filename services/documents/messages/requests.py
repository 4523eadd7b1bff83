"""Reads requests for documents: every absent or wrong field is collected with its proto path."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar, cast

from google.protobuf.message import Message
from google.type.date_pb2 import Date

from microcredit.documents.v1 import document_service_pb2 as pb
from services.kit import wire
from services.kit.errors import FailedPrecondition, FieldReason, ResourceExhausted, Violations
from services.kit.store import fingerprint

MAX_ITEMS = 1000
MAX_KEY = 100

_ID = "[a-z0-9]+(?:-[a-z0-9]+)*"
_EXAMPLES = {"templates": "templates/14-refus-presentation", "profiles": "profiles/cias-exemple"}
_REQUIRED = "Ce champ est obligatoire."


@dataclass(frozen=True)
class DocumentOptions:
    """What every request for documents says: when, for which organisation, as what, kept or not."""

    document_date: date
    template_id: str
    """Empty in the request of a dossier, which chooses its own."""
    profile_id: str
    """Empty for the only one published."""
    pdf: bool
    store: bool
    request_id: str
    fingerprint: str
    """What tells this request from another one of the same id; empty without id."""
    min_state_number: int
    validate_only: bool


Asked = TypeVar("Asked", pb.GenerateDocumentRequest, pb.GenerateDossierRequest)


def download(message: pb.DownloadDocumentRequest | pb.DownloadFileRequest, given: Asked, name: str) -> Asked:
    """What a download asks to generate, its field of that name, with what the download says of the write."""
    asked = type(given)()
    asked.CopyFrom(given)
    violations = Violations()
    if message.request_id and asked.request_id and message.request_id != asked.request_id:
        text = f"Cet identifiant n’est pas celui de « {name}.request_id » : donnez-le une seule fois."
        violations.add("request_id", FieldReason.INCONSISTENT, text)
    wire.request_id(message.request_id, "request_id", violations)
    violations.raise_if_any()
    asked.request_id = asked.request_id or message.request_id
    asked.validate_only = asked.validate_only or message.validate_only
    return asked


def generation(message: pb.GenerateDocumentRequest, root: str = "") -> DocumentOptions:
    """The request of one document; InvalidArgument with every wrong field."""
    violations = Violations()
    _require(message.template, f"{root}template", violations)
    _require_data(message, root, violations)
    return _asked(message, violations, root)


def dossier(message: pb.GenerateDossierRequest, root: str = "") -> DocumentOptions:
    """The request of a dossier; InvalidArgument with every wrong field."""
    violations = Violations()
    _require_data(message, root, violations)
    _known(message.purpose, pb.DossierPurpose, f"{root}purpose", violations)
    _known(message.output, pb.DossierOutput, f"{root}output", violations)
    return _asked(message, violations, root)


def batch(message: pb.BatchGenerateDocumentsRequest) -> DocumentOptions:
    """The request of a batch; InvalidArgument with every wrong field, ResourceExhausted if it is too long."""
    if len(message.items) > MAX_ITEMS:
        raise ResourceExhausted(
            "BATCH_TOO_LARGE",
            f"Un lot compte {MAX_ITEMS} destinataires au plus.",
            metadata={"count": str(len(message.items)), "limit": str(MAX_ITEMS)},
        )
    violations = Violations()
    _require(message.template, "template", violations)
    _require(message.items, "items", violations)
    _known(message.output, pb.BatchOutput, "output", violations)
    for index, item in enumerate(message.items):
        if len(item.key) > MAX_KEY or not item.key.isprintable():
            text = f"La clé compte {MAX_KEY} caractères au plus, sans caractère de contrôle."
            violations.add(f"items[{index}].key", FieldReason.TOO_LONG, text)
        wire.request_id(item.request_id, f"items[{index}].request_id", violations)
    return _asked(message, violations)


def item(asked: DocumentOptions, message: pb.BatchGenerateDocumentsRequest, index: int) -> DocumentOptions:
    """What a batch asks for one of its items: a request of its own, by its id or one made of the batch's."""
    one = message.items[index]
    request_id = one.request_id.lower() or wire.item_request_id(asked.request_id, index)
    if not request_id:
        return asked
    alone = pb.BatchGenerateDocumentsRequest(
        template=message.template,
        document_date=message.document_date,
        items=[pb.BatchItem(data_json=one.data_json)],
        common_json=message.common_json,
        profile=message.profile,
        format=message.format,
    )
    return replace(asked, request_id=request_id, fingerprint=_fingerprint(alone))


def check_storage(asked: DocumentOptions, retention_days: int) -> None:
    """FailedPrecondition if a document should be kept where none is."""
    if asked.store and not retention_days:
        raise storage_disabled()


def storage_disabled() -> FailedPrecondition:
    """The error of a server that keeps no document."""
    return FailedPrecondition("STORAGE_DISABLED", "Ce serveur ne garde aucun document.")


def _asked(
    message: pb.GenerateDocumentRequest | pb.GenerateDossierRequest | pb.BatchGenerateDocumentsRequest,
    violations: Violations,
    root: str = "",
) -> DocumentOptions:
    day = _date(message, f"{root}document_date", violations)
    _known(message.format, pb.OutputFormat, f"{root}format", violations)
    if message.min_state_number < 0:
        violations.add(
            f"{root}min_state_number", FieldReason.OUT_OF_RANGE, "Un numéro d’état ne peut pas être négatif."
        )
    template = "" if isinstance(message, pb.GenerateDossierRequest) else message.template
    template_id = _id(template, "templates", f"{root}template", violations)
    profile_id = _id(message.profile, "profiles", f"{root}profile", violations)
    request_id = wire.request_id(message.request_id, f"{root}request_id", violations)
    violations.raise_if_any()
    return DocumentOptions(
        document_date=cast(date, day),
        template_id=template_id,
        profile_id=profile_id,
        pdf=message.format == pb.OUTPUT_FORMAT_PDF,
        store=message.store,
        request_id=request_id,
        fingerprint=_fingerprint(message) if request_id else "",
        min_state_number=message.min_state_number,
        validate_only=message.validate_only,
    )


def _id(name: str, collection: str, path: str, violations: Violations) -> str:
    """What a name "templates/{template}" or "profiles/{profile}" ends with; empty without a name."""
    found = re.fullmatch(f"{collection}/({_ID})", name)
    if name and found is None:
        text = f"Ce nom s’écrit par exemple « {_EXAMPLES[collection]} »."
        violations.add(path, FieldReason.MALFORMED, text)
    return found[1] if found else ""


def _fingerprint(message: Message) -> str:
    return fingerprint(message.DESCRIPTOR.full_name.encode(), message.SerializeToString(deterministic=True))


def _date(
    message: pb.GenerateDocumentRequest | pb.GenerateDossierRequest | pb.BatchGenerateDocumentsRequest,
    path: str,
    violations: Violations,
) -> date | None:
    if not message.HasField("document_date"):
        violations.add(path, FieldReason.REQUIRED, _REQUIRED)
        return None
    given: Date = message.document_date
    return wire.civil_date(given, path, violations)


def _require(value: object, path: str, violations: Violations) -> None:
    if not value:
        violations.add(path, FieldReason.REQUIRED, _REQUIRED)


def _require_data(
    message: pb.GenerateDocumentRequest | pb.GenerateDossierRequest, root: str, violations: Violations
) -> None:
    if message.HasField("data"):  # beside data_json: alone, it has taken its place
        text = "Donnez « data » ou « data_json », pas les deux."
        violations.add(f"{root}data", FieldReason.INCONSISTENT, text)
    else:
        # The path of the field itself: `data_as_sent` adds the root.
        _require(message.data_json, "data_json", violations)


def _known(value: int, enum: object, path: str, violations: Violations) -> None:
    if value not in enum.values():  # type: ignore[attr-defined]
        violations.add(path, FieldReason.UNKNOWN_VALUE, "Cette valeur n’existe pas.")
