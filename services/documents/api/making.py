"""What every RPC that makes documents does: choose the versions, convert, keep."""

from __future__ import annotations

import grpc
from grpc_status import rpc_status

from microcredit.documents.v1 import pdf_service_pb2 as pb
from microcredit.documents.v1.pdf_service_pb2_grpc import PdfServiceStub
from services.documents.making import (
    DOCX,
    PDF,
    Generated,
    OutputFile,
    Seal,
    SignaturePlace,
    Sources,
    choose,
    signature_places,
    with_provenance,
)
from services.documents.messages import DocumentOptions, documents, requests
from services.documents.publishing import Deployment, Deployments
from services.documents.store import DocumentStore, File, Origin
from services.kit.access import Outgoing, TlsFiles
from services.kit.context import REQUEST_ID, actor, remaining, request_id
from services.kit.errors import DeadlineExceeded, DomainError, FailedPrecondition, Unavailable


class Maker:
    """Makes files for the RPCs of DocumentService."""

    def __init__(
        self,
        deployments: Deployments,
        store: DocumentStore,
        converter: Converter,
        seal: Seal,
        retention_days: int,
    ) -> None:
        self._deployments = deployments
        self._store = store
        self._converter = converter
        self._seal = seal
        self._retention_days = retention_days

    def deployment(self, asked: DocumentOptions) -> Deployment:
        """What governs, once what is asked can be done here."""
        requests.check_storage(asked, self._retention_days)
        if asked.pdf:
            self._converter.check()
        return self._deployments.current(asked.min_state_number)

    def sources(self, deployment: Deployment, asked: DocumentOptions, template_id: str) -> Sources:
        """The versions that make a document."""
        return choose(
            deployment,
            self._deployments.packages,
            template_id,
            asked.profile_id,
            asked.document_date,
            lambda year: deployment.letters(self._store.kept_count(year)),
        )

    def earlier(self, asked: DocumentOptions) -> str:
        """The name of the document that this very request kept already; empty if there is none."""
        if not asked.store:
            return ""
        done = self._store.done(asked.request_id, asked.fingerprint)
        return f"documents/{done}" if done else ""

    def file(self, content: bytes, filename: str, asked: DocumentOptions) -> OutputFile:
        """A .docx, or its PDF if that is what is asked, sealed."""
        media_type = DOCX
        places: tuple[SignaturePlace, ...] = ()
        if asked.pdf:
            content = with_provenance(self._converter.pdf(content), content)
            filename, media_type = f"{filename.removesuffix('.docx')}.pdf", PDF
            places = signature_places(content)
        return OutputFile(filename, media_type, self._seal.sealed(content, media_type), places)

    def keep(self, file: OutputFile, generated: Generated, asked: DocumentOptions) -> str:
        """Keeps the file of a document, and gives its name; empty when that is not asked."""
        return self.keep_file(
            file, generated.title, generated.case_reference, documents.origin(generated), asked
        )

    def keep_file(
        self, file: OutputFile, title: str, reference: str, origin: Origin, asked: DocumentOptions
    ) -> str:
        """Keeps a file, and gives its name; empty when that is not asked, and the one of the first time for a
        request sent again, whose PDF has other bytes."""
        if not asked.store:
            return ""
        kept = File(file.content, file.filename, file.sha256, file.media_type, title, origin)
        (document_id,) = self._store.keep(
            [(reference, kept)], actor=actor(), request_id=asked.request_id, mark=asked.fingerprint
        )
        return f"documents/{document_id}"


MAX_SECONDS = 600.0

_MAX_BYTES = 64 * 1024 * 1024
_OPTIONS = [(f"grpc.max_{way}_message_length", _MAX_BYTES) for way in ("receive", "send")]
_ABSENT = (
    "Ce serveur n’a pas de convertisseur PDF : demandez le document Word, ou faites installer le "
    "convertisseur (DOCUMENTS_PDF_ADDRESS)."
)
_FAILED = (
    "La conversion en PDF a échoué, ou a dépassé son temps de processeur ; le document Word reste disponible."
)


class Converter:
    """Turns documents into PDF, if a worker is configured."""

    def __init__(self, address: str, tls: TlsFiles | None = None) -> None:
        self._worker = Outgoing(address, tls, _OPTIONS) if address else None

    def check(self) -> None:
        """FailedPrecondition if there is no worker."""
        if self._worker is None:
            raise FailedPrecondition("PDF_UNAVAILABLE", _ABSENT)

    def pdf(self, content: bytes) -> bytes:
        """The PDF of a .docx; FailedPrecondition if it cannot be had."""
        if self._worker is None:
            raise FailedPrecondition("PDF_UNAVAILABLE", _ABSENT)
        request = pb.ConvertToPdfRequest(content=content)
        stub = PdfServiceStub(self._worker.channel())
        try:
            # The worker notes the call under the request id that the agent's call is noted under here.
            answers = stub.ConvertToPdf(
                request, timeout=min(remaining(), MAX_SECONDS), metadata=((REQUEST_ID, request_id()),)
            )
            return b"".join(answer.data for answer in answers)
        except grpc.RpcError as error:
            raise _refusal(error) from error


def _refusal(error: grpc.RpcError) -> DomainError:
    code = error.code()
    # An UNAVAILABLE with details was said by the worker itself, which is there but busy.
    answered = rpc_status.from_call(error) is not None
    late = code is grpc.StatusCode.DEADLINE_EXCEEDED
    if late and remaining() <= 0:
        return DeadlineExceeded()
    full = code is grpc.StatusCode.RESOURCE_EXHAUSTED
    if late or full or (code is grpc.StatusCode.UNAVAILABLE and answered):
        return Unavailable("PDF_BUSY", "Le convertisseur PDF est occupé ; réessayez dans un instant.")
    if code is grpc.StatusCode.UNAVAILABLE:
        return FailedPrecondition("PDF_UNAVAILABLE", _ABSENT)
    return FailedPrecondition("PDF_FAILED", _FAILED)
