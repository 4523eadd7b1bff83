"""Tables of published packages, of the chain of what happened to them and of the requests that did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    text,
)
from sqlalchemy.schema import DropTable

from services.kit.canonical import GENESIS, canonical, chained

_NUMBER = BigInteger().with_variant(Integer, "sqlite")


@dataclass(frozen=True)
class ReleaseTables:
    """The tables of a service's releases."""

    release: Table
    record: Table
    request: Table


def release_tables(metadata: MetaData) -> ReleaseTables:
    """The tables, for the service's store."""
    release = Table(
        "release",
        metadata,
        Column("digest", String(64), primary_key=True),
        Column("name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_until", Date),
        Column("archive", LargeBinary, nullable=False),
        Column("publish_time", String(27), nullable=False),
        Column("publisher", Text, nullable=False),
        Column("key_id", Text, nullable=False),
        Column("revision", BigInteger, key="state_number", nullable=False, unique=True),
        UniqueConstraint("name", "version"),
    )
    record = Table(
        "release_record",
        metadata,
        Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
        Column("state_number", BigInteger, nullable=False),
        Column("kind", String(16), nullable=False),
        Column("content", Text, nullable=False),
        Column("prev_hash", String(64), nullable=False),
        Column("hash", String(64), nullable=False, unique=True),
    )
    request = Table(
        "release_request",
        metadata,
        Column("request_id", String(36), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("revision", BigInteger, key="state_number", nullable=False),
    )
    return ReleaseTables(release, record, request)


def create_release_tables(connection: Connection) -> None:
    """Creates the tables of the first stores, whose events are no chain yet, for the service's migration."""
    metadata = MetaData()
    tables = release_tables(metadata)
    former = _former_events(metadata)
    metadata.create_all(connection, [tables.release, former, tables.request])
    for table in (tables.release, former, tables.request):
        make_append_only(connection, table.name)


def chain_events(connection: Connection) -> None:
    """Creates the chain of records with what happened so far, in the place of the table of events, for the
    service's migration."""
    metadata = MetaData()
    tables, former = release_tables(metadata), _former_events(metadata)
    tables.record.create(connection)
    make_append_only(connection, tables.record.name)
    published = select(former, *(tables.release.c[name].label(name) for name in _OF_RELEASE))
    rows = connection.execute(
        published.join(tables.release, tables.release.c.digest == former.c.digest).order_by(former.c.revision)
    )
    previous = GENESIS
    for sequence, row in enumerate(rows, 1):
        record = {
            "sequence": sequence,
            "state_number": row.revision,
            "kind": row.kind,
            "content": canonical(_content(row)),
        }
        sealed = chained(previous, {"version": 1, **record})
        connection.execute(insert(tables.record).values(**record, prev_hash=previous, hash=sealed))
        previous = sealed
    connection.execute(DropTable(former))
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"DROP FUNCTION {former.name}_refuse()"))


_OF_RELEASE = ("name", "version", "valid_from", "valid_until", "key_id")


def _content(row: Row[Any]) -> dict[str, str | None]:
    """What the record of a former event says."""
    written = {name: getattr(row, name) for name in ("digest", "actor", "comment", "time")}
    if row.kind == "PUBLISHED":
        return written | {name: _plain(getattr(row, name)) for name in _OF_RELEASE}
    return written | {"effective_date": _plain(row.effective_date), "signature": ""}


def _plain(value: date | str | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _former_events(metadata: MetaData) -> Table:
    return Table(
        "release_event",
        metadata,
        Column("revision", BigInteger, primary_key=True, autoincrement=False),
        Column("kind", Text, nullable=False),
        Column("digest", String(64), ForeignKey("release.digest"), nullable=False),
        Column("effective_date", Date),
        Column("time", String(27), nullable=False),
        Column("actor", Text, nullable=False),
        Column("comment", Text, nullable=False),
    )


def make_append_only(connection: Connection, table: str) -> None:
    """Makes the database refuse to change or delete a row of a table."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"RAISE EXCEPTION '{table} is append-only' "
                "USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"EXECUTE FUNCTION {table}_refuse()"
            )
        )
        return
    for change in ("UPDATE", "DELETE"):
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        )
