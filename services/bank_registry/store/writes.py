"""Appends to the registry: versions, state number, changes and audit in one transaction."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Connection, Table, Update, bindparam, func, insert, select, update

from services.bank_registry.registry import (
    STILL_KNOWN,
    Agreement,
    Bank,
    BankRecord,
    Difference,
    LenderChange,
    LocalConvention,
    Registry,
    Reservation,
    Stated,
    bank_name,
    name_of,
)
from services.bank_registry.store import tables
from services.bank_registry.store.loading import follow, load
from services.bank_registry.store.rows import (
    bank_document,
    reservation_document,
    reservation_values,
    values_of,
)
from services.kit.dates import from_microseconds, microseconds
from services.kit.store import Audit, AuditEntry, Database, idempotency, store_clock

Row = dict[str, Any]

MANY = 500
"""Lenders above which all the keys are read at once."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of some lenders, by bank id, and of their agreements, by bank id and agreement id."""

    banks: dict[str, int] = field(default_factory=dict)
    agreements: dict[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection, bank_ids: Iterable[str]) -> Keys:
        """The keys of the lenders of some ids that have one."""
        wanted = set(bank_ids)
        bank, agreement = tables.bank, tables.agreement
        banks = select(bank)
        agreements = select(bank.c.bank_id, agreement.c.agreement_id, agreement.c.agreement_key)
        agreements = agreements.join_from(bank, agreement)
        if len(wanted) <= MANY:
            banks = banks.where(bank.c.bank_id.in_(wanted))
            agreements = agreements.where(bank.c.bank_id.in_(wanted))
        return cls(
            {row.bank_id: row.bank_key for row in connection.execute(banks)},
            {(row.bank_id, row.agreement_id): row.agreement_key for row in connection.execute(agreements)},
        )

    def given_to(self, record: BankRecord, next_bank: int, next_agreement: int) -> dict[Table, list[Row]]:
        """Numbers what of a lender has no key, from the next ones; the rows that say so."""
        bank_id, rows = record.bank.id, {tables.bank: list[Row](), tables.agreement: list[Row]()}
        if bank_id not in self.banks:
            self.banks[bank_id] = next_bank
            rows[tables.bank].append({"bank_key": next_bank, "bank_id": bank_id})
        for identity in dict.fromkeys((bank_id, agreement.id) for agreement in record.agreements):
            if identity not in self.agreements:
                self.agreements[identity] = key = next_agreement + len(rows[tables.agreement])
                names = {"bank_key": self.banks[bank_id], "agreement_id": identity[1]}
                rows[tables.agreement].append({"agreement_key": key, **names})
        return rows

    def create(self, connection: Connection, changes: Iterable[LenderChange]) -> None:
        """Gives a key to what has none; the lock of the edit makes the next numbers free."""
        firsts = [
            _next(connection, column) for column in (tables.bank.c.bank_key, tables.agreement.c.agreement_key)
        ]
        created: dict[Table, list[Row]] = {tables.bank: [], tables.agreement: []}
        for change in changes:
            nexts = (first + len(rows) for first, rows in zip(firsts, created.values(), strict=True))
            for table, rows in self.given_to(change.after, *nexts).items():
                created[table] += rows
        for table, rows in created.items():
            if rows:
                connection.execute(insert(table), rows)

    def create_reservation(self, connection: Connection, bank_id: str, agreement_id: str) -> int:
        """The key of a new reservation."""
        key = _next(connection, tables.reservation.c.reservation_key)
        row = {"reservation_key": key, "agreement_key": self.agreements[bank_id, agreement_id]}
        connection.execute(insert(tables.reservation), row)
        return key


def _next(connection: Connection, column: Column[Any]) -> int:
    return (connection.scalar(select(func.coalesce(func.max(column), 0))) or 0) + 1


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes, by which operation, and why: kept in the audit."""

    actor: str
    method: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReservationChange:
    """A reservation of a lender before and after; `before` is None for a new one."""

    bank_id: str
    before: Reservation | None
    after: Reservation


@contextmanager
def edit(
    database: Database, audit: Audit, *, keep: bool = True, known: Registry | None = None
) -> Iterator[Edit]:
    """A write transaction, alone to change the registry; without `keep` it is undone at the end.

    From an earlier registry that is `known`, only what changed since then is read.
    """
    with database.write() as connection:
        audit.head(connection, lock=True)
        yield Edit(connection, audit, known)
        if not keep:
            connection.rollback()


class Edit:
    """One write to the registry, in an open transaction."""

    def __init__(self, connection: Connection, audit: Audit, known: Registry | None) -> None:
        self._connection = connection
        self._log = audit
        self._known = known

    @cached_property
    def registry(self) -> Registry:
        """The registry before the write."""
        return follow(self._connection, self._known) if self._known else load(self._connection)

    @cached_property
    def now(self) -> int:
        """The instant of the write (UTC, in microseconds), after those of all the writes before it: the clock
        of the registry stands still while that of the machine is set back."""
        return max(self.registry.last_instant + 1, time.time_ns() // 1000)

    @cached_property
    def expiry_instant(self) -> int:
        """The instant by which what is held has expired: that of the write, or the last one believed while
        the clock is in doubt; an envelope is then not sold again for a clock that is wrong."""
        last = store_clock.last_believed(self._connection)
        return self.now if last is None else min(self.now, microseconds(last))

    def answered(self, request_id: str, mark: str) -> bytes | None:
        """The answer already given to this very request; AlreadyExists if its id was used for another one."""
        return idempotency.answered(self._connection, tables.request, request_id, mark)

    def remember(self, request_id: str, mark: str, answer: bytes, origin: Origin) -> None:
        """Keeps the answer to this request, and its hash in the audit."""
        if request_id:
            idempotency.remember(self._connection, tables.request, request_id, mark, answer)
            entry = _request_entry(origin, request_id, mark, answer)
            self._log.extend(self._connection, [entry], time=from_microseconds(self.now))

    def apply(self, difference: Difference, origin: Origin) -> int:
        """Writes a difference and returns the state number; nothing is written if nothing changes."""
        changes = difference.changes
        if not changes:
            return self.registry.state_number
        state_number = self._begin(origin)
        keys = Keys.read(self._connection, [change.after.bank.id for change in changes])
        keys.create(self._connection, changes)
        withdrawn = [(change.after.bank.id, fact) for change in changes for fact in change.withdrawn]
        stated = [(change.after.bank.id, fact) for change in changes for fact in change.stated]
        self._write(keys, state_number, withdrawn, stated)
        counts = {"created": len(difference.created), "changed": len(difference.changed)}
        self._audit(origin, state_number, counts, [_entry(origin, change) for change in changes])
        return state_number

    def apply_reservations(self, changes: list[ReservationChange], origin: Origin) -> tuple[int, Reservation]:
        """Writes reservations; returns the state number and the last one, with its id if it is new."""
        state_number = self._begin(origin)
        keys = Keys.read(self._connection, [change.bank_id for change in changes])
        numbered = [self._numbered(keys, change) for change in changes]
        withdrawn = [(change.bank_id, change.before) for change in numbered if change.before]
        stated = [(change.bank_id, change.after) for change in numbered]
        self._write(keys, state_number, withdrawn, stated)
        entries = [_reservation_entry(origin, change) for change in numbered]
        self._audit(origin, state_number, {"reservations": len(numbered)}, entries)
        return state_number, numbered[-1].after

    def _begin(self, origin: Origin) -> int:
        row = {
            "revision": self.registry.state_number + 1,
            "recorded_at": self.now,
            "actor": origin.actor,
            "reason": origin.reason,
            "method": origin.method,
        }
        self._connection.execute(insert(tables.revision), row)
        return self.registry.state_number + 1

    def _numbered(self, keys: Keys, change: ReservationChange) -> ReservationChange:
        if change.before is not None:
            return change
        key = keys.create_reservation(self._connection, change.bank_id, change.after.agreement_id)
        return replace(change, after=replace(change.after, id=key))

    def _write(
        self,
        keys: Keys,
        state_number: int,
        withdrawn: Iterable[tuple[str, Stated]],
        stated: Iterable[tuple[str, Stated]],
    ) -> None:
        """Closes what is no longer held true before it states what is, so that nothing overlaps."""
        named: dict[str, str] = {}
        closed: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for bank_id, fact in withdrawn:
            named[name_of(bank_id, fact)] = bank_id
            table, key, values = version_row(keys, bank_id, fact)
            start = {"start_date": values["start_date"]} if "start_date" in values else {}
            closed[table].append({f"_{name}": value for name, value in (key | start).items()})
        for table, versions in closed.items():
            self._connection.execute(_closing(table, versions[0], self.now), versions)
        rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for bank_id, fact in stated:
            named[name_of(bank_id, fact)] = bank_id
            table, key, values = version_row(keys, bank_id, fact)
            rows[table].append({**key, "recorded_from": self.now, "recorded_to": STILL_KNOWN, **values})
        for table, versions in rows.items():
            self._connection.execute(insert(table), versions)
        changed = [
            {"revision": state_number, "name": name, "bank_key": keys.banks[bank_id]}
            for name, bank_id in named.items()
        ]
        self._connection.execute(insert(tables.change), changed)

    def _audit(
        self, origin: Origin, state_number: int, counts: dict[str, int], entries: list[AuditEntry]
    ) -> None:
        summary = {"reason": origin.reason, **counts}
        first = AuditEntry(origin.actor, origin.method, f"revisions/{state_number}", None, summary)
        written_at = from_microseconds(self.now)
        self._log.extend(self._connection, [first, *entries], time=written_at)


def _entry(origin: Origin, change: LenderChange) -> AuditEntry:
    before = bank_document(change.before) if change.before else None
    name = bank_name(change.after.bank.id)
    return AuditEntry(origin.actor, origin.method, name, before, bank_document(change.after))


def _reservation_entry(origin: Origin, change: ReservationChange) -> AuditEntry:
    before = reservation_document(change.before) if change.before else None
    name = name_of(change.bank_id, change.after)
    return AuditEntry(origin.actor, origin.method, name, before, reservation_document(change.after))


def _request_entry(origin: Origin, request_id: str, mark: str, answer: bytes) -> AuditEntry:
    after = {"fingerprint": mark, "answer": hashlib.sha256(answer).hexdigest()}
    return AuditEntry(origin.actor, origin.method, f"requests/{request_id}", None, after)


def adopt_requests(database: Database, audit: Audit) -> None:
    """Tells in the audit the answers kept by an earlier version, which told none of them."""
    told = select(tables.audit.c.seq).where(tables.audit.c.resource.startswith("requests/")).limit(1)
    with database.write() as connection:
        audit.head(connection, lock=True)
        kept = connection.execute(select(tables.request).order_by(tables.request.c.request_id)).all()
        if kept and connection.scalar(told) is None:
            origin = Origin("service", "AdoptRequest", "")
            audit.extend(connection, [_request_entry(origin, *row) for row in kept])


def _closing(table: Table, parameters: Iterable[str], now: int) -> Update:
    """Closes the known version whose columns have the parameters of their name, after an underscore."""
    statement = update(table).where(table.c.recorded_to == STILL_KNOWN).values(recorded_to=now)
    for name in parameters:
        statement = statement.where(table.c[name.removeprefix("_")] == bindparam(name))
    return statement


def version_row(keys: Keys, bank_id: str, fact: Stated) -> tuple[Table, dict[str, int], dict[str, Any]]:
    """The table of a fact, its key, and its other columns."""
    match fact:
        case Bank():
            return tables.bank_version, {"bank_key": keys.banks[bank_id]}, values_of(fact)
        case Agreement():
            key = {"agreement_key": keys.agreements[bank_id, fact.id]}
            return tables.agreement_version, key, values_of(fact)
        case LocalConvention():
            return tables.local_convention_version, {"bank_key": keys.banks[bank_id]}, values_of(fact)
        case Reservation():
            return tables.reservation_version, {"reservation_key": fact.id}, reservation_values(fact)
