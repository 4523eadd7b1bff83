"""Appends to the registry: versions, revision and audit in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Connection, Table, insert, select, update

from services.bank_registry.registry.difference import Change, Difference, Fact
from services.bank_registry.registry.history import STILL_KNOWN, Registry
from services.bank_registry.registry.model import Agreement, Bank, BankRecord, LocalConvention
from services.bank_registry.store import tables
from services.bank_registry.store.loading import load
from services.bank_registry.store.rows import agreement_values, bank_values, convention_values
from services.kit import audit
from services.kit.database import Database

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes, by which operation, and why: kept in the audit."""

    actor: str
    method: str
    reason: str


@contextmanager
def edit(database: Database, *, keep: bool = True) -> Iterator[Edit]:
    """A write transaction, alone to change the registry; without `keep` it is undone at the end."""
    with database.write() as connection:
        audit.head(connection, tables.audit, lock=True)
        yield Edit(connection)
        if not keep:
            connection.rollback()


class Edit:
    """One write to the registry, in an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def registry(self) -> Registry:
        """The registry before the write."""
        return load(self._connection)

    def apply(self, difference: Difference, origin: Origin) -> int:
        """Writes a difference and returns the revision; nothing is written if nothing changes."""
        if not difference.changes:
            return self.registry.revision
        now = max(self.registry.last_instant + 1, (datetime.now(UTC) - _EPOCH) // _MICROSECOND)
        revision = self.registry.revision + 1
        row = {"revision": revision, "recorded_at": now, "actor": origin.actor, "reason": origin.reason}
        self._connection.execute(insert(tables.revision).values(row))
        keys = Keys(self._connection)
        keys.create(difference.changes)
        for change in difference.changes:
            for fact in change.withdrawn:
                self._close(keys.of(change, fact), fact, now)
        self._state(keys, difference.changes, now)
        self._audit(difference, origin, revision)
        return revision

    def _close(self, key: int, fact: Fact, now: int) -> None:
        table, values = _version(fact)
        statement = update(table).where(_key_column(table) == key, table.c.recorded_to == STILL_KNOWN)
        if "start_date" in values:
            statement = statement.where(table.c.start_date == values["start_date"])
        self._connection.execute(statement.values(recorded_to=now))

    def _state(self, keys: Keys, changes: Iterable[Change], now: int) -> None:
        rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for change in changes:
            for fact in change.stated:
                table, values = _version(fact)
                known = {"recorded_from": now, "recorded_to": STILL_KNOWN}
                rows[table].append({_key_column(table).name: keys.of(change, fact), **known, **values})
        for table, versions in rows.items():
            self._connection.execute(insert(table), versions)

    def _audit(self, difference: Difference, origin: Origin, revision: int) -> None:
        summary = {
            "reason": origin.reason,
            "created": len(difference.created),
            "changed": len(difference.changed),
        }
        self._append(origin, f"revisions/{revision}", None, summary)
        for change in difference.changes:
            before = _document(change.before) if change.before else None
            self._append(origin, f"banks/{change.after.bank.id}", before, _document(change.after))

    def _append(
        self, origin: Origin, resource: str, before: dict[str, Any] | None, after: dict[str, Any]
    ) -> None:
        audit.append(
            self._connection,
            tables.audit,
            actor=origin.actor,
            method=origin.method,
            resource=resource,
            before=before,
            after=after,
        )


class Keys:
    """The keys of the lenders, by bank id, and of the agreements, by bank id and agreement id."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        bank, agreement = tables.bank, tables.agreement
        agreements = select(bank.c.bank_id, agreement.c.agreement_id, agreement.c.agreement_key)
        self._banks: dict[str, int] = {row.bank_id: row.bank_key for row in connection.execute(select(bank))}
        self._agreements: dict[tuple[str, str], int] = {
            (row.bank_id, row.agreement_id): row.agreement_key
            for row in connection.execute(agreements.join_from(bank, agreement))
        }

    def of(self, change: Change, fact: Fact) -> int:
        """The key of the lender, or of its agreement, that a fact is about."""
        bank_id = change.after.bank.id
        return self._agreements[bank_id, fact.id] if isinstance(fact, Agreement) else self._banks[bank_id]

    def create(self, changes: Iterable[Change]) -> None:
        """Gives a key to what has none; the lock of the edit makes the next numbers free."""
        banks, agreements = [], []
        for record in (change.after for change in changes):
            bank_id = record.bank.id
            if bank_id not in self._banks:
                self._banks[bank_id] = len(self._banks) + 1
                banks.append({"bank_key": self._banks[bank_id], "bank_id": bank_id})
            for identity in dict.fromkeys((bank_id, agreement.id) for agreement in record.agreements):
                if identity not in self._agreements:
                    self._agreements[identity] = len(self._agreements) + 1
                    names = {"bank_key": self._banks[bank_id], "agreement_id": identity[1]}
                    agreements.append({"agreement_key": self._agreements[identity], **names})
        for table, rows in ((tables.bank, banks), (tables.agreement, agreements)):
            if rows:
                self._connection.execute(insert(table), rows)


def _version(fact: Fact) -> tuple[Table, dict[str, Any]]:
    """The table and the columns of a fact."""
    match fact:
        case Bank():
            return tables.bank_version, bank_values(fact)
        case Agreement():
            return tables.agreement_version, agreement_values(fact)
        case LocalConvention():
            return tables.local_convention_version, convention_values(fact)


def _key_column(table: Table) -> Column[Any]:
    return table.c.agreement_key if table is tables.agreement_version else table.c.bank_key


def _document(record: BankRecord) -> dict[str, Any]:
    """A lender as JSON, for the audit."""
    return {
        "bank": _plain(bank_values(record.bank)),
        "agreements": [
            {"id": agreement.id, **_plain(agreement_values(agreement))} for agreement in record.agreements
        ],
        "conventions": [_plain(convention_values(convention)) for convention in record.conventions],
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
