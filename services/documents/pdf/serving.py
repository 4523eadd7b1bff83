"""The application of the conversion worker."""

from __future__ import annotations

from collections.abc import Sequence

from microcredit.documents.v1.pdf_service_pb2 import DESCRIPTOR
from microcredit.documents.v1.pdf_service_pb2_grpc import add_PdfServiceServicer_to_server
from services.documents.messages import DOMAIN
from services.documents.pdf.pool import Pool
from services.documents.pdf.service import PdfServicer
from services.documents.pdf.settings import Settings
from services.kit.serve import App, Registration


def make_app(settings: Settings) -> App:
    """The application of these settings; it does not start without LibreOffice."""

    def prepare() -> None:
        settings.library()

    def build() -> Sequence[Registration]:
        pool = Pool(settings.library(), settings.offices, settings.restart_after, settings.job_seconds)
        return (
            Registration(
                DESCRIPTOR.services_by_name["PdfService"].full_name,
                add_PdfServiceServicer_to_server,
                PdfServicer(pool),
            ),
        )

    return App("pdf", DOMAIN, prepare, build)
