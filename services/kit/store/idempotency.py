"""Requests already answered: a write sent again with the same id has the first answer (AIP-155)."""

from __future__ import annotations

import hashlib

from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, Table, insert, select

from services.kit.errors import AlreadyExists


def request_table(metadata: MetaData, name: str = "request") -> Table:
    """The table of answered requests, for the service's migration and its store."""
    return Table(
        name,
        metadata,
        Column("request_id", String(36), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("answer", LargeBinary, nullable=False),
    )


def fingerprint(*parts: str | bytes) -> str:
    """What tells a request from another one: SHA-256 of its parts."""
    written = [part.encode() if isinstance(part, str) else part for part in parts]
    lengths = b"".join(len(part).to_bytes(8, "big") for part in written)
    return hashlib.sha256(lengths + b"".join(written)).hexdigest()


def reused(request_id: str) -> AlreadyExists:
    """The request id was used for another request."""
    return AlreadyExists(
        "REQUEST_ID_REUSED",
        "Cet identifiant de demande (request_id) a déjà servi pour une autre demande.",
        metadata={"request_id": request_id},
    )


def answered(connection: Connection, table: Table, request_id: str, mark: str) -> bytes | None:
    """The answer to this very request, None if it is new; AlreadyExists if its id was used for another one.

    Read it under the lock of the write transaction.
    """
    if not request_id:
        return None
    row = connection.execute(select(table).where(table.c.request_id == request_id)).first()
    if row is not None and row.fingerprint != mark:
        raise reused(request_id)
    return None if row is None else bytes(row.answer)


def remember(connection: Connection, table: Table, request_id: str, mark: str, answer: bytes) -> None:
    """Keeps the answer to a request, in the transaction of the write that it made."""
    if request_id:
        row = {"request_id": request_id, "fingerprint": mark, "answer": answer}
        connection.execute(insert(table).values(row))
