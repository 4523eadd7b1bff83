"""The teams of cases, and what waits for a second person, in the database of the journal of accesses."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

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
    Column("method", Text, nullable=False),
    Column("ask_time", String(27), nullable=False),
    Column("case_tags", Text, nullable=False),
    Column("dates", Text, nullable=False),
)

_request = idempotency.request_table(_metadata, "access_request")

# Two teams that act for a new case at once: one has it. On SQLite writes are alone already.
_TEAMS_LOCK = text("SELECT pg_advisory_xact_lock(3390528811746209335)")


@dataclass(frozen=True)
class Agreement:
    """What a person asked of an act that takes two: who, with which roles, and until when it holds.

    `call` stands for the person and the request id, and is empty without one; `done`, for the call that does
    or did the act: sent again, it has its first answer.
    """

    digest: str
    actor: str
    roles: frozenset[str]
    method: str
    ask_time: datetime
    expire_time: datetime
    case_tags: tuple[str, ...]
    dates: Mapping[str, str]
    call: str = ""
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
                return replace(_asked(row), call=asked.call)
            connection.execute(delete(_agreement).where(_agreement.c.digest == asked.digest))
            values = {
                "digest": asked.digest,
                "actor": asked.actor,
                "roles": " ".join(sorted(asked.roles)),
                "expire_time": instant_text(asked.expire_time),
                "done": "",
                "method": asked.method,
                "ask_time": instant_text(asked.ask_time),
                "case_tags": " ".join(asked.case_tags),
                "dates": json.dumps(dict(asked.dates)),
            }
            connection.execute(insert(_agreement).values(values))
            return asked

    def pending(self, now: datetime, tag: str) -> list[Agreement]:
        """What waits for a second person, the first to end first; for one case, or for all with an empty
        tag."""
        waits = (_agreement.c.expire_time > instant_text(now)) & (_agreement.c.done == "")
        query = select(_agreement).where(waits).order_by(_agreement.c.expire_time, _agreement.c.digest)
        with self._database.read() as connection:
            found = [_asked(row) for row in connection.execute(query)]
        return [one for one in found if not tag or tag in one.case_tags]

    def waits(self, digest: str, now: datetime) -> Agreement | None:
        """A demand that waits for a second person; None if none of that name does."""
        return next((one for one in self.pending(now, "") if one.digest == digest), None)

    def withdraw_agreement(self, digest: str, request_id: str, mark: str) -> tuple[str, ...] | None:
        """Takes back a demand that waits for a second person, and gives its cases; None if none of that name
        does. The same request again changes nothing."""
        with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_TEAMS_LOCK)
            answered = idempotency.answered(connection, _request, request_id, mark)
            if answered is not None:
                return tuple(answered.decode().split())
            waiting = (
                (_agreement.c.digest == digest)
                & (_agreement.c.done == "")
                & (_agreement.c.expire_time > instant_text(datetime.now(UTC)))
            )
            tags = connection.scalar(select(_agreement.c.case_tags).where(waiting))
            if tags is None:
                return None
            connection.execute(delete(_agreement).where(waiting))
            idempotency.remember(connection, _request, request_id, mark, tags.encode())
            return tuple(tags.split())

    def take_agreement(self, agreed: Agreement) -> Agreement | None:
        """Gives what waits to one call, and nobody withdraws it any more; None if it waits no longer."""
        taken = replace(agreed, done=agreed.call or secrets.token_hex(16))
        with self._database.write() as connection:
            done = update(_agreement).where(_waits_as(replace(agreed, done=""))).values(done=taken.done)
            return taken if connection.execute(done).rowcount else None

    def give_back_agreement(self, taken: Agreement) -> None:
        """The act failed: what was asked of it waits again."""
        with self._database.write() as connection:
            connection.execute(update(_agreement).where(_waits_as(taken)).values(done=""))

    def end_agreement(self, taken: Agreement) -> None:
        """The act is done: what was asked of it serves no other call, but that very one sent again."""
        if not taken.call:
            with self._database.write() as connection:
                connection.execute(delete(_agreement).where(_waits_as(taken)))


def _waits_as(agreed: Agreement) -> Any:
    """The row of a demand, if it is still as it was read."""
    return (_agreement.c.digest == agreed.digest) & (_agreement.c.done == agreed.done)


def _asked(row: Any) -> Agreement:
    return Agreement(
        row.digest,
        row.actor,
        frozenset(row.roles.split()),
        row.method,
        instant_of(row.ask_time),
        instant_of(row.expire_time),
        tuple(row.case_tags.split()),
        json.loads(row.dates),
        done=row.done,
    )


def _team(connection: Connection, tag: str) -> str:
    query = select(_case_team.c.team).where(_case_team.c.case_tag == tag)
    return connection.scalar(query) or ""


def _assign(connection: Connection, tag: str, team: str, actor: str) -> None:
    row = {"case_tag": tag, "team": team, "actor": actor, "time": instant_text(datetime.now(UTC))}
    connection.execute(insert(_case_team).values(row))
