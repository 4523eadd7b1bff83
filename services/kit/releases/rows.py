"""Rows of the release tables: read into a state, added, never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, Row, func, insert, select, text

from services.kit.dates import instant_of, instant_text
from services.kit.releases.tables import release_tables
from services.kit.releases.timeline import Event, EventKind, Release, State
from services.kit.store import reused

_TABLES = release_tables(MetaData())
# Rows are read under the keys of columns: SQL keeps the names that stores of today have.
_RELEASE_COLUMNS = [column.label(column.key) for column in _TABLES.release.c if column.name != "archive"]
_EVENT_COLUMNS = [column.label(column.key) for column in _TABLES.event.c]
_POSTGRESQL_LOCK = text("SELECT pg_advisory_xact_lock(5127790183466219003)")
EMPTY = State(0, (), ())
"""Nothing was published yet."""


def state_number_made(connection: Connection, request_id: str, mark: str) -> int | None:
    """The state_number that this very request made; AlreadyExists if its id was used for another one."""
    if not request_id:
        return None
    table = _TABLES.request
    row = connection.execute(select(table).where(table.c.request_id == request_id)).first()
    if row is not None and row.fingerprint != mark:
        raise reused(request_id)
    return None if row is None else int(row.revision)


def lock(connection: Connection) -> None:
    """Makes the other writers of releases wait until the transaction ends; SQLite does it by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(_POSTGRESQL_LOCK)


def last_state_number(connection: Connection) -> int:
    """The last state number, 0 when there is none."""
    return int(connection.scalar(select(func.coalesce(func.max(_TABLES.event.c.state_number), 0))) or 0)


def read_state(connection: Connection, known: State) -> State:
    """Everything published and activated so far, of which only what follows a known state is read; the whole
    when that state is not the one of the store, in which a backup was restored."""
    releases, events = _TABLES.release, _TABLES.event
    since = (
        select(*_EVENT_COLUMNS)
        .where(events.c.state_number >= known.state_number)
        .order_by(events.c.state_number)
    )
    rows = connection.execute(since).all()
    if known.events and not (rows and _is_event(rows[0], known.events[-1])):
        return read_state(connection, EMPTY)
    later = select(*_RELEASE_COLUMNS).where(releases.c.state_number > known.state_number)
    new = map(_release, connection.execute(later.order_by(releases.c.state_number)))
    published = {release.digest: release for release in (*known.releases, *new)}
    happened = (*known.events[:-1], *(_event(row, published[row.digest]) for row in rows))
    return State(happened[-1].state_number if happened else 0, tuple(published.values()), happened)


def read_release(connection: Connection, digest: str) -> Release:
    """The published release of that digest, as it is stored now."""
    return _release(
        connection.execute(select(*_RELEASE_COLUMNS).where(_TABLES.release.c.digest == digest)).one()
    )


def read_archive(connection: Connection, digest: str) -> bytes:
    """The archive kept under a digest, empty when there is none."""
    table = _TABLES.release
    return bytes(connection.scalar(select(table.c.archive).where(table.c.digest == digest)) or b"")


def _release(row: Row[Any]) -> Release:
    fields = dict(row._mapping)
    return Release(**{**fields, "publish_time": instant_of(fields["publish_time"])})


def _event(row: Row[Any], release: Release) -> Event:
    fields = dict(row._mapping)
    given = {"kind": EventKind(fields["kind"]), "time": instant_of(fields["time"])}
    return Event(**{**fields, **given, "name": release.name, "version": release.version})


def _is_event(row: Row[Any], event: Event) -> bool:
    written = (row.state_number, row.kind, row.digest, instant_of(row.time))
    return written == (event.state_number, event.kind.value, event.digest, event.time)


def insert_release(connection: Connection, release: Release, archive: bytes) -> None:
    """Keeps a package."""
    row = {**vars(release), "publish_time": instant_text(release.publish_time), "archive": archive}
    connection.execute(insert(_TABLES.release).values(row))


def insert_event(connection: Connection, event: Event, request_id: str, mark: str) -> None:
    """Adds an event, and the request that makes it if it has an id."""
    row = {name: value for name, value in vars(event).items() if name not in ("name", "version")}
    row |= {"kind": event.kind.value, "time": instant_text(event.time)}
    connection.execute(insert(_TABLES.event).values(row))
    if request_id:
        row = {"request_id": request_id, "fingerprint": mark, "state_number": event.state_number}
        connection.execute(insert(_TABLES.request).values(row))
