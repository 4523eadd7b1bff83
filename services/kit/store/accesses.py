"""The journal of accesses: a database of its own, apart from what a service records of its trade."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from services.kit.canonical import Head, Verification
from services.kit.dates import add_months, instant_of, instant_text
from services.kit.store import vault
from services.kit.store.case_store import CaseStore
from services.kit.store.chain import Chain, ChainSeal, Record
from services.kit.store.database import Database, migrate
from services.kit.store.ring import KeyPlan, open_ring, prepare_ring
from services.kit.store.store_clock import DeletionTime, open_clock, verify_clock

MIGRATIONS = Path(__file__).parent / "access_migrations"

CALL, START, STOP, GAP, REMOVAL = "CALL", "START", "STOP", "GAP", "REMOVAL"
"""Kinds of lines: a call; a process that begins, has ended, was killed; old lines removed."""

BREAK_GLASS, OTHER_TEAM = "BREAK_GLASS", "OTHER_TEAM"
"""Marks of a call for a case of another team: made for a reason given, which is its `statement`; refused."""

_TEXTS = (
    "process", "application", "subject", "team", "peer", "method", "resource", "case_tag", "mark", "code",
    "reason", "statement", "request_id",
)  # fmt: skip

_LATER = ("siret", "acr")
"""Columns that the first journals had not; null where nothing was said."""

_metadata = MetaData()

_access = Table(
    "access",
    _metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("kind", String(8), nullable=False),
    Column("time", String(27), nullable=False),
    Column("number", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in _TEXTS),
    *(Column(name, Text) for name in _LATER),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)

_removal = Table(
    "access_removal",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("end_time", String(27), nullable=False),
    Column("marked", BigInteger, nullable=False),
)

ACCESS_CHAIN = "access chain"
"""The purpose of the key that seals the lines."""

ACCESS_CLOCK = "access clock chain"
"""The purpose of the key that seals the confirmations of the clock by which old lines are removed."""

_TAGS, _PAGES = "access cases", "access pages"

# The number names the lock of the chain in PostgreSQL, shared by every replica: it may never change.
_LOCK = 4410365372913872107


class _Lines(Chain):
    """The chain of the lines, whose oldest are removed with time; what was removed is believed only of a
    removal that the chain holds."""

    def __init__(self, seal: ChainSeal) -> None:
        super().__init__(_access, seal, lock=_LOCK, later=_LATER)

    def holds(self, connection: Connection, head: Head) -> bool:
        start = _beginning(connection)
        if head.sequence > start.sequence:
            return super().holds(connection, head)
        known = head.sequence < start.sequence or head == start
        return head.sequence == 0 or (known and start in _removals(connection))

    def after(self, connection: Connection, last: Head) -> Iterator[Record]:
        start = _beginning(connection)
        return super().after(connection, last if last.sequence > start.sequence else start)


def _verify(connection: Connection, seal: ChainSeal, expected: Head | None = None) -> Verification:
    """Reads the whole journal; what was removed is believed only of a removal that the journal holds."""
    beginning = _beginning(connection)
    found = _Lines(seal).verify(connection, expected, beginning=beginning)
    if beginning.sequence and beginning not in _removals(connection) and not found.broken_sequence:
        return replace(found, broken_sequence=beginning.sequence)
    return found


ACCESS_KEYS = KeyPlan(
    "le journal des accès",
    (ACCESS_CHAIN, ACCESS_CLOCK, _TAGS, _PAGES),
    chains={ACCESS_CHAIN: _verify, ACCESS_CLOCK: verify_clock},
    opened={ACCESS_CHAIN: _Lines, ACCESS_CLOCK: open_clock},
)
"""The keys that the journal keeps."""


@dataclass  # not frozen, which would triple the cost of one: each call makes a line
class AccessLine:
    """Who called, from where, for which act and which case, and how it ended; never what was said.

    `number` ranks the lines of a process; that of a REMOVAL is the rank of the last line removed, whose seal
    is its `resource`.
    """

    time: datetime
    process: str
    number: int
    kind: str = CALL
    application: str = ""
    subject: str = ""
    team: str = ""
    peer: str = ""
    method: str = ""
    resource: str = ""
    case_tag: str = ""
    mark: str = ""
    code: str = ""
    reason: str = ""
    statement: str = ""
    request_id: str = ""
    siret: str | None = None
    acr: str | None = None
    sequence: int = 0


@dataclass(frozen=True)
class AccessFilters:
    """Which lines are searched; what is empty leaves all."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    subject: str = ""
    application: str = ""
    case_tag: str = ""
    method: str = ""


@dataclass(frozen=True)
class AccessPlace:
    """Where a service keeps its journal of accesses, under which master key, for how many months, and which
    keys are in it."""

    url: str
    master_key_file: Path
    months: int
    keys: KeyPlan = ACCESS_KEYS

    def prepare(self) -> None:
        """Creates or upgrades the journal and its keys; StartupError."""
        migrate(self.url, MIGRATIONS)
        database = Database(self.url)
        try:
            prepare_ring(database, self.master_key_file, self.keys)
        finally:
            database.dispose()


class AccessLog:
    """The lines of a journal, chained; to be opened after the fork only."""

    def __init__(self, place: AccessPlace) -> None:
        self.database = Database(place.url, pool_size=2)
        self.cases = CaseStore(self.database)
        self._months = place.months
        ring = open_ring(self.database, place.master_key_file, ACCESS_KEYS.owner)
        self._seal = ring.seal(ACCESS_CHAIN)
        self._chain = _Lines(self._seal)
        self._tags, self.page_key = ring.key(_TAGS), ring.key(_PAGES)

    def case_tag(self, reference: str) -> str:
        """What stands for a case in this journal; empty without a reference."""
        return vault.tag(self._tags, reference) if reference else ""

    def append(self, lines: Sequence[AccessLine]) -> None:
        """Adds lines, in one transaction."""
        with self.database.write() as connection:
            self._append(connection, lines)

    def begin(self, line: AccessLine, is_dead: Callable[[str], bool]) -> list[str]:
        """Adds the first line of a process, and a GAP for each one that died without its STOP; gives them."""
        with self.database.write() as connection:
            self._chain.head(connection, lock=True)
            dead = [process for process in _unfinished(connection) if is_dead(process)]
            gaps = [
                replace(line, kind=GAP, process=process, number=_last_number(connection, process) + 1)
                for process in dead
            ]
            self._append(connection, [*gaps, line])
        return dead

    def search(self, filters: AccessFilters, *, before_sequence: int, limit: int) -> list[AccessLine]:
        """The latest lines that pass the filters, of lower rank than the one given if there is one."""
        query = _filtered(filters).order_by(_access.c.sequence.desc()).limit(limit)
        if before_sequence:
            query = query.where(_access.c.sequence < before_sequence)
        with self.database.read() as connection:
            return [_line(row) for row in connection.execute(query)]

    def between(self, start: datetime, end: datetime) -> Iterator[AccessLine]:
        """The lines of a period, oldest first."""
        query = _filtered(AccessFilters(start, end)).order_by(_access.c.sequence)
        with self.database.read() as connection:
            for row in connection.execution_options(yield_per=500).execute(query):
                yield _line(row)

    def act_tag(self, act: bytes) -> str:
        """What stands for an act that two persons must agree on, and says nothing of it."""
        return vault.tag(self._tags, b"act" + act)

    def verify(self, expected: Head | None = None) -> Verification:
        """Reads the whole journal; what was removed is believed only of a removal that the journal holds."""
        with self.database.read() as connection:
            return _verify(connection, self._seal, expected)

    def remove_old(self, connection: Connection, time: DeletionTime) -> int:
        """Marks the end of the days whose retention is over, and removes those marked long enough ago."""
        end = instant_text(_days_end(time.now, self._months))
        row = connection.execute(select(_removal)).first()
        if row is None:
            connection.execute(insert(_removal).values(id=1, end_time=end, marked=time.running))
            return 0
        if row.marked > time.marked_until:
            return 0
        removed = self._remove(connection, row.end_time, time.now)
        connection.execute(update(_removal).values(end_time=end, marked=time.running))
        return removed

    def _append(self, connection: Connection, lines: Sequence[AccessLine]) -> None:
        head = self._chain.head(connection, lock=True)
        self._chain.append(connection, head, [_record(line) for line in lines])

    def _remove(self, connection: Connection, end: str, now: datetime) -> int:
        """Removes the lines of before an instant, and says so at the end of the chain, which proves the
        rest."""
        head = self._chain.head(connection, lock=True)
        kept = connection.scalar(select(func.min(_access.c.sequence)).where(_access.c.time >= end))
        last = (kept - 1) if kept else head.sequence
        old = connection.execute(select(_access.c.hash).where(_access.c.sequence == last)).first()
        if old is None:
            return 0
        line = AccessLine(now, "", last, REMOVAL, resource=old.hash)
        self._chain.append(connection, head, [_record(line)])
        return connection.execute(delete(_access).where(_access.c.sequence <= last)).rowcount


def _record(line: AccessLine) -> dict[str, Any]:
    record = {**vars(line), "time": instant_text(line.time)}
    del record["sequence"]
    return record


def _line(row: Any) -> AccessLine:
    fields = {name: value for name, value in row._mapping.items() if name not in ("prev_hash", "hash")}
    return AccessLine(**{**fields, "time": instant_of(row.time)})


def _filtered(filters: AccessFilters) -> Select[Any]:
    query = select(_access)
    if filters.start_time:
        query = query.where(_access.c.time >= instant_text(filters.start_time))
    if filters.end_time:
        query = query.where(_access.c.time < instant_text(filters.end_time))
    for name in ("subject", "application", "case_tag", "method"):
        if value := getattr(filters, name):
            query = query.where(_access.c[name] == value)
    return query


def _unfinished(connection: Connection) -> list[str]:
    """The processes that began and are not known to have ended."""
    ended = select(_access.c.process).where(_access.c.kind.in_([STOP, GAP]))
    began = select(_access.c.process).where(_access.c.kind == START, _access.c.process.not_in(ended))
    return list(connection.scalars(began.distinct()))


def _last_number(connection: Connection, process: str) -> int:
    return connection.scalar(select(func.max(_access.c.number)).where(_access.c.process == process)) or 0


def _beginning(connection: Connection) -> Head:
    """What the first line follows, by its own word."""
    query = select(_access.c.sequence, _access.c.prev_hash).order_by(_access.c.sequence).limit(1)
    first = connection.execute(query).first()
    return Head(first.sequence - 1, first.prev_hash) if first else Head(0, "0" * 64)


def _removals(connection: Connection) -> list[Head]:
    """The last line that each removal took."""
    removed = select(_access.c.number, _access.c.resource).where(_access.c.kind == REMOVAL)
    return [Head(*row) for row in connection.execute(removed)]


def _days_end(now: datetime, months: int) -> datetime:
    """The end of the last day whose retention is over: whole days are removed, never a part of one."""
    day = add_months(now.date(), -months)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
