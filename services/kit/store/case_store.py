"""The teams of cases, and what waits for a second person, in the database of the journal of accesses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Column, Connection, MetaData, String, Table, Text, delete, insert, select, text, update

from services.kit.dates import instant_of, instant_text
from services.kit.store import idempotency
from services.kit.store.database import Database

_metadata = MetaData()

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

# Two teams that act for a new case at once: one has it. On SQLite writes are alone already.
_TEAMS_LOCK = text("SELECT pg_advisory_xact_lock(3390528811746209335)")


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


class CaseStore:
    """The teams of cases, by what stands for a case, and the demands of acts that take two persons."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def team_of(self, tag: str) -> str:
        """The team of a case; empty when it has none."""
        with self._database.read() as connection:
            return _team(connection, tag)

    def open_case(self, tag: str, team: str, actor: str) -> bool:
        """Gives a case its first team; false when it has one already."""
        with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_TEAMS_LOCK)
            if _team(connection, tag):
                return False
            _assign(connection, tag, team, actor)
            return True

    def close_case(self, tag: str) -> None:
        """Takes its team from a case."""
        with self._database.write() as connection:
            connection.execute(delete(_case_team).where(_case_team.c.case_tag == tag))

    def reassign_case(self, tag: str, team: str, actor: str, request_id: str, mark: str) -> str:
        """Gives a case to another team, and gives the one before; the same request again changes nothing."""
        with self._database.write() as connection:
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

    def agreement(self, asked: Agreement, now: datetime) -> Agreement:
        """What was first asked of an act, and is neither done nor over; this very demand without one."""
        with self._database.write() as connection:
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
        with self._database.write() as connection:
            if agreed.call:
                connection.execute(update(_agreement).where(this).values(done=agreed.call))
            else:
                connection.execute(delete(_agreement).where(this))


def _team(connection: Connection, tag: str) -> str:
    query = select(_case_team.c.team).where(_case_team.c.case_tag == tag)
    return connection.scalar(query) or ""


def _assign(connection: Connection, tag: str, team: str, actor: str) -> None:
    row = {"case_tag": tag, "team": team, "actor": actor, "time": instant_text(datetime.now(UTC))}
    connection.execute(insert(_case_team).values(row))
