"""The edge: protobuf requests to generation requests, and back."""

from __future__ import annotations

from datetime import date
from typing import cast

import grpc

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceServicer
from services.documents.contract.dossier import CONTRACT_VERSION
from services.documents.generation import Generated, Library, Request
from services.kit import wire
from services.kit.errors import Violations

DOMAIN = "documents.microcredit"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_REQUIRED = "Ce champ est obligatoire."


class DocumentServicer(DocumentServiceServicer):
    """The RPCs of DocumentService."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def GenerateDocument(  # noqa: N802 (name of the RPC)
        self, request: pb.GenerateDocumentRequest, context: grpc.ServicerContext
    ) -> pb.GenerateDocumentResponse:
        """Generates one document."""
        return pb.GenerateDocumentResponse(document=_document(self._library.generate(_request(request))))


def _request(message: pb.GenerateDocumentRequest) -> Request:
    violations = Violations()
    day = None
    if message.HasField("document_date"):
        day = wire.civil_date(message.document_date, "document_date", violations)
    else:
        violations.add("document_date", "REQUIRED", _REQUIRED)
    for name in ("template_id", "data_json"):
        if not getattr(message, name):
            violations.add(name, "REQUIRED", _REQUIRED)
    violations.raise_if_any()
    return Request(message.template_id, cast(date, day), message.data_json, message.profile_id)


def _document(generated: Generated) -> pb.Document:
    template, profile = generated.template, generated.profile
    return pb.Document(
        content=generated.content,
        media_type=MEDIA_TYPE,
        filename=generated.filename,
        sha256=generated.sha256,
        title=generated.title,
        template=pb.TemplateVersion(
            template_id=template.id, version=template.version, digest=template.digest
        ),
        profile=pb.ProfileVersion(profile_id=profile.id, version=profile.version, digest=profile.digest),
        contract_version=CONTRACT_VERSION,
        data_sha256=generated.data_sha256,
    )
