"""The DocumentService of the contract."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from google.api.httpbody_pb2 import HttpBody

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceServicer
from services.documents.api import batches, dossiers
from services.documents.api.making import Maker
from services.documents.api.store_service import Stored
from services.documents.making import fill, render
from services.documents.messages import data_as_sent, documents, requests
from services.kit.access import act_on_case
from services.kit.context import check_deadline
from services.kit.errors import FieldReason, InvalidArgument, Violations


class DocumentServicer(DocumentServiceServicer):
    """Makes documents, batches and dossiers; `max_bytes` is what a unary answer may carry."""

    def __init__(self, maker: Maker, stored: Stored, max_bytes: int) -> None:
        self._maker = maker
        self._stored = stored
        self._max_bytes = max_bytes

    def GenerateDocument(
        self, request: pb.GenerateDocumentRequest, context: grpc.ServicerContext
    ) -> pb.GenerateDocumentResponse:
        """Generates one document."""
        return pb.GenerateDocumentResponse(document=self._generated(request, "", self._max_bytes))

    def DownloadDocument(
        self, request: pb.DownloadDocumentRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.DownloadDocumentResponse]:
        """A document to generate, or a stored one, in chunks."""
        match request.WhichOneof("source"):
            case "generate":
                asked = requests.download(request, request.generate, "generate")
                document = self._generated(asked, "generate.", None)
            case "name":
                document = self._stored.get(request.name, with_content=not request.validate_only).document
            case _:
                raise _no_source()
        content = document.content
        document.ClearField("content")
        yield pb.DownloadDocumentResponse(document=document)
        for chunk in documents.chunks(content):
            check_deadline()
            yield pb.DownloadDocumentResponse(chunk=chunk)

    def BatchGenerateDocuments(
        self, request: pb.BatchGenerateDocumentsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.BatchGenerateDocumentsResponse]:
        """One template for many recipients."""
        asked = requests.batch(request)
        common = batches.share(request)
        sources = self._maker.sources(self._maker.deployment(asked), asked, asked.template_id)
        batch = batches.Batch(request, asked, sources, self._stored, common, self._max_bytes)
        for part in batches.run(batch, self._maker):
            if not context.is_active():
                return
            yield part

    def GenerateDossier(
        self, request: pb.GenerateDossierRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.GenerateDossierResponse]:
        """The dossier of a file."""
        yield from self._dossier(request, "")

    def DownloadFile(
        self, request: pb.DownloadFileRequest, context: grpc.ServicerContext
    ) -> Iterator[HttpBody]:
        """The file of a document, of a dossier, or of a stored document."""
        match request.WhichOneof("source"):
            case "document":
                asked = requests.download(request, request.document, "document")
                document = self._generated(asked, "document.", None)
            case "dossier":
                wanted = requests.download(request, request.dossier, "dossier")
                document = documents.file_of_dossier(self._dossier(wanted, "dossier."))
            case "name":
                document = self._stored.get(request.name, with_content=not request.validate_only).document
            case _:
                raise _no_source()
        if document.filename:
            named = f'attachment; filename="{document.filename}"'
            context.send_initial_metadata((("content-disposition", named),))
        media_type = document.media_type
        yield HttpBody(content_type=media_type)
        for chunk in documents.chunks(document.content):
            check_deadline()
            yield HttpBody(content_type=media_type, data=chunk.data)

    def _dossier(self, request: pb.GenerateDossierRequest, root: str) -> Iterator[pb.GenerateDossierResponse]:
        with data_as_sent(request, root):
            asked = requests.dossier(request, root)
            yield from dossiers.run(request, asked, self._maker, self._stored)

    def _generated(self, request: pb.GenerateDocumentRequest, root: str, limit: int | None) -> pb.Document:
        """The document of a request whose fields are at `root`; ResourceExhausted above a limit of bytes."""
        with data_as_sent(request, root):
            return self._made(request, root, limit)

    def _made(self, request: pb.GenerateDocumentRequest, root: str, limit: int | None) -> pb.Document:
        asked = requests.generation(request, root)
        deployment = self._maker.deployment(asked)
        earlier = self._maker.earlier(asked)
        if earlier:
            return self._stored.get(earlier, with_content=True, limit=limit).document
        filled = fill(self._maker.sources(deployment, asked, asked.template_id), request.data_json)
        act_on_case(filled.case_reference, tries=asked.validate_only)
        generated = render(filled)
        if asked.validate_only:
            return documents.tried_pb(filled)
        file = self._maker.file(generated.content, generated.filename, asked)
        if limit is not None:
            documents.check_size(file, limit)
        document = documents.document_pb(generated, file)
        document.name = self._maker.keep(file, generated, asked)
        return self._stored.as_kept(document, limit) if asked.request_id and document.name else document


def _no_source() -> InvalidArgument:
    violations = Violations()
    violations.add("source", FieldReason.REQUIRED, "Donnez le nom d’un document gardé, ou une demande.")
    return violations.error()
