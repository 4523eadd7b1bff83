"""Appends to the registry: versions, state number, changes and audit in one transaction."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, Update, bindparam, insert, update

from services.bank_registry.registry import (
    STILL_KNOWN,
    Agreement,
    Bank,
    BankRecord,
    Difference,
    FreeText,
    LenderChange,
    LocalConvention,
    Registry,
    Reservation,
    StateChange,
    Stated,
    bank_name,
    facts,
    name_of,
)
from services.bank_registry.store import tables
from services.bank_registry.store.loading import changes, changes_of, follow, load, redacted_keys
from services.bank_registry.store.numbers import Keys, version_row
from services.bank_registry.store.redating import redated
from services.bank_registry.store.rows import (
    bank_document,
    free_texts,
    reservation_document,
)
from services.bank_registry.store.texts import Sealing, Texts
from services.kit.dates import from_microseconds, microseconds
from services.kit.errors import FailedPrecondition
from services.kit.store import Audit, AuditEntry, Database, Erasing, idempotency, store_clock

V = TypeVar("V", Bank, Agreement, LocalConvention)


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
    database: Database,
    audit: Audit,
    texts: Texts,
    erasing: Erasing,
    *,
    keep: bool = True,
    known: Registry | None = None,
) -> Iterator[Edit]:
    """A write transaction, alone to change the registry; without `keep` it is undone at the end.

    From an earlier registry that is `known`, only what changed since then is read.
    """
    with database.write() as connection:
        audit.head(connection, lock=True)
        session = Edit(connection, audit, texts, erasing, known)
        yield session
        if keep:
            session.keep_keys()
        else:
            connection.rollback()


class Edit:
    """One write to the registry, in an open transaction."""

    def __init__(
        self,
        connection: Connection,
        audit: Audit,
        texts: Texts,
        erasing: Erasing,
        known: Registry | None,
    ) -> None:
        self._connection = connection
        self._log = audit
        self._texts = texts
        self._erasing = erasing
        self._known = known
        self._sealing = Sealing()

    def keep_keys(self) -> None:
        """Keeps the keys of the new texts; what is undone keeps none."""
        self._texts.keep(self._sealing)

    @cached_property
    def registry(self) -> Registry:
        """The registry before the write."""
        if self._known:
            return follow(self._connection, self._texts, self._known)
        return load(self._connection, self._texts)

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
        """The answer already given to this very request; AlreadyExists if its id was used for another one,
        FailedPrecondition if it was erased with a redaction."""
        mark = self._texts.tagged(mark)
        kept = idempotency.answered(self._connection, tables.request, request_id, mark)
        if kept is None:
            return None
        answer = self._texts.opened_answer(kept)
        if answer is None:
            raise FailedPrecondition(
                "ANSWER_REDACTED",
                "Cette demande a déjà été faite ; un caviardage a effacé sa réponse. Relisez la fiche.",
                metadata={"request_id": request_id},
            )
        return answer

    def remember(self, request_id: str, mark: str, answer: bytes, origin: Origin) -> None:
        """Keeps the answer to this request, and its hash in the audit."""
        if request_id:
            self._erasing.destroy_planned(self._connection)
            mark, kept = self._texts.tagged(mark), self._texts.sealed_answer(answer)
            idempotency.remember(self._connection, tables.request, request_id, mark, kept)
            entry = request_entry(origin, request_id, mark, kept)
            self._log.extend(self._connection, [entry], time=from_microseconds(self.now))

    def apply(self, difference: Difference, origin: Origin) -> int:
        """Writes a difference and returns the state number; nothing is written if nothing changes."""
        changes = [_restated(change) for change in difference.changes]
        if not changes:
            return self.registry.state_number
        origin = self._begin(origin)
        keys = Keys.read(self._connection, [change.after.bank.id for change in changes])
        keys.create(self._connection, changes)
        withdrawn = [(change.after.bank.id, fact) for change in changes for fact in change.withdrawn]
        stated = [(change.after.bank.id, fact) for change in changes for fact in change.stated]
        forms = {change.after.bank.id: _forms(change.before) for change in changes}
        self._write(keys, withdrawn, stated, forms)
        counts = {"created": len(difference.created), "changed": len(difference.changed)}
        entries = [self._entry(origin, change, forms[change.after.bank.id]) for change in changes]
        return self._audit(origin, counts, entries)

    def apply_reservations(self, changes: list[ReservationChange], origin: Origin) -> tuple[int, Reservation]:
        """Writes reservations; returns the state number and the last one, with its id if it is new."""
        origin = self._begin(origin)
        keys = Keys.read(self._connection, [change.bank_id for change in changes])
        numbered = [self._numbered(keys, change) for change in changes]
        withdrawn = [(change.bank_id, change.before) for change in numbered if change.before]
        stated = [(change.bank_id, change.after) for change in numbered]
        self._write(keys, withdrawn, stated, {change.bank_id: {} for change in changes})
        entries = [_reservation_entry(origin, change) for change in numbered]
        return self._audit(origin, {"reservations": len(numbered)}, entries), numbered[-1].after

    def redact(self, case_ids: Iterable[str], named: Mapping[str, str], origin: Origin) -> int:
        """Has the keys of texts destroyed, with those of the kept answers, which repeat them; returns the
        state number. `named` gives the lender of each resource whose texts they are, by name."""
        origin = self._begin(origin)
        keys = Keys.read(self._connection, named.values())
        gone = redacted_keys(self._connection)
        fresh = sorted({*case_ids, *self._texts.answer_keys()} - gone)
        rows = [{"case_id": case_id, "revision": self._next} for case_id in fresh]
        self._connection.execute(insert(tables.redacted_key), rows)
        self._name(keys, named)
        after = {"keys": fresh, "names": list(named)}
        entry = AuditEntry(origin.actor, origin.method, f"redactions/{self._next}", None, after)
        self._erasing.plan(self._connection, fresh, from_microseconds(self.now))
        return self._audit(origin, {"redacted": len(fresh)}, [entry])

    def redate(self, origin: Origin) -> dict[int, int]:
        """Gives the hour of today to the states that a clock ahead dated in the future; returns their former
        instants and the new ones, none if nothing is written."""
        instants = redated(self._connection, time.time_ns() // 1000)
        if instants:
            self.now = max(max(instants.values()) + 1, time.time_ns() // 1000)
            origin = self._begin(origin)
            after = {"instants": [list(pair) for pair in instants.items()]}
            entry = AuditEntry(origin.actor, origin.method, f"redatings/{self._next}", None, after)
            self._audit(origin, {"redated": len(instants)}, [entry])
        return instants

    @property
    def is_in_doubt(self) -> bool:
        """Whether the clock of the store is not believed until a person confirms it."""
        return store_clock.last_believed(self._connection) is not None

    def states(self, bank_id: str = "") -> list[StateChange]:
        """The states before the write, those that changed a lender alone if one is given."""
        last = self.registry.state_number
        if bank_id:
            return changes_of(self._connection, self._texts, bank_id, last)
        return changes(self._connection, self._texts, 1, last)

    @property
    def _next(self) -> int:
        """The number of the state that this write makes."""
        return self.registry.state_number + 1

    def _begin(self, origin: Origin) -> Origin:
        """Tells the new state; gives its origin as it is kept."""
        reason = origin.reason and self._sealing.version({})(origin.reason)
        row = {
            "revision": self._next,
            "recorded_at": self.now,
            "actor": origin.actor,
            "reason": reason,
            "method": origin.method,
        }
        self._connection.execute(insert(tables.revision), row)
        return replace(origin, reason=reason)

    def _numbered(self, keys: Keys, change: ReservationChange) -> ReservationChange:
        if change.before is not None:
            return change
        key = keys.create_reservation(self._connection, change.bank_id, change.after.agreement_id)
        return replace(change, after=replace(change.after, id=key))

    def _write(
        self,
        keys: Keys,
        withdrawn: Iterable[tuple[str, Stated]],
        stated: Iterable[tuple[str, Stated]],
        forms: Mapping[str, dict[str, str]],
    ) -> None:
        """Closes what is no longer held true before it states what is, so that nothing overlaps."""
        named: dict[str, str] = {}
        closed: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for bank_id, fact in withdrawn:
            named[name_of(bank_id, fact)] = bank_id
            table, key, values = version_row(keys, bank_id, fact, str)
            start = {"start_date": values["start_date"]} if "start_date" in values else {}
            closed[table].append({f"_{name}": value for name, value in (key | start).items()})
        for table, versions in closed.items():
            self._connection.execute(_closing(table, versions[0], self.now), versions)
        rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for bank_id, fact in stated:
            named[name_of(bank_id, fact)] = bank_id
            table, key, values = version_row(keys, bank_id, fact, self._sealing.version(forms[bank_id]))
            rows[table].append({**key, "recorded_from": self.now, "recorded_to": STILL_KNOWN, **values})
        for table, versions in rows.items():
            self._connection.execute(insert(table), versions)
        self._name(keys, named)

    def _name(self, keys: Keys, named: Mapping[str, str]) -> None:
        """Tells which resources this write changes, and of which lenders."""
        changed = [
            {"revision": self._next, "name": name, "bank_key": keys.banks[bank_id]}
            for name, bank_id in named.items()
        ]
        if changed:
            self._connection.execute(insert(tables.change), changed)

    def _audit(self, origin: Origin, counts: dict[str, int], entries: list[AuditEntry]) -> int:
        """Adds to the audit what this write did; returns the state number."""
        summary = {"reason": origin.reason, **counts}
        first = AuditEntry(origin.actor, origin.method, f"revisions/{self._next}", None, summary)
        written_at = from_microseconds(self.now)
        self._log.extend(self._connection, [first, *entries], time=written_at)
        return self._next

    def _entry(self, origin: Origin, change: LenderChange, forms: dict[str, str]) -> AuditEntry:
        told = self._sealing.version(forms)
        before = bank_document(change.before, told) if change.before else None
        name = bank_name(change.after.bank.id)
        return AuditEntry(origin.actor, origin.method, name, before, bank_document(change.after, told))


def _restated(change: LenderChange) -> LenderChange:
    """The same change, where what is stated again is the very version that was known: its texts are kept as
    they were, whatever was redacted since."""
    if change.before is None:
        return change
    before, after = change.before, change.after
    kept = replace(
        after,
        banks=_as_known(before.banks, after.banks),
        agreements=_as_known(before.agreements, after.agreements),
        conventions=_as_known(before.conventions, after.conventions),
    )
    return LenderChange(change.before, kept)


def _as_known(before: Sequence[V], after: Sequence[V]) -> tuple[V, ...]:
    known = {one: one for one in before}
    return tuple(known.get(one, one) for one in after)


def _forms(record: BankRecord | None) -> dict[str, str]:
    """The forms of the texts of a lender that are kept, by text."""
    texts = (text for fact in facts(record) for _, text in free_texts(fact))
    return {str(text): text.stored for text in texts if isinstance(text, FreeText)}


def _reservation_entry(origin: Origin, change: ReservationChange) -> AuditEntry:
    before = reservation_document(change.before) if change.before else None
    name = name_of(change.bank_id, change.after)
    return AuditEntry(origin.actor, origin.method, name, before, reservation_document(change.after))


def request_entry(origin: Origin, request_id: str, mark: str, answer: bytes) -> AuditEntry:
    """What the audit says of an answer that is kept."""
    after = {"fingerprint": mark, "answer": hashlib.sha256(answer).hexdigest()}
    return AuditEntry(origin.actor, origin.method, f"requests/{request_id}", None, after)


def _closing(table: Table, parameters: Iterable[str], now: int) -> Update:
    """Closes the known version whose columns have the parameters of their name, after an underscore."""
    statement = update(table).where(table.c.recorded_to == STILL_KNOWN).values(recorded_to=now)
    for name in parameters:
        statement = statement.where(table.c[name.removeprefix("_")] == bindparam(name))
    return statement
