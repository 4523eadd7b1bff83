"""Erasing a case and purging old decisions: recorded in the chain, which stays whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from services.eligibility.answer import Erasure, RemovalRequest
from services.eligibility.store.journal_chain import JournalChain
from services.eligibility.store.tables import DECISION, ERASURE, PURGE, journal
from services.kit.dates import instant_of, instant_text
from services.kit.errors import NotFound
from services.kit.store import KeyStore, reused


def erase(
    connection: Connection,
    chain: JournalChain,
    keys: KeyStore,
    case_reference: str,
    asked: RemovalRequest,
    *,
    validate_only: bool,
) -> Erasure:
    """Destroys the keys that a reference has had, and records it; NotFound if no decision was recorded.

    The keys go before the record is committed, under the lock of the journal: if the commit fails, the case
    is erased all the same, and asking again records it.
    """
    head = chain.head(connection, lock=True)
    cases = keys.cases(case_reference)
    count = _count(connection, journal.c.case_id.in_(cases))
    if not count:
        raise NotFound("CASE_NOT_FOUND", "Aucune décision n’est enregistrée pour ce dossier.")
    earlier = _earlier(connection, keys, asked.request_id)
    if earlier and (earlier.kind != ERASURE or earlier.case_id not in cases):
        raise reused(asked.request_id)
    erased = _erased(connection, cases)
    remaining = [case_id for case_id in cases if case_id not in erased]
    if validate_only or earlier or not remaining:
        return Erasure(count, instant_of(max(erased.values())) if erased else None)
    now = datetime.now(UTC)
    records = [
        {
            "kind": ERASURE,
            "time": instant_text(now),
            "case_id": case_id,
            "decision_count": _count(connection, journal.c.case_id == case_id),
            "actor": asked.actor,
        }
        for case_id in remaining
    ]
    records[-1]["request_tag"] = keys.request_tag(asked.request_id)
    chain.append(connection, head, records)
    keys.destroy(remaining, now)
    return Erasure(count, now)


def purge(
    connection: Connection,
    chain: JournalChain,
    keys: KeyStore,
    end_time: datetime,
    asked: RemovalRequest,
    *,
    validate_only: bool,
) -> int:
    """Removes the content of the decisions recorded before an instant, and destroys the keys that no later
    decision uses, so that it cannot be read in backups either."""
    head = chain.head(connection, lock=True)
    end = instant_text(end_time)
    earlier = _earlier(connection, keys, asked.request_id)
    if earlier and (earlier.kind, earlier.end_time) != (PURGE, end):
        raise reused(asked.request_id)
    if earlier:
        return int(earlier.decision_count)
    old = (journal.c.kind == DECISION) & (journal.c.time < end) & journal.c.ciphertext.is_not(None)
    count = _count(connection, old)
    if validate_only or not count:
        return count
    record = {
        "kind": PURGE,
        "time": instant_text(datetime.now(UTC)),
        "end_time": end,
        "decision_count": count,
        "actor": asked.actor,
        "request_tag": keys.request_tag(asked.request_id),
    }
    cases = list(connection.scalars(select(journal.c.case_id).where(old).distinct()))
    chain.append(connection, head, [record])
    connection.execute(update(journal).where(old).values(ciphertext=None))
    keys.destroy(set(cases) - _still_used(connection), datetime.now(UTC))
    return count


def finished_cases(connection: Connection) -> set[str]:
    """The cases whose keys must not exist any more: erased, or without any content left."""
    erased = connection.scalars(select(journal.c.case_id).where(journal.c.kind == ERASURE))
    purged = connection.scalars(select(journal.c.case_id).where(journal.c.kind == DECISION).distinct())
    return set(erased) | (set(purged) - _still_used(connection))


def _still_used(connection: Connection) -> set[str]:
    used = (journal.c.kind == DECISION) & journal.c.ciphertext.is_not(None)
    return set(connection.scalars(select(journal.c.case_id).where(used).distinct()))


def _earlier(connection: Connection, keys: KeyStore, request_id: str) -> Row[Any] | None:
    """The record that a request id made."""
    tag = keys.request_tag(request_id)
    return connection.execute(select(journal).where(journal.c.request_tag == tag)).first() if tag else None


def _erased(connection: Connection, cases: Sequence[str]) -> dict[str, str]:
    """When each of these cases was erased."""
    query = select(journal.c.case_id, journal.c.time)
    rows = connection.execute(query.where(journal.c.kind == ERASURE, journal.c.case_id.in_(cases)))
    return {row.case_id: row.time for row in rows}


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(journal).where(journal.c.kind == DECISION, condition)
    return connection.scalar(query) or 0
