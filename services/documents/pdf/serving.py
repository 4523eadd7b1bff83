"""The application of the conversion worker."""

from __future__ import annotations

from collections.abc import Sequence

from services.documents.messages import DOMAIN
from services.documents.pdf.pool import Pool
from services.documents.pdf.service import PdfServicer
from services.documents.pdf.settings import Settings
from services.kit.serve import App, Registration, registration


def make_app(settings: Settings) -> App:
    """The application of these settings; it does not start without LibreOffice."""

    def prepare() -> None:
        settings.library()

    def build() -> Sequence[Registration]:
        pool = Pool(settings.library(), settings.offices, settings.restart_after, settings.job_seconds)
        return (registration(PdfServicer(pool)),)

    return App("pdf", DOMAIN, prepare, build)
