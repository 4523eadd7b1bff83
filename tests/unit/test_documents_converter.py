"""The conversion worker as the documents server sees it: busy, absent, or unable."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from microcredit.documents.v1 import pdf_service_pb2 as pb
from microcredit.documents.v1.pdf_service_pb2_grpc import PdfServiceServicer, add_PdfServiceServicer_to_server
from services.documents.api.making import Converter
from services.kit.errors import (
    DeadlineExceeded,
    DomainError,
    FailedPrecondition,
    InvalidArgument,
    Unavailable,
)
from services.kit.serve import to_status


class Refusing(PdfServiceServicer):
    """A worker that refuses every document in one way."""

    def __init__(self, error: DomainError) -> None:
        self._error = error

    def ConvertToPdf(
        self, request: pb.ConvertToPdfRequest, servicer_context: grpc.ServicerContext
    ) -> Iterator[pb.ConvertToPdfResponse]:
        status = to_status(self._error, "documents.microcredit")
        trailer = (("grpc-status-details-bin", status.SerializeToString()),)
        servicer_context.set_trailing_metadata(trailer)
        servicer_context.abort(grpc.StatusCode[self._error.status], status.message)
        yield pb.ConvertToPdfResponse()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Unavailable("PDF_BUSY", "Occupé."), "PDF_BUSY"),
        (Unavailable("OVERLOADED", "Trop d’appels."), "PDF_BUSY"),
        (DeadlineExceeded(), "PDF_BUSY"),
        (InvalidArgument("INVALID_FIELDS", "Pas un document."), "PDF_FAILED"),
        (FailedPrecondition("PDF_FAILED", "Refusé."), "PDF_FAILED"),
    ],
)
def test_what_the_worker_says_is_told(said: DomainError, told: str) -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    add_PdfServiceServicer_to_server(Refusing(said), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        assert refusal(port).reason == told
    finally:
        server.stop(None)


def test_a_worker_that_is_not_there_is_absent_not_busy() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    server.stop(None).wait()
    assert refusal(port).reason == "PDF_UNAVAILABLE"


def refusal(port: int) -> DomainError:
    with pytest.raises(DomainError) as caught:
        Converter(f"127.0.0.1:{port}").pdf(b"docx")
    return caught.value
