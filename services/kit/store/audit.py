"""Hash-chained audit: each write adds a row, in its own transaction, that seals all the rows before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, Text

from services.kit.canonical import Head, Verification, canonical
from services.kit.dates import instant_text
from services.kit.store.chain import Chain

_LOCK = 7022349869812887601


def audit_table(metadata: MetaData, name: str = "audit") -> Table:
    """The table of an audit chain, for the service's migration and its store."""
    return Table(
        name,
        metadata,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
        Column("time", String(27), nullable=False),
        Column("actor", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("resource", Text, nullable=False),
        Column("before", Text),
        Column("after", Text),
        Column("prev_hash", String(64), nullable=False),
        Column("hash", String(64), nullable=False, unique=True),
    )


@dataclass(frozen=True)
class AuditEntry:
    """What a write did to a resource; `before` and `after` hold JSON values without float."""

    actor: str
    method: str
    resource: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


def append(
    connection: Connection,
    table: Table,
    *,
    actor: str,
    method: str,
    resource: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    time: datetime | None = None,
) -> Head:
    """Adds a row in the caller's write transaction; `before` and `after` hold JSON values without float."""
    return extend(connection, table, [AuditEntry(actor, method, resource, before, after)], time=time)


def extend(
    connection: Connection, table: Table, entries: Iterable[AuditEntry], *, time: datetime | None = None
) -> Head:
    """Adds a row for each entry, in order, in the caller's write transaction."""
    chain = _chain(table)
    last = chain.head(connection, lock=True)
    written = instant_text(time or datetime.now(UTC))
    records = [
        {
            "time": written,
            "actor": entry.actor,
            "method": entry.method,
            "resource": entry.resource,
            "before": None if entry.before is None else canonical(entry.before),
            "after": None if entry.after is None else canonical(entry.after),
        }
        for entry in entries
    ]
    return chain.append(connection, last, records)


def head(connection: Connection, table: Table, *, lock: bool = False) -> Head:
    """The last row of the chain; `lock` makes the other writers wait until the transaction ends."""
    return _chain(table).head(connection, lock=lock)


def verify(connection: Connection, table: Table, expected: Head | None = None) -> Verification:
    """The first row that is changed, missing or out of order, if any.

    With an `expected` head, kept from an earlier day, a removed end and a full rewrite are found too.
    """
    return _chain(table).verify(connection, expected)


@cache
def _chain(table: Table) -> Chain:
    return Chain(table, lock=_LOCK)
