"""Erasing a case and purging old decisions: recorded in the chain, which stays whole.

The record and what is to be destroyed are one transaction; `Erasing` carries it out afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, select, update

from services.eligibility.answer import RemovalRequest, Unreadable
from services.eligibility.store.journal_chain import JournalChain
from services.eligibility.store.tables import DECISION, ERASURE, PURGE, journal
from services.kit.dates import instant_of, instant_text
from services.kit.errors import DomainError, FailedPrecondition, NotFound
from services.kit.store import CONTENTS, Erasing, KeyStore, reused


@dataclass(frozen=True)
class Removed:
    """What an erasure or a purge concerns: the decisions, when it was recorded (None: it was not), and the
    cases whose keys are to be destroyed."""

    count: int
    time: datetime | None
    cases: Sequence[str]


class Removal:
    """Erases cases and purges contents in the caller's transaction, for one who asks."""

    def __init__(
        self,
        chain: JournalChain,
        keys: KeyStore,
        erasing: Erasing,
        asked: RemovalRequest,
        *,
        validate_only: bool,
    ) -> None:
        self._chain = chain
        self._keys = keys
        self._erasing = erasing
        self._asked = asked
        self._validate_only = validate_only

    def erase(self, connection: Connection, case_reference: str) -> Removed:
        """Records that a case is erased, under each of the keys that its reference has had.

        NotFound if no decision was recorded; FailedPrecondition / KEY_MISSING if it cannot be told, since
        keys were taken away.
        """
        head = self._chain.head(connection, lock=True)
        cases = self._keys.cases(case_reference)
        count = _count(connection, journal.c.case_id.in_(cases))
        if not count:
            raise _not_found(connection, self._keys)
        earlier = self._earlier(connection)
        if earlier and (earlier.kind != ERASURE or earlier.case_id not in cases):
            raise reused(self._asked.request_id)
        done = erased(connection, cases)
        remaining = [case_id for case_id in cases if case_id not in done]
        if self._validate_only or earlier or not remaining:
            return Removed(count, instant_of(max(done.values())) if done else None, cases)
        now = datetime.now(UTC)
        records = [
            {
                "kind": ERASURE,
                "time": instant_text(now),
                "case_id": case_id,
                "decision_count": _count(connection, journal.c.case_id == case_id),
                "actor": self._asked.actor,
            }
            for case_id in remaining
        ]
        records[-1]["request_tag"] = self._keys.request_tag(self._asked.request_id)
        self._chain.append(connection, head, records)
        self._erasing.plan(connection, remaining, now)
        return Removed(count, now, cases)

    def purge(self, connection: Connection, end_time: datetime) -> Removed:
        """Removes the content of the decisions recorded before an instant; the keys that no later decision
        uses are destroyed, so that it cannot be read in backups either."""
        head = self._chain.head(connection, lock=True)
        end = instant_text(end_time)
        earlier = self._earlier(connection)
        if earlier and (earlier.kind, earlier.end_time) != (PURGE, end):
            raise reused(self._asked.request_id)
        if earlier:
            return Removed(int(earlier.decision_count), instant_of(earlier.time), ())
        old = (journal.c.kind == DECISION) & (journal.c.time < end) & journal.c.ciphertext.is_not(None)
        count = _count(connection, old)
        if self._validate_only or not count:
            return Removed(count, None, ())
        now = datetime.now(UTC)
        record = {
            "kind": PURGE,
            "time": instant_text(now),
            "end_time": end,
            "decision_count": count,
            "actor": self._asked.actor,
            "request_tag": self._keys.request_tag(self._asked.request_id),
        }
        cases = set(connection.scalars(select(journal.c.case_id).where(old).distinct()))
        self._chain.append(connection, head, [record])
        connection.execute(update(journal).where(old).values(ciphertext=None))
        over = cases - _still_used(connection)
        self._erasing.plan(connection, {*over, CONTENTS}, now)
        return Removed(count, now, list(over))

    def _earlier(self, connection: Connection) -> Row[Any] | None:
        """The record that the request id made."""
        tag = self._keys.request_tag(self._asked.request_id)
        query = select(journal).where(journal.c.request_tag == tag)
        return connection.execute(query).first() if tag else None


def finished_cases(connection: Connection) -> set[str]:
    """The cases whose keys must not exist any more: erased, or without any content left."""
    recorded = connection.scalars(select(journal.c.case_id).where(journal.c.kind == ERASURE))
    purged = connection.scalars(select(journal.c.case_id).where(journal.c.kind == DECISION).distinct())
    return set(recorded) | (set(purged) - _still_used(connection))


def erased(connection: Connection, cases: Iterable[str]) -> dict[str, str]:
    """When each of these cases was erased."""
    query = select(journal.c.case_id, journal.c.time)
    rows = connection.execute(query.where(journal.c.kind == ERASURE, journal.c.case_id.in_(list(cases))))
    return {row.case_id: row.time for row in rows}


def last_readable(connection: Connection) -> str | None:
    """The case of the last decision whose content is there and was not erased."""
    erasure = journal.alias()
    recorded = exists().where(erasure.c.kind == ERASURE, erasure.c.case_id == journal.c.case_id)
    query = select(journal.c.case_id).where(
        journal.c.kind == DECISION, journal.c.ciphertext.is_not(None), ~recorded
    )
    return connection.scalar(query.order_by(journal.c.sequence.desc()).limit(1))


def unreadable(connection: Connection, keys: KeyStore) -> Unreadable:
    """Counts the decisions whose content cannot be read."""
    query = select(journal.c.case_id, func.count())
    kept = query.where(journal.c.kind == DECISION, journal.c.ciphertext.is_not(None))
    counts = {case_id: int(count) for case_id, count in connection.execute(kept.group_by(journal.c.case_id))}
    recorded = set(connection.scalars(select(journal.c.case_id).where(journal.c.kind == ERASURE)))
    readable = keys.keys(set(counts) - recorded)
    missing = set(counts) - recorded - set(readable)
    return Unreadable(
        sum(counts[case_id] for case_id in set(counts) & recorded),
        sum(counts[case_id] for case_id in missing),
    )


def _not_found(connection: Connection, keys: KeyStore) -> DomainError:
    """Nothing is found under a reference: perhaps since the row that tied it to decisions was taken away."""
    used = _still_used(connection)
    lost = used - keys.known(used) - set(erased(connection, used))
    if not lost:
        return NotFound("CASE_NOT_FOUND", "Aucune décision n’est enregistrée pour ce dossier.")
    return FailedPrecondition(
        "KEY_MISSING",
        "Aucune décision n’est reliée à ce dossier, mais la base des clés a perdu celles d’autres "
        "décisions : rien n’est effacé. Remettez la base des clés, puis recommencez.",
        metadata={"cases": str(len(lost))},
    )


def _still_used(connection: Connection) -> set[str]:
    used = (journal.c.kind == DECISION) & journal.c.ciphertext.is_not(None)
    return set(connection.scalars(select(journal.c.case_id).where(used).distinct()))


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(journal).where(journal.c.kind == DECISION, condition)
    return connection.scalar(query) or 0
