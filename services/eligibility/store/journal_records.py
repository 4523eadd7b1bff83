"""Decisions as rows of the journal: what is written of one, what is read back, and which a filter finds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import index
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import Row, Select, String, select, type_coerce

from services.eligibility.answer import (
    ContentState,
    DecisionContent,
    DecisionRecord,
    Filters,
    NewDecision,
    Recorded,
    RulesetStamp,
    StoredDecision,
    decode_content,
    is_same_request,
)
from services.eligibility.engine import request_day
from services.eligibility.package import Outcome
from services.eligibility.store.tables import DECISION, journal
from services.kit.canonical import canonical
from services.kit.dates import instant_of, instant_text
from services.kit.errors import DomainError
from services.kit.store import CaseKey, reused, vault

log = structlog.get_logger()
_COLUMNS = [
    type_coerce(column, String).label(column.name) if column is journal.c.request_date else column
    for column in journal.columns
]

DECISIONS = select(*_COLUMNS).where(journal.c.kind == DECISION)
"""Decisions, their day as the database gives it: one that was altered stops no reading."""


@dataclass(frozen=True)
class JournalEntry:
    """A decision and its text; the tag stands for its request id."""

    decision: NewDecision
    text: bytes
    tag: str | None


def fresh(entries: Iterable[JournalEntry], seen: set[str]) -> dict[int, JournalEntry]:
    """By rank, the entries whose request was not seen before: neither recorded, nor earlier among these."""
    kept: dict[int, JournalEntry] = {}
    for rank, entry in enumerate(entries):
        if entry.tag not in seen:
            kept[rank] = entry
            seen |= {entry.tag} if entry.tag else set()
    return kept


def record(entry: JournalEntry, case: CaseKey, time: str) -> Mapping[str, Any]:
    """The record of a decision, encrypted with the key of its case."""
    decision = entry.decision
    decision_id = str(uuid4())
    ciphertext = vault.encrypted(case.key, entry.text, decision_id)
    return {
        "kind": DECISION,
        "time": time,
        "decision_id": decision_id,
        "case_id": case.case_id,
        "request_tag": entry.tag,
        "request_date": request_day(decision.facts),
        "ruleset_id": decision.stamp.id,
        "ruleset_version": decision.stamp.version,
        "ruleset_digest": decision.stamp.digest,
        "ruleset_revision": decision.stamp.state_number,
        "outcome": decision.assessment.outcome.value,
        "reason_codes": canonical([reason.code for reason in decision.assessment.reasons]),
        "content_hash": hashlib.sha256(ciphertext).hexdigest(),
        "ciphertext": ciphertext,
    }


def answered_again(decision: NewDecision, earlier: StoredDecision | None) -> Recorded | DomainError:
    """What was recorded for a request sent again; an error for another case or other facts, and for those
    that can no longer be read."""
    if earlier is None or earlier.record is None or earlier.read is None:
        return reused(decision.request_id)
    if not is_same_request(earlier.read, decision):
        return reused(decision.request_id)
    return Recorded(earlier.decision_id, earlier.record.stamp, earlier.read.assessment)


def filtered(filters: Filters, case_ids: Iterable[str] = ()) -> Select[Any]:
    """The decisions that pass all the filters; `case_ids` are those of the case reference of the filters."""
    query = DECISIONS
    if filters.case_reference:
        query = query.where(journal.c.case_id.in_(list(case_ids)))
    if filters.outcomes:
        query = query.where(journal.c.outcome.in_([outcome.value for outcome in filters.outcomes]))
    if filters.reason_code:
        query = query.where(journal.c.reason_codes.contains(canonical(filters.reason_code), autoescape=True))
    if filters.ruleset_version:
        query = query.where(journal.c.ruleset_version == filters.ruleset_version)
    if filters.start_time:
        query = query.where(journal.c.time >= instant_text(filters.start_time))
    if filters.end_time:
        query = query.where(journal.c.time < instant_text(filters.end_time))
    return query


def stored(row: Row[Any], keys: Mapping[str, bytes], erased: Collection[str]) -> StoredDecision:
    """A decision of the journal, with its content if it can be read; `erased` are the cases that the journal
    says erased.

    What was altered is damaged, and reported in the log: VerifyJournal finds it.
    """
    try:
        return _decision(row, keys, erased)
    except (TypeError, ValueError, RecursionError):
        log.error("journal_record_damaged", sequence=row.sequence)
        name = row.decision_id
        known = isinstance(name, str) and name.isascii()
        return StoredDecision(row.sequence, ContentState.DAMAGED, decision_id=name if known else "")


def _decision(row: Row[Any], keys: Mapping[str, bytes], erased: Collection[str]) -> StoredDecision:
    """The decision of a row; TypeError or ValueError if a column holds what cannot have been written."""
    state, content = _content(row, keys, erased)
    record = DecisionRecord(
        hash=_text(row.hash),
        case_id=_text(row.case_id),
        time=instant_of(_text(row.time)),
        request_date=_day(row.request_date),
        stamp=RulesetStamp(
            _text(row.ruleset_id),
            _text(row.ruleset_version),
            _text(row.ruleset_digest),
            index(row.ruleset_revision),
        ),
        outcome=Outcome(row.outcome),
        reason_codes=tuple(map(_text, json.loads(_text(row.reason_codes)))),
    )
    return StoredDecision(row.sequence, state, _text(row.decision_id), record, content)


def _text(value: object) -> str:
    """A text that a message can carry."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value


def _day(value: object) -> date:
    """The day that PostgreSQL gives, or its text, which SQLite keeps."""
    return value if isinstance(value, date) else date.fromisoformat(_text(value))


def _content(
    row: Row[Any], keys: Mapping[str, bytes], erased: Collection[str]
) -> tuple[ContentState, DecisionContent | None]:
    if row.ciphertext is None:
        return ContentState.PURGED, None
    # What the journal says erased is, even while copies of its key are being destroyed; a key that is not
    # there proves nothing by itself.
    if row.case_id in erased:
        return ContentState.ERASED, None
    if row.case_id not in keys:
        log.error("case_key_missing", sequence=row.sequence)
        return ContentState.KEY_MISSING, None
    try:
        content = decode_content(vault.decrypted(keys[row.case_id], row.ciphertext, row.decision_id))
    except (vault.UnreadableError, ValueError):
        log.error("journal_content_damaged", sequence=row.sequence)
        return ContentState.DAMAGED, None
    return ContentState.READABLE, content
