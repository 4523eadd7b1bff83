"""The documents kept, as the RPCs give them."""

from __future__ import annotations

import re
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from microcredit.documents.v1 import document_service_pb2 as document_pb
from microcredit.documents.v1 import store_service_pb2 as pb
from services.documents.messages import documents, requests
from services.documents.store import DocumentStore, Kept
from services.kit.errors import ResourceExhausted, Violations

_NAME = re.compile(r"documents/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class Stored:
    """Reads the documents kept; FailedPrecondition on a server that keeps none."""

    def __init__(self, store: DocumentStore, retention_days: int) -> None:
        self.store = store
        self._retention_days = retention_days

    def check(self) -> None:
        """FailedPrecondition if this server keeps no document."""
        if not self._retention_days:
            raise requests.storage_disabled()

    def get(self, name: str, *, with_content: bool, limit: int | None = None) -> pb.StoredDocument:
        """A document by its name; NotFound, or ResourceExhausted above a limit of bytes."""
        self.check()
        found = _NAME.fullmatch(name)
        if found is None:
            violations = Violations()
            text = "Le nom d’un document s’écrit « documents/identifiant »."
            violations.add("name", "NAME_MALFORMED", text)
            violations.raise_if_any()
        kept = self.store.get(found[1] if found else "")
        if with_content and limit is not None and kept.size > limit:
            raise ResourceExhausted(
                "DOCUMENT_TOO_LARGE",
                "Le document dépasse la taille qu’une réponse peut porter : demandez-le par "
                "DownloadDocument.",
                metadata={"bytes": str(kept.size), "limit": str(limit)},
            )
        filename, content = self.store.open(kept)
        return stored_pb(kept, filename, content if with_content else b"")

    def as_kept(self, document: document_pb.Document, limit: int | None = None) -> document_pb.Document:
        """The document just kept, or the one that the same request kept before: a PDF made again has other
        bytes, and another template may govern."""
        kept = self.get(document.name, with_content=True, limit=limit).document
        return document if kept.sha256 == document.sha256 else kept


def stored_pb(kept: Kept, filename: str = "", content: bytes = b"") -> pb.StoredDocument:
    """A stored document as a message."""
    return pb.StoredDocument(
        document=documents.kept_pb(kept, filename, content),
        create_time=_timestamp(kept.create_time),
        expire_time=_timestamp(kept.expire_time),
    )


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
