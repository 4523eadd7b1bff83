"""The conversion worker, seen from the documents server."""

from __future__ import annotations

import grpc
from grpc_status import rpc_status

from microcredit.documents.v1 import pdf_service_pb2 as pb
from microcredit.documents.v1.pdf_service_pb2_grpc import PdfServiceStub
from services.kit.context import remaining
from services.kit.errors import DeadlineExceeded, DomainError, FailedPrecondition, Unavailable

MAX_SECONDS = 600.0

_MAX_BYTES = 64 * 1024 * 1024
_OPTIONS = [(f"grpc.max_{way}_message_length", _MAX_BYTES) for way in ("receive", "send")]
_ABSENT = (
    "Ce serveur n’a pas de convertisseur PDF : demandez le document Word, ou faites installer le "
    "convertisseur (DOCUMENTS_PDF_ADDRESS)."
)
_FAILED = "La conversion en PDF a échoué ou a dépassé son temps ; le document Word reste disponible."


class Converter:
    """Turns documents into PDF, if a worker is configured."""

    def __init__(self, address: str) -> None:
        self._stub = PdfServiceStub(grpc.insecure_channel(address, options=_OPTIONS)) if address else None

    def check(self) -> None:
        """FailedPrecondition if there is no worker."""
        if self._stub is None:
            raise FailedPrecondition("PDF_UNAVAILABLE", _ABSENT)

    def pdf(self, content: bytes) -> bytes:
        """The PDF of a .docx; FailedPrecondition if it cannot be had."""
        self.check()
        request = pb.ConvertToPdfRequest(content=content)
        try:
            answers = self._stub.ConvertToPdf(  # type: ignore[union-attr]
                request, timeout=min(remaining(), MAX_SECONDS)
            )
            return b"".join(answer.data for answer in answers)
        except grpc.RpcError as error:
            raise _refusal(error) from error


def _refusal(error: grpc.RpcError) -> DomainError:
    code = error.code()
    # An UNAVAILABLE with details was said by the worker itself, which is there but busy.
    answered = rpc_status.from_call(error) is not None
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED or (code is grpc.StatusCode.UNAVAILABLE and answered):
        return Unavailable("PDF_BUSY", "Le convertisseur PDF est occupé ; réessayez dans un instant.")
    if code is grpc.StatusCode.UNAVAILABLE:
        return FailedPrecondition("PDF_UNAVAILABLE", _ABSENT)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED and remaining() <= 0:
        return DeadlineExceeded()
    return FailedPrecondition("PDF_FAILED", _FAILED)
