"""Chained audit: each write adds a row, in its own transaction, that seals all the rows before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, Text

from services.kit.canonical import Head, Verification, canonical
from services.kit.dates import instant_text
from services.kit.store.chain import Chain, ChainSeal

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


class Audit:
    """The audit of a table of `audit_table`, under the seal of its chain."""

    def __init__(self, table: Table, seal: ChainSeal) -> None:
        self._chain = audit_chain(table, seal)

    def append(
        self,
        connection: Connection,
        *,
        actor: str,
        method: str,
        resource: str,
        before: Mapping[str, object] | None,
        after: Mapping[str, object] | None,
        time: datetime | None = None,
    ) -> Head:
        """Adds a row in the caller's write transaction; `before` and `after` hold JSON values without
        float."""
        return self.extend(connection, [AuditEntry(actor, method, resource, before, after)], time=time)

    def extend(
        self, connection: Connection, entries: Iterable[AuditEntry], *, time: datetime | None = None
    ) -> Head:
        """Adds a row for each entry, in order, in the caller's write transaction."""
        last = self._chain.head(connection, lock=True)
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
        return self._chain.append(connection, last, records)

    def head(self, connection: Connection, *, lock: bool = False) -> Head:
        """The last row of the chain; `lock` makes the other writers wait until the transaction ends."""
        return self._chain.head(connection, lock=lock)

    def verify(self, connection: Connection, expected: Head | None = None) -> Verification:
        """The first row that is changed, missing or out of order, if any.

        With an `expected` head, kept from an earlier day, a removed end is found too.
        """
        return self._chain.verify(connection, expected)


def audit_chain(table: Table, seal: ChainSeal) -> Chain:
    """The chain of the audit of a table."""
    return Chain(table, seal, lock=_LOCK)


def verify_audit(table: Table) -> Callable[[Connection, ChainSeal], Verification]:
    """How the audit of a table is verified under a seal."""
    return lambda connection, seal: Audit(table, seal).verify(connection)
