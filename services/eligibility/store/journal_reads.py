"""Reading the journal: which records, and their content when its key still exists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import Connection, Row, Select, select

from services.eligibility.assessment.model import RulesetStamp
from services.eligibility.decisions.content import DecisionContent, decode
from services.eligibility.decisions.model import ContentState, Filters, StoredDecision
from services.eligibility.package.model import Outcome
from services.eligibility.store import journal_times
from services.eligibility.store.journal_tables import DECISION, journal
from services.kit import vault
from services.kit.canonical import canonical

log = structlog.get_logger()

DECISIONS = select(journal).where(journal.c.kind == DECISION)


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
        query = query.where(journal.c.time >= journal_times.written(filters.start_time))
    if filters.end_time:
        query = query.where(journal.c.time < journal_times.written(filters.end_time))
    return query


def has_contents(connection: Connection) -> bool:
    """True when a decision has its encrypted content."""
    query = select(journal.c.sequence).where(journal.c.ciphertext.is_not(None)).limit(1)
    return connection.execute(query).first() is not None


def stored(row: Row[Any], keys: Mapping[str, bytes]) -> StoredDecision:
    """A decision of the journal, with its content if it can be read.

    A content that was changed is damaged, and reported in the log: VerifyJournal finds it.
    """
    state, content = _content(row, keys)
    return StoredDecision(
        sequence=row.sequence,
        decision_id=row.decision_id,
        time=journal_times.read(row.time),
        hash=row.hash,
        request_date=row.request_date,
        stamp=RulesetStamp(row.ruleset_id, row.ruleset_version, row.ruleset_digest, row.ruleset_revision),
        outcome=Outcome(row.outcome),
        reason_codes=tuple(json.loads(row.reason_codes)),
        content=state,
        case_reference=content.case_reference if content else "",
        facts=content.facts if content else None,
        kinds=content.kinds if content else None,
        assessment=content.assessment if content else None,
    )


def _content(row: Row[Any], keys: Mapping[str, bytes]) -> tuple[ContentState, DecisionContent | None]:
    if row.ciphertext is None:
        return ContentState.PURGED, None
    if row.case_id not in keys:
        return ContentState.ERASED, None
    try:
        content = decode(vault.decrypted(keys[row.case_id], row.ciphertext, row.decision_id))
    except (vault.UnreadableError, ValueError):
        log.error("journal_content_damaged", sequence=row.sequence)
        return ContentState.DAMAGED, None
    return ContentState.READABLE, content
