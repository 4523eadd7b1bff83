"""The PdfService of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc

from microcredit.documents.v1 import pdf_service_pb2 as pb
from microcredit.documents.v1.pdf_service_pb2_grpc import PdfServiceServicer
from services.documents.messages import DOMAIN
from services.documents.pdf.pool import Pool, default_folder
from services.documents.pdf.settings import Settings
from services.kit.context import remaining
from services.kit.errors import FieldReason, Violations
from services.kit.serve import App, Registration, registration
from services.kit.wire import chunks

ROLES = Path(__file__).parent.with_name("roles.toml")
"""Who may call what, in the table of the service that this worker serves."""

_ZIP = b"PK\x03\x04"


class PdfServicer(PdfServiceServicer):
    """Converts documents with the LibreOffice of a pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def ConvertToPdf(
        self, request: pb.ConvertToPdfRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ConvertToPdfResponse]:
        """The PDF of a document, in chunks."""
        violations = Violations()
        if not request.content.startswith(_ZIP):
            violations.add("content", FieldReason.NOT_DOCX, "Le fichier n’est pas un .docx.")
        violations.raise_if_any()
        converted = self._pool.convert(request.content, remaining())
        for data in chunks(converted):
            yield pb.ConvertToPdfResponse(data=data)


def make_app(settings: Settings) -> App:
    """The application of these settings; it does not start without LibreOffice."""
    pools: list[Pool] = []

    def prepare() -> None:
        settings.library()

    def build() -> Sequence[Registration]:
        place = settings.work_directory or default_folder()
        pool = Pool(
            settings.library(),
            settings.offices,
            settings.restart_after,
            settings.job_seconds,
            settings.processor_seconds,
            place,
        )
        pools.append(pool)
        return (registration(PdfServicer(pool)),)

    def stop() -> None:
        for pool in pools:
            pool.close()

    return App("pdf", DOMAIN, prepare, build, ROLES, stop=stop)
