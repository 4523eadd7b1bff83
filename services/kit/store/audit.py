"""Hash-chained audit: each write adds a row, in its own transaction, that seals all the rows before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
    text,
)

from services.kit.canonical import GENESIS, canonical, chained

CANONICAL_VERSION = 1
"""Version of the sealed form; a change of `canonical` would break every stored chain."""


@dataclass(frozen=True)
class Head:
    """The last row of a chain; kept outside the database, it betrays a removed end or a full rewrite."""

    seq: int
    hash: str


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
class Entry:
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
    return extend(connection, table, [Entry(actor, method, resource, before, after)], time=time)


def extend(
    connection: Connection, table: Table, entries: Iterable[Entry], *, time: datetime | None = None
) -> Head:
    """Adds a row for each entry, in order, in the caller's write transaction."""
    last = head(connection, table, lock=True)
    written = (time or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    rows = []
    for entry in entries:
        row = {
            "seq": last.seq + 1,
            "time": written,
            "actor": entry.actor,
            "method": entry.method,
            "resource": entry.resource,
            "before": None if entry.before is None else canonical(entry.before),
            "after": None if entry.after is None else canonical(entry.after),
        }
        sealed = _seal(last.hash, row)
        rows.append({**row, "prev_hash": last.hash, "hash": sealed})
        last = Head(last.seq + 1, sealed)
    if rows:
        connection.execute(insert(table), rows)
    return last


def head(connection: Connection, table: Table, *, lock: bool = False) -> Head:
    """The last row of the chain; `lock` makes the other writers wait until the transaction ends."""
    if lock and connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7022349869812887601)"))
    row = connection.execute(select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)).first()
    return Head(row.seq, row.hash) if row else Head(0, GENESIS)


def verify(connection: Connection, table: Table, expected: Head | None = None) -> int | None:
    """The number of the first row that is changed, missing or out of order; None if the chain is whole.

    With an `expected` head, kept from an earlier day, a removed end and a full rewrite are found too.
    """
    last = Head(0, GENESIS)
    for row in connection.execute(select(table).order_by(table.c.seq)).mappings():
        if not _follows(dict(row), last):
            return last.seq + 1
        last = Head(row["seq"], row["hash"])
        if expected and last.seq == expected.seq and last.hash != expected.hash:
            return last.seq
    return last.seq + 1 if expected and last.seq < expected.seq else None


_SEALED = ("seq", "time", "actor", "method", "resource", "before", "after")


def _follows(row: Mapping[str, Any], last: Head) -> bool:
    """True when a row comes after the last one and says what was sealed."""
    try:
        sealed = _seal(last.hash, {name: row[name] for name in _SEALED})
    except TypeError:  # a value that is not of its column's type
        return False
    return (row["seq"], row["prev_hash"], row["hash"]) == (last.seq + 1, last.hash, sealed)


def _seal(previous: str, row: Mapping[str, object]) -> str:
    return chained(previous, {"version": CANONICAL_VERSION, **row})
