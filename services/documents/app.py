"""The documents application: templates and profiles are read and checked once, before the fork."""

from __future__ import annotations

from collections.abc import Sequence

from microcredit.documents.v1.document_service_pb2 import DESCRIPTOR
from microcredit.documents.v1.document_service_pb2_grpc import add_DocumentServiceServicer_to_server
from services.documents.config import Settings
from services.documents.generation import Library
from services.documents.service import DOMAIN, DocumentServicer
from services.kit.server import App, Registration


def make_app(settings: Settings) -> App:
    """The application of these settings."""
    libraries: list[Library] = []

    def prepare() -> None:
        libraries.append(
            Library(settings.templates_directory, settings.profiles_directory, settings.max_document_bytes)
        )

    def build() -> Sequence[Registration]:
        (library,) = libraries
        return [
            Registration(
                DESCRIPTOR.services_by_name["DocumentService"].full_name,
                add_DocumentServiceServicer_to_server,
                DocumentServicer(library),
            )
        ]

    return App("documents", DOMAIN, prepare, build)
