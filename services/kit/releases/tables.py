"""Tables of published packages, of what happened to them and of the requests that did it; append-only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    ForeignKey,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)


@dataclass(frozen=True)
class ReleaseTables:
    """The tables of a service's releases."""

    release: Table
    event: Table
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
    event = Table(
        "release_event",
        metadata,
        Column("revision", BigInteger, key="state_number", primary_key=True, autoincrement=False),
        Column("kind", Text, nullable=False),
        Column("digest", String(64), ForeignKey("release.digest"), nullable=False),
        Column("effective_date", Date),
        Column("time", String(27), nullable=False),
        Column("actor", Text, nullable=False),
        Column("comment", Text, nullable=False),
    )
    request = Table(
        "release_request",
        metadata,
        Column("request_id", String(36), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("revision", BigInteger, key="state_number", nullable=False),
    )
    return ReleaseTables(release, event, request)


def create_release_tables(connection: Connection) -> None:
    """Creates the tables, for the service's migration."""
    metadata = MetaData()
    tables = release_tables(metadata)
    metadata.create_all(connection)
    for table in (tables.release, tables.event, tables.request):
        make_append_only(connection, table.name)


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
