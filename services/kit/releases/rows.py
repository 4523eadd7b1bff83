"""Rows of the release tables: read into a state, added, never changed."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from sqlalchemy import Connection, MetaData, Row, func, insert, select, text

from services.kit.errors import AlreadyExists
from services.kit.releases.tables import release_tables
from services.kit.releases.timeline import Event, EventKind, Release, State

_TABLES = release_tables(MetaData())
_RELEASE_COLUMNS = [column for column in _TABLES.release.c if column.name != "archive"]
_POSTGRESQL_LOCK = text("SELECT pg_advisory_xact_lock(5127790183466219003)")
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


def fingerprint(*parts: str) -> str:
    """What tells a request from another one."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def revision_made(connection: Connection, request_id: str, mark: str) -> int | None:
    """The revision that this very request made; AlreadyExists if its id was used for another one."""
    if not request_id:
        return None
    table = _TABLES.request
    row = connection.execute(select(table).where(table.c.request_id == request_id)).first()
    if row is not None and row.fingerprint != mark:
        raise AlreadyExists(
            "REQUEST_ID_REUSED",
            "Cet identifiant de demande (request_id) a déjà servi pour une autre demande.",
            metadata={"request_id": request_id},
        )
    return None if row is None else int(row.revision)


def locked_state(connection: Connection) -> State:
    """The state, which no other process can change before the end of the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(_POSTGRESQL_LOCK)
    return read_state(connection)


def last_revision(connection: Connection) -> int:
    """The last revision, 0 when there is none."""
    return int(connection.scalar(select(func.coalesce(func.max(_TABLES.event.c.revision), 0))) or 0)


def read_state(connection: Connection) -> State:
    """Everything published and activated so far."""
    rows = connection.execute(select(*_RELEASE_COLUMNS).order_by(_TABLES.release.c.revision))
    releases = {row.digest: _release(row) for row in rows}
    events = connection.execute(select(_TABLES.event).order_by(_TABLES.event.c.revision))
    known = tuple(_event(row, releases[row.digest]) for row in events)
    return State(known[-1].revision if known else 0, tuple(releases.values()), known)


def read_archive(connection: Connection, digest: str) -> bytes:
    """The archive kept under a digest, empty when there is none."""
    table = _TABLES.release
    return bytes(connection.scalar(select(table.c.archive).where(table.c.digest == digest)) or b"")


def _release(row: Row[tuple[object, ...]]) -> Release:
    fields = dict(row._mapping)
    return Release(**{**fields, "publish_time": _instant(fields["publish_time"])})


def _event(row: Row[tuple[object, ...]], release: Release) -> Event:
    fields = dict(row._mapping)
    given = {"kind": EventKind(fields["kind"]), "time": _instant(fields["time"])}
    return Event(**{**fields, **given, "name": release.name, "version": release.version})


def _instant(written: object) -> datetime:
    return datetime.fromisoformat(str(written))


def insert_release(connection: Connection, release: Release, archive: bytes) -> None:
    """Keeps a package."""
    row = {**vars(release), "publish_time": release.publish_time.strftime(_TIME), "archive": archive}
    connection.execute(insert(_TABLES.release).values(row))


def insert_event(connection: Connection, event: Event, request_id: str, mark: str) -> None:
    """Adds an event, and the request that makes it if it has an id."""
    row = {name: value for name, value in vars(event).items() if name not in ("name", "version")}
    row |= {"kind": event.kind.value, "time": event.time.strftime(_TIME)}
    connection.execute(insert(_TABLES.event).values(row))
    if request_id:
        row = {"request_id": request_id, "fingerprint": mark, "revision": event.revision}
        connection.execute(insert(_TABLES.request).values(row))
