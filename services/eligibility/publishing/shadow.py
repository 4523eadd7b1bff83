"""A shadow run: a candidate assessed on recorded decisions and on each new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.eligibility.answer import RulesetStamp
from services.eligibility.publishing.comparison import Tally


@dataclass(frozen=True)
class NewShadow:
    """A run to start: from the decisions recorded at `from_time` on (None: those to come), as if every
    application were made on `as_of` (None: on its own day); the request id may be empty."""

    candidate: RulesetStamp
    from_time: datetime | None
    as_of: date | None
    actor: str
    request_id: str = ""


@dataclass(frozen=True)
class Shadow:
    """A run and what it has counted; `pending` decisions are still to be."""

    number: int
    candidate: RulesetStamp
    as_of: date | None
    actor: str
    start_time: datetime
    stop_time: datetime | None
    tally: Tally
    pending: int


@dataclass(frozen=True)
class Place:
    """Where a run that decisions wait for stands in the journal; `held` by the process that reads it."""

    number: int
    digest: str
    as_of: date | None
    from_time: datetime | None
    last_sequence: int
    held: bool
