"""The journal of decisions: written before the answer leaves, sealed, encrypted by case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from services.eligibility.answer import (
    Erasure,
    Filters,
    NewDecision,
    Recorded,
    RemovalRequest,
    StoredDecision,
    encode_content,
)
from services.eligibility.store import journal_records as records
from services.eligibility.store import journal_removal as removal
from services.eligibility.store.journal_chain import JournalChain
from services.eligibility.store.journal_group import GroupCommit
from services.eligibility.store.journal_records import JournalEntry
from services.eligibility.store.tables import journal, pending_erasure
from services.kit.canonical import Head, Verification
from services.kit.dates import instant_text
from services.kit.errors import DomainError, NotFound, StartupError
from services.kit.store import ChainSeal, Database, Erasing, KeyStore, StoreClock


class Journal:
    """The decisions of all the processes that share a store, in one chain under a seal."""

    def __init__(self, database: Database, keys: KeyStore, seal: ChainSeal) -> None:
        self._database = database
        self._chain = JournalChain(seal)
        self._keys = keys
        self.erasing = Erasing(database, pending_erasure, keys)
        self._clock = StoreClock(database)
        self._group: GroupCommit[JournalEntry, str | None] = GroupCommit(self._commit)

    def record(
        self, decisions: Sequence[NewDecision], *, validate_only: bool = False
    ) -> list[Recorded | DomainError]:
        """Records decisions and returns once they are committed; Unavailable if none is.

        A repeated request gives what was recorded the first time; a request id already used for another
        request gives an error in its place. With `validate_only`, nothing new is recorded.
        """
        entries = [
            JournalEntry(decision, encode_content(decision), self._keys.request_tag(decision.request_id))
            for decision in decisions
        ]
        if validate_only:
            return self._tried(entries)
        ids = self._group.run(entries) if entries else []
        earlier = self._by_tag(entry.tag for entry, id_ in zip(entries, ids, strict=True) if not id_)
        return [
            Recorded(id_, entry.decision.stamp, entry.decision.assessment)
            if id_
            else records.answered_again(entry.decision, earlier.get(entry.tag or ""))
            for entry, id_ in zip(entries, ids, strict=True)
        ]

    def _tried(self, entries: Sequence[JournalEntry]) -> list[Recorded | DomainError]:
        """What recording would give; a decision that would be new has no id."""
        earlier = self._by_tag(entry.tag for entry in entries if entry.tag)
        found = [(entry.decision, earlier.get(entry.tag or "")) for entry in entries]
        return [
            records.answered_again(decision, known)
            if known
            else Recorded("", decision.stamp, decision.assessment)
            for decision, known in found
        ]

    def decisions(
        self,
        *,
        after_sequence: int = 0,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        newest_first: bool = False,
        limit: int,
    ) -> list[StoredDecision]:
        """Decisions after a rank, with what can be read of them, in the order of the journal unless told
        otherwise."""
        query = records.filtered(Filters(start_time=start_time, end_time=end_time))
        order = journal.c.sequence.desc() if newest_first else journal.c.sequence
        return self._stored(query.where(journal.c.sequence > after_sequence).order_by(order).limit(limit))

    def search(
        self, filters: Filters, *, before_sequence: int | None = None, limit: int
    ) -> list[StoredDecision]:
        """The latest decisions that pass the filters, of lower rank than the one given."""
        cases = self._keys.cases(filters.case_reference) if filters.case_reference else ()
        query = records.filtered(filters, cases)
        if before_sequence is not None:
            query = query.where(journal.c.sequence < before_sequence)
        return self._stored(query.order_by(journal.c.sequence.desc()).limit(limit))

    def count(self, filters: Filters) -> int:
        """How many decisions pass the filters, but for their case reference."""
        counted = select(func.count()).select_from(records.filtered(filters).subquery())
        with self._database.read() as connection:
            return int(connection.scalar(counted) or 0)

    def get(self, decision_id: str) -> StoredDecision:
        """A decision; NotFound."""
        found = self._stored(records.DECISIONS.where(journal.c.decision_id == decision_id))
        if found:
            return found[0]
        raise decision_not_found(decision_id)

    def has_case(self, case_reference: str) -> bool:
        """Whether a decision was ever recorded for a case, erased since or not."""
        return bool(self._keys.cases(case_reference))

    def erase(self, case_reference: str, asked: RemovalRequest, *, validate_only: bool = False) -> Erasure:
        """Destroys the key of a case: once it is done, its facts can be read nowhere any more, backups of the
        journal included. NotFound if it has no decision."""
        asking = self._removal(asked, validate_only=validate_only)
        with self._database.write() as connection:
            removed = asking.erase(connection, case_reference)
        return self._removed(removed)

    def purge(self, end_time: datetime, asked: RemovalRequest, *, validate_only: bool = False) -> Erasure:
        """Removes the content of the decisions recorded before an instant, and counts them.

        FailedPrecondition while the clock is in doubt: « before an instant » then says nothing sure.
        """
        asking = self._removal(asked, validate_only=validate_only)
        with self._database.write() as connection:
            self._clock.check(connection)
            removed = asking.purge(connection, end_time)
        return self._removed(removed)

    def _removal(self, asked: RemovalRequest, *, validate_only: bool) -> removal.Removal:
        return removal.Removal(self._chain, self._keys, self.erasing, asked, validate_only=validate_only)

    def _removed(self, removed: removal.Removed) -> Erasure:
        """What was recorded, once it was tried to carry it out."""
        is_done = removed.time is not None
        if is_done and self.erasing.since(removed.cases) is not None:
            is_done = self.erasing.finish() or self.erasing.since(removed.cases) is None
        return Erasure(removed.count, removed.time, is_done)

    def check_keys(self) -> None:
        """StartupError when the key database has never had the key of the last decision that was not erased:
        it is lost, older than the journal, or another one."""
        with self._database.read() as connection:
            last = removal.last_readable(connection)
        if last is not None and not self._keys.known([last]):
            state = "vide" if self._keys.is_empty() else "plus ancienne que le journal"
            raise StartupError(
                f"La base des clés est {state} alors que le journal contient des décisions chiffrées : "
                "remettez la bonne en place. Si elle est perdue, ELIGIBILITY_ACCEPT_LOST_KEYS=true démarre "
                "sans elle."
            )

    def reapply_removals(self) -> None:
        """Destroys again the keys that a backup of the key database brought back."""
        with self._database.read() as connection:
            finished = removal.finished_cases(connection)
        revived = self._keys.keys(finished)
        if revived:
            with self._database.write() as connection:
                self.erasing.plan(connection, revived, datetime.now(UTC))
        self.erasing.finish()

    def unreadable(self) -> removal.Unreadable:
        """How many decisions cannot be read though their content is there, and why."""
        with self._database.read() as connection:
            return removal.unreadable(connection, self._keys)

    def verify(self, expected: Head | None = None) -> Verification:
        """Reads the whole journal; with a head kept from an earlier day, a removed end is found too."""
        with self._database.read(any_text=True) as connection:
            return self._chain.verify(connection, expected)

    def head(self) -> Head:
        """The end of the journal."""
        with self._database.read() as connection:
            return self._chain.head(connection)

    def _commit(self, entries: Sequence[JournalEntry]) -> Sequence[str | None]:
        """The ids of the decisions recorded in one transaction; None for a request already seen."""
        with self._database.write() as connection:
            head = self._chain.head(connection, lock=True)
            fresh = records.fresh(entries, _recorded_tags(connection, entries))
            self.erasing.destroy_planned(connection)
            # The keys are in another database and are committed first: a key without its record is
            # harmless, a record without its key could never be read. The lock of the chain keeps both in
            # step.
            cases = self._keys.open_cases([entry.decision.case_reference for entry in fresh.values()])
            now = instant_text(datetime.now(UTC))
            rows = [
                records.record(entry, case, now) for entry, case in zip(fresh.values(), cases, strict=True)
            ]
            self._chain.append(connection, head, rows)
        ids = dict(zip(fresh, (record["decision_id"] for record in rows), strict=True))
        return [ids.get(rank) for rank in range(len(entries))]

    def _by_tag(self, tags: Iterable[str | None]) -> dict[str, StoredDecision]:
        """The decisions that these requests made."""
        wanted = list(tags)
        rows = self._rows(records.DECISIONS.where(journal.c.request_tag.in_(wanted))) if wanted else []
        return dict(zip([row.request_tag for row in rows], self._opened(rows), strict=True))

    def _stored(self, query: Select[Any]) -> list[StoredDecision]:
        return self._opened(self._rows(query))

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        # One record with text that is not UTF-8 is damaged: it hides no other.
        with self._database.read(any_text=True) as connection:
            return connection.execute(query).all()

    def _opened(self, rows: Sequence[Row[Any]]) -> list[StoredDecision]:
        cases = {row.case_id for row in rows if row.ciphertext is not None}
        keys = self._keys.keys(cases)
        # Read after the keys: where one is gone, the erasure that destroyed it was recorded before.
        with self._database.read() as connection:
            erased = removal.erased(connection, cases)
        return [records.stored(row, keys, erased) for row in rows]


def _recorded_tags(connection: Connection, entries: Iterable[JournalEntry]) -> set[str]:
    """The tags of entries that a record holds already."""
    tags = [entry.tag for entry in entries if entry.tag]
    query = select(journal.c.request_tag).where(journal.c.request_tag.in_(tags))
    return set(connection.scalars(query)) if tags else set()


def decision_not_found(decision_id: str) -> NotFound:
    """No decision has that name, for who asks."""
    name = f"decisions/{decision_id}"
    return NotFound("DECISION_NOT_FOUND", "Aucune décision ne porte ce nom.", metadata={"name": name})
