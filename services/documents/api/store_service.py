"""The DocumentStoreService of the contract."""

from __future__ import annotations

import re

import grpc

from microcredit.documents.v1 import document_service_pb2 as document_pb
from microcredit.documents.v1 import store_service_pb2 as pb
from microcredit.documents.v1.store_service_pb2_grpc import DocumentStoreServiceServicer
from services.documents.api.verifying import Verifier
from services.documents.messages import documents, requests
from services.documents.store import DocumentStore, Kept, document_not_found
from services.kit.access import may_read_case
from services.kit.context import actor
from services.kit.errors import FieldReason, ResourceExhausted, Violations
from services.kit.wire import paging
from services.kit.wire import values as wire

_NAME = re.compile(r"documents/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class Stored:
    """Reads the documents kept; FailedPrecondition on a server that keeps none."""

    def __init__(self, store: DocumentStore, retention_days: int) -> None:
        self.store = store
        self._retention_days = retention_days

    def check(self) -> None:
        """FailedPrecondition if this server keeps no document."""
        if not self._retention_days:
            raise requests.storage_disabled()

    def get(self, name: str, *, with_content: bool, limit: int | None = None) -> pb.StoredDocument:
        """A document by its name; NotFound, or ResourceExhausted above a limit of bytes."""
        self.check()
        found = _NAME.fullmatch(name)
        if found is None:
            violations = Violations()
            text = "Le nom d’un document s’écrit « documents/identifiant »."
            violations.add("name", FieldReason.MALFORMED, text)
            violations.raise_if_any()
        kept = self.store.get(found[1] if found else "")
        if not may_read_case(tag=kept.case_tag):
            raise document_not_found(kept.id)
        if with_content and limit is not None and kept.size > limit:
            raise ResourceExhausted(
                "DOCUMENT_TOO_LARGE",
                "Le document dépasse la taille qu’une réponse peut porter : demandez-le par "
                "DownloadDocument.",
                metadata={"bytes": str(kept.size), "limit": str(limit)},
            )
        filename, content = self.store.open(kept)
        return stored_pb(kept, filename, content if with_content else b"")

    def as_kept(self, document: document_pb.Document, limit: int | None = None) -> document_pb.Document:
        """The document just kept, or the one that the same request kept before: a PDF made again has other
        bytes, and another template may govern."""
        kept = self.get(document.name, with_content=True, limit=limit).document
        return document if kept.sha256 == document.sha256 else kept


def stored_pb(kept: Kept, filename: str = "", content: bytes = b"") -> pb.StoredDocument:
    """A stored document as a message."""
    return pb.StoredDocument(
        document=documents.kept_pb(kept, filename, content),
        create_time=wire.timestamp(kept.create_time),
        expire_time=wire.timestamp(kept.expire_time),
    )


class DocumentStoreServicer(DocumentStoreServiceServicer):
    """Finds, gives, deletes and verifies documents; `page_key` seals the tokens of its lists."""

    def __init__(self, stored: Stored, verifier: Verifier, page_key: bytes, max_bytes: int) -> None:
        self._stored = stored
        self._verifier = verifier
        self._page_key = page_key
        self._max_bytes = max_bytes

    def GetDocument(
        self, request: pb.GetDocumentRequest, context: grpc.ServicerContext
    ) -> pb.GetDocumentResponse:
        """A stored document."""
        found = self._stored.get(request.name, with_content=request.with_content, limit=self._max_bytes)
        return pb.GetDocumentResponse(document=found)

    def ListDocuments(
        self, request: pb.ListDocumentsRequest, context: grpc.ServicerContext
    ) -> pb.ListDocumentsResponse:
        """The stored documents of a case."""
        self._stored.check()
        violations = Violations()
        _require_case(request.case_reference, violations)
        page = paging.asked_page(self._page_key, request, violations)
        violations.raise_if_any()
        may_read = may_read_case(request.case_reference)
        kept = self._stored.store.of_case(request.case_reference) if may_read else []
        return pb.ListDocumentsResponse(
            documents=[stored_pb(one) for one in page.of(kept)],
            next_page_token=page.next_token(self._page_key, request, len(kept), 0),
        )

    def DeleteCase(
        self, request: pb.DeleteCaseRequest, context: grpc.ServicerContext
    ) -> pb.DeleteCaseResponse:
        """Deletes the stored documents of a case."""
        self._stored.check()
        violations = Violations()
        _require_case(request.case_reference, violations)
        request_id = wire.request_id(request.request_id, "request_id", violations)
        violations.raise_if_any()
        deleted = self._stored.store.delete_case(
            request.case_reference,
            actor=actor(),
            request_id=request_id,
            validate_only=request.validate_only,
        )
        since = self._stored.store.erasing.since()
        return documents.deletion_pb(deleted, since, validate_only=request.validate_only)

    def GetErasureStatus(
        self, request: pb.GetErasureStatusRequest, context: grpc.ServicerContext
    ) -> pb.GetErasureStatusResponse:
        """Whether all that was deleted is so on the disk."""
        return documents.erasure_status_pb(self._stored.store.erasing.since())

    def VerifyDocument(
        self, request: pb.VerifyDocumentRequest, context: grpc.ServicerContext
    ) -> pb.VerifyDocumentResponse:
        """Whether a file is one that this service made."""
        return self._verifier.verify(request)


def _require_case(reference: str, violations: Violations) -> None:
    if not reference:
        violations.add("case_reference", FieldReason.REQUIRED, "Ce champ est obligatoire.")
