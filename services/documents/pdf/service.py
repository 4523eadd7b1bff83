"""The PdfService of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc

from microcredit.documents.v1 import pdf_service_pb2 as pb
from microcredit.documents.v1.pdf_service_pb2_grpc import PdfServiceServicer
from services.documents.messages import DOMAIN
from services.documents.pdf.pool import Pool, default_folder
from services.documents.pdf.settings import KEYS, Settings
from services.kit.access import AccessKeeping, CaseBook
from services.kit.context import remaining
from services.kit.errors import FieldReason, Violations
from services.kit.serve import App, Registration, registration
from services.kit.wire import chunks

ROLES = Path(__file__).parent.with_name("roles.toml")
"""Who may call what, in the table of the service that this worker serves."""

_NO_CASE = CaseBook(lambda _: False)

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
    """The application of these settings; it does not start without LibreOffice.

    Once it asks who calls, it notes the calls: a document is all that it knows of a case, so that the request
    id of the documents server tells which one it was.
    """
    pools: list[Pool] = []
    anchored = settings.anchored(KEYS) if settings.access_file else None
    accesses = AccessKeeping(settings.access_place(), _NO_CASE) if anchored else None

    def prepare() -> None:
        settings.library()
        if anchored and accesses:
            accesses.place.prepare()
            anchored.check()

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

    return App("pdf", DOMAIN, prepare, build, ROLES, settings.stores(), accesses, anchored, stop=stop)
