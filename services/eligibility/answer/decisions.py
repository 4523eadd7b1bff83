"""Decisions before and after they are recorded, and what is asked of their journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from services.eligibility.answer.assessment import Assessment, RulesetStamp
from services.eligibility.package import Kind, Outcome, Values


@dataclass(frozen=True)
class NewDecision:
    """A decision to record; the case reference and the request id may be empty. The kinds of the facts are
    kept with them: the record can be read without its rule package."""

    case_reference: str
    request_id: str
    stamp: RulesetStamp
    facts: Values
    kinds: Mapping[str, Kind]
    assessment: Assessment


@dataclass(frozen=True)
class Recorded:
    """A decision once recorded; that of a repeated request is the first one."""

    decision_id: str
    stamp: RulesetStamp
    assessment: Assessment


class ContentState(Enum):
    """What is left of the content of a decision."""

    READABLE = "READABLE"
    ERASED = "ERASED"
    KEY_MISSING = "KEY_MISSING"
    PURGED = "PURGED"
    DAMAGED = "DAMAGED"


@dataclass(frozen=True)
class DecisionContent:
    """The encrypted part of a record."""

    case_reference: str
    request_id: str
    facts: Values
    kinds: Mapping[str, Kind]
    assessment: Assessment


@dataclass(frozen=True)
class DecisionRecord:
    """The part of a record that anyone who holds the journal reads."""

    hash: str
    case_id: str
    time: datetime
    request_date: date
    stamp: RulesetStamp
    outcome: Outcome
    reason_codes: tuple[str, ...]


@dataclass(frozen=True)
class StoredDecision:
    """A decision of the journal.

    Without `read` once its content is erased or purged; without `record`, and perhaps without its identifier,
    when it was altered beyond reading.
    """

    sequence: int
    content: ContentState
    decision_id: str = ""
    record: DecisionRecord | None = None
    read: DecisionContent | None = None

    @property
    def case_reference(self) -> str:
        """The case of the decision, as long as its content can be read."""
        return self.read.case_reference if self.read else ""


@dataclass(frozen=True)
class Filters:
    """What listed decisions must be; an empty filter accepts everything."""

    case_reference: str = ""
    outcomes: tuple[Outcome, ...] = ()
    reason_code: str = ""
    ruleset_version: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass(frozen=True)
class RemovalRequest:
    """Who asks for an erasure or a purge, and the request id that makes a retry harmless; both may be
    empty."""

    request_id: str = ""
    actor: str = ""


@dataclass(frozen=True)
class Erasure:
    """How many decisions are concerned, when their removal was recorded (None: it was not), and whether
    nothing of them can be read back from the disk any more."""

    decision_count: int
    time: datetime | None
    is_done: bool


@dataclass(frozen=True)
class Unreadable:
    """Decisions whose content is in the journal and cannot be read: their case was erased, and this is
    recorded; or their key is missing, and nothing says why."""

    erased: int
    key_missing: int
