"""Decisions on their way to the journal, and the records that they become."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from services.eligibility.answer import NewDecision, Recorded, StoredDecision
from services.eligibility.answer import recorded_content as content
from services.eligibility.engine import request_day
from services.eligibility.store.journal_tables import DECISION
from services.eligibility.store.keys import CaseKey
from services.kit.canonical import canonical
from services.kit.errors import DomainError
from services.kit.store import reused, vault


@dataclass(frozen=True)
class Entry:
    """A decision and its text; the tag stands for its request id."""

    decision: NewDecision
    text: bytes
    tag: str | None


def fresh(entries: Iterable[Entry], seen: set[str]) -> dict[int, Entry]:
    """By rank, the entries whose request was not seen before: neither recorded, nor earlier among these."""
    kept: dict[int, Entry] = {}
    for rank, entry in enumerate(entries):
        if entry.tag not in seen:
            kept[rank] = entry
            seen |= {entry.tag} if entry.tag else set()
    return kept


def record(entry: Entry, case: CaseKey, time: str) -> Mapping[str, Any]:
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
    if earlier is None or earlier.assessment is None or earlier.stamp is None:
        return reused(decision.request_id)
    if not content.is_same_request(earlier, decision):
        return reused(decision.request_id)
    return Recorded(earlier.decision_id, earlier.stamp, earlier.assessment)
