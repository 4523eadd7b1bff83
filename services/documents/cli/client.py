"""The server as the commands see it."""

from __future__ import annotations

from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.documents.v1.store_service_pb2_grpc import DocumentStoreServiceStub
from microcredit.documents.v1.template_service_pb2_grpc import TemplateServiceStub
from services.kit.cli import Address, Remote, Target

ADDRESS = Address("DOCUMENTS_SERVER", "127.0.0.1:50052")
STREAM_SECONDS = 600.0


class Client(Remote):
    """Calls the services of a documents server."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.server, target.actor)
        self.documents = DocumentServiceStub(self.channel)
        self.templates = TemplateServiceStub(self.channel)
        self.store = DocumentStoreServiceStub(self.channel)


def named(collection: str, text: str) -> str:
    """The name of a template or of a profile, which people give by its identifier alone."""
    return text if text.startswith(f"{collection}/") else f"{collection}/{text}"
