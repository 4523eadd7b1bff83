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
    text,
    update,
)

from services.kit.canonical import Head, Verification
from services.kit.dates import add_months, instant_of, instant_text
from services.kit.store import idempotency, vault
from services.kit.store.chain import Chain
from services.kit.store.database import Database, migrate
from services.kit.store.store_clock import DeletionTime

MIGRATIONS = Path(__file__).parent / "access_migrations"

CALL, START, STOP, GAP, REMOVAL = "CALL", "START", "STOP", "GAP", "REMOVAL"
"""Kinds of lines: a call; a process that begins, has ended, was killed; old lines removed."""

BREAK_GLASS, OTHER_TEAM = "BREAK_GLASS", "OTHER_TEAM"
"""Marks of a call for a case of another team: made for a reason given, which is its `statement`; refused."""

_TEXTS = (
    "process", "application", "subject", "team", "peer", "method", "resource", "case_tag", "mark", "code",
    "reason", "statement", "request_id",
)  # fmt: skip

_metadata = MetaData()

_access = Table(
    "access",
    _metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("kind", String(8), nullable=False),
    Column("time", String(27), nullable=False),
    Column("number", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in _TEXTS),
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

_case_team = Table(
    "case_team",
    _metadata,
    Column("case_tag", String(64), primary_key=True),
    Column("team", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("time", String(27), nullable=False),
)

_agreement = Table(
    "agreement",
    _metadata,
    Column("digest", String(64), primary_key=True),
    Column("actor", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("expire_time", String(27), nullable=False),
    Column("done", String(64), nullable=False),
)

_request = idempotency.request_table(_metadata, "access_request")

# The number names the lock of the chain in PostgreSQL, shared by every replica: it may never change.
_CHAIN = Chain(_access, lock=4410365372913872107)

# Two teams that act for a new case at once: one has it. On SQLite writes are alone already.
_TEAMS_LOCK = text("SELECT pg_advisory_xact_lock(3390528811746209335)")


@dataclass(frozen=True)
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
class Agreement:
    """What a person asked of an act that takes two: who, with which roles, and until when it holds.

    `call` stands for the person and the request id, and is empty without one; `done`, for the call that did
    the act: sent again, it has its first answer.
    """

    digest: str
    actor: str
    roles: frozenset[str]
    expire_time: datetime
    call: str
    done: str = ""


@dataclass(frozen=True)
class AccessPlace:
    """Where a service keeps its journal of accesses, under which master key, and for how many months."""

    url: str
    master_key_file: Path
    months: int

    def prepare(self) -> None:
        """Creates or upgrades the journal; a service that had no master key has one from then on."""
        migrate(self.url, MIGRATIONS)
        if not self.master_key_file.exists():
            vault.create(self.master_key_file)


class AccessLog:
    """The lines of a journal, chained; to be opened after the fork only."""

    def __init__(self, place: AccessPlace) -> None:
        self.database = Database(place.url, pool_size=2)
        self._months = place.months
        master = vault.load(place.master_key_file)
        self._tags = master.derived("access cases")
        self.page_key = master.derived("access pages")

    def case_tag(self, reference: str) -> str:
        """What stands for a case in this journal; empty without a reference."""
        return vault.tag(self._tags, reference) if reference else ""

    def append(self, lines: Sequence[AccessLine]) -> None:
        """Adds lines, in one transaction."""
        with self.database.write() as connection:
            _append(connection, lines)

    def begin(self, line: AccessLine, is_dead: Callable[[str], bool]) -> list[str]:
        """Adds the first line of a process, and a GAP for each one that died without its STOP; gives them."""
        with self.database.write() as connection:
            _CHAIN.head(connection, lock=True)
            dead = [process for process in _unfinished(connection) if is_dead(process)]
            gaps = [
                replace(line, kind=GAP, process=process, number=_last_number(connection, process) + 1)
                for process in dead
            ]
            _append(connection, [*gaps, line])
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

    def team_of(self, tag: str) -> str:
        """The team of a case; empty when it has none."""
        with self.database.read() as connection:
            return _team(connection, tag)

    def open_case(self, tag: str, team: str, actor: str) -> bool:
        """Gives a case its first team; false when it has one already."""
        with self.database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_TEAMS_LOCK)
            if _team(connection, tag):
                return False
            _assign(connection, tag, team, actor)
            return True

    def close_case(self, tag: str) -> None:
        """Takes its team from a case."""
        with self.database.write() as connection:
            connection.execute(delete(_case_team).where(_case_team.c.case_tag == tag))

    def reassign_case(self, tag: str, team: str, actor: str, request_id: str, mark: str) -> str:
        """Gives a case to another team, and gives the one before; the same request again changes nothing."""
        with self.database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_TEAMS_LOCK)
            answered = idempotency.answered(connection, _request, request_id, mark)
            if answered is not None:
                return answered.decode()
            before = _team(connection, tag)
            connection.execute(delete(_case_team).where(_case_team.c.case_tag == tag))
            _assign(connection, tag, team, actor)
            idempotency.remember(connection, _request, request_id, mark, before.encode())
            return before

    def act_tag(self, act: bytes) -> str:
        """What stands for an act that two persons must agree on, and says nothing of it."""
        return vault.tag(self._tags, b"act" + act)

    def agreement(self, asked: Agreement, now: datetime) -> Agreement:
        """What was first asked of an act, and is neither done nor over; this very demand without one."""
        with self.database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_TEAMS_LOCK)
            over = _agreement.c.expire_time <= instant_text(now)
            connection.execute(delete(_agreement).where(over))
            query = select(_agreement).where(_agreement.c.digest == asked.digest)
            row = connection.execute(query).first()
            if row is not None and row.done in ("", asked.call):
                roles, until = frozenset(row.roles.split()), instant_of(row.expire_time)
                return replace(asked, actor=row.actor, roles=roles, expire_time=until, done=row.done)
            connection.execute(delete(_agreement).where(_agreement.c.digest == asked.digest))
            values = {
                "digest": asked.digest,
                "actor": asked.actor,
                "roles": " ".join(sorted(asked.roles)),
                "expire_time": instant_text(asked.expire_time),
                "done": "",
            }
            connection.execute(insert(_agreement).values(values))
            return asked

    def end_agreement(self, agreed: Agreement) -> None:
        """The act is done: what was asked of it serves no other call."""
        this = _agreement.c.digest == agreed.digest
        with self.database.write() as connection:
            if agreed.call:
                connection.execute(update(_agreement).where(this).values(done=agreed.call))
            else:
                connection.execute(delete(_agreement).where(this))

    def verify(self, expected: Head | None = None) -> Verification:
        """Reads the whole journal; what was removed is believed only of a removal that the journal holds."""
        with self.database.read() as connection:
            beginning = _beginning(connection)
            removed = select(_access.c.number, _access.c.resource).where(_access.c.kind == REMOVAL)
            known = [Head(*row) for row in connection.execute(removed)]
            found = _CHAIN.verify(connection, expected, beginning=beginning)
            if beginning.sequence and beginning not in known and not found.broken_sequence:
                return replace(found, broken_sequence=beginning.sequence)
            return found

    def remove_old(self, connection: Connection, time: DeletionTime) -> int:
        """Marks the end of the days whose retention is over, and removes those marked long enough ago."""
        end = instant_text(_days_end(time.now, self._months))
        row = connection.execute(select(_removal)).first()
        if row is None:
            connection.execute(insert(_removal).values(id=1, end_time=end, marked=time.running))
            return 0
        if row.marked > time.marked_until:
            return 0
        removed = _remove(connection, row.end_time, time.now)
        connection.execute(update(_removal).values(end_time=end, marked=time.running))
        return removed


def _team(connection: Connection, tag: str) -> str:
    query = select(_case_team.c.team).where(_case_team.c.case_tag == tag)
    return connection.scalar(query) or ""


def _assign(connection: Connection, tag: str, team: str, actor: str) -> None:
    row = {"case_tag": tag, "team": team, "actor": actor, "time": instant_text(datetime.now(UTC))}
    connection.execute(insert(_case_team).values(row))


def _append(connection: Connection, lines: Sequence[AccessLine]) -> None:
    _CHAIN.append(connection, _CHAIN.head(connection, lock=True), [_record(line) for line in lines])


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


def _days_end(now: datetime, months: int) -> datetime:
    """The end of the last day whose retention is over: whole days are removed, never a part of one."""
    day = add_months(now.date(), -months)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _remove(connection: Connection, end: str, now: datetime) -> int:
    """Removes the lines of before an instant, and says so at the end of the chain, which proves the rest."""
    head = _CHAIN.head(connection, lock=True)
    kept = connection.scalar(select(func.min(_access.c.sequence)).where(_access.c.time >= end))
    last = (kept - 1) if kept else head.sequence
    old = connection.execute(select(_access.c.hash).where(_access.c.sequence == last)).first()
    if old is None:
        return 0
    line = AccessLine(now, "", last, REMOVAL, resource=old.hash)
    _CHAIN.append(connection, head, [_record(line)])
    return connection.execute(delete(_access).where(_access.c.sequence <= last)).rowcount
