"""The DocumentStoreService of the contract."""

from __future__ import annotations

import grpc

from microcredit.documents.v1 import store_service_pb2 as pb
from microcredit.documents.v1.store_service_pb2_grpc import DocumentStoreServiceServicer
from services.documents.api.stored import Stored, stored_pb
from services.documents.api.verifying import Verifier
from services.kit.context import actor
from services.kit.errors import Violations
from services.kit.wire import paging
from services.kit.wire import values as wire


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
        kept = self._stored.store.of_case(request.case_reference)
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
        return pb.DeleteCaseResponse(deleted_count=deleted)

    def VerifyDocument(
        self, request: pb.VerifyDocumentRequest, context: grpc.ServicerContext
    ) -> pb.VerifyDocumentResponse:
        """Whether a file is one that this service made."""
        return self._verifier.verify(request)


def _require_case(reference: str, violations: Violations) -> None:
    if not reference:
        violations.add("case_reference", "REQUIRED", "Ce champ est obligatoire.")
