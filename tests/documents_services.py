"""What the tests of documents share to call a server: stubs, dates, Word files edited as staff would."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import docx
import grpc
from docx.text.paragraph import Paragraph
from google.type.date_pb2 import Date

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.documents.v1.store_service_pb2_grpc import DocumentStoreServiceStub
from microcredit.documents.v1.template_service_pb2_grpc import TemplateServiceStub
from microcredit.releases.v1 import release_service_pb2 as releases
from microcredit.releases.v1.release_service_pb2_grpc import ReleaseServiceStub
from tests.support import wait_until

_MAX_BYTES = 32 * 1024 * 1024
SECONDS = 60.0


@dataclass(frozen=True)
class Stubs:
    """The services of a documents server."""

    documents: DocumentServiceStub
    templates: TemplateServiceStub
    releases: ReleaseServiceStub
    store: DocumentStoreServiceStub


@contextmanager
def connected(address: str) -> Iterator[Stubs]:
    """A channel of its own, so that calls may reach another worker than those of another channel."""
    options = [
        ("grpc.max_send_message_length", _MAX_BYTES),
        ("grpc.max_receive_message_length", _MAX_BYTES),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    with grpc.insecure_channel(address, options=options) as channel:
        yield Stubs(
            DocumentServiceStub(channel),
            TemplateServiceStub(channel),
            ReleaseServiceStub(channel),
            DocumentStoreServiceStub(channel),
        )


def civil(day: date) -> Date:
    """A civil date of the contract."""
    return Date(year=day.year, month=day.month, day=day.day)


def docx_of(stubs: Stubs, template: str, version: str = "1.0.0") -> bytes:
    """The Word file of a published version."""
    name = f"templates/{template}/versions/{version}"
    request = releases.GetVersionRequest(name=name, with_file="template.docx")
    content: bytes = stubs.releases.GetVersion(request, timeout=SECONDS).file
    return content


def edited(content: bytes, containing: str, edit: Callable[[Paragraph], object]) -> bytes:
    """A Word file saved by Word after an edit of the only paragraph that contains a text."""
    document = docx.Document(io.BytesIO(content))
    (paragraph,) = [one for one in document.paragraphs if containing in one.text]
    edit(paragraph)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def with_sentence(content: bytes, containing: str, sentence: str) -> bytes:
    """A Word file with a sentence more at the end of a paragraph."""
    return edited(content, containing, lambda paragraph: paragraph.add_run(f" {sentence}"))


def eventually(check: Callable[[], bool], seconds: float) -> bool:
    """Whether something becomes true in time."""
    return wait_until(check, seconds)


def download(parts: Iterator[Any]) -> tuple[pb.Document, bytes]:
    """The document and the bytes of a DownloadDocument."""
    document, content = pb.Document(), bytearray()
    for part in parts:
        document.MergeFrom(part.document)
        assert part.chunk.offset in (0, len(content))
        content += part.chunk.data
    return document, bytes(content)
