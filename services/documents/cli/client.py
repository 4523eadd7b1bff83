"""The server as the commands see it."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path

from google.type.date_pb2 import Date

from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.documents.v1.profile_service_pb2_grpc import ProfileServiceStub
from microcredit.documents.v1.store_service_pb2_grpc import DocumentStoreServiceStub
from microcredit.documents.v1.template_service_pb2_grpc import TemplateServiceStub
from services.documents.cli.options import Target
from services.kit.cli import USAGE, CommandError, Remote


class Client(Remote):
    """Calls the services of a documents server."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.server, target.actor)
        self.documents = DocumentServiceStub(self.channel)
        self.templates = TemplateServiceStub(self.channel)
        self.profiles = ProfileServiceStub(self.channel)
        self.store = DocumentStoreServiceStub(self.channel)


def new_request_id() -> str:
    """A UUID that makes a retry harmless."""
    return str(uuid.uuid4())


def to_date(day: date | None) -> Date | None:
    """A civil date of the contract."""
    return Date(year=day.year, month=day.month, day=day.day) if day else None


def read_file(path: Path) -> bytes:
    """The bytes of a file; CommandError."""
    try:
        return path.read_bytes()
    except OSError:
        raise CommandError(
            f"Le fichier « {path} » ne peut pas être lu.", exit_code=USAGE, reason="FILE"
        ) from None


def write_file(path: Path, content: bytes) -> None:
    """Writes a file, with its folder; CommandError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError:
        raise CommandError(
            f"Le fichier « {path} » ne peut pas être écrit.", exit_code=USAGE, reason="FILE"
        ) from None


def destination(asked: Path | None, filename: str) -> Path:
    """Where a file of the server is written: the path asked for, or its name in the folder asked for."""
    if asked is None:
        return Path(filename)
    return asked / filename if asked.is_dir() else asked
