"""What the database itself refuses: a change of what was written, two versions true and known together."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, inspect, text

from services.bank_registry.registry import STILL_KNOWN
from services.kit.store import taken


def refuse_overlaps(connection: Connection, table: str, key: str, *, dated: bool) -> None:
    """Two versions of a key never overlap on all their axes: days, if they have some, and instants."""
    if connection.dialect.name == "postgresql":
        days = ", daterange(start_date, end_date) WITH &&" if dated else ""
        _run(
            connection,
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_no_overlap EXCLUDE USING gist "
            f"(int8range({key}, {key}, '[]') WITH &&{days}, int8range(recorded_from, recorded_to) WITH &&)",
        )
        return
    for name, rule in overlap_rules(table, key, dated=dated):
        _run(connection, f"CREATE TRIGGER {name} {rule}")


def overlap_rules(table: str, key: str, *, dated: bool) -> Iterator[tuple[str, str]]:
    """On SQLite, the triggers that stand for the constraint that PostgreSQL has."""
    days = "AND start_date < NEW.end_date AND NEW.start_date < end_date" if dated else ""
    start = "AND start_date = OLD.start_date" if dated else ""
    itself = f"AND NOT ({key} = OLD.{key} {start} AND recorded_from = OLD.recorded_from)"
    known = (
        f"FROM {table} WHERE {key} = NEW.{key} {days} "
        "AND recorded_from < NEW.recorded_to AND NEW.recorded_from < recorded_to"
    )
    for event, others in (("INSERT", ""), ("UPDATE", itself)):
        yield (
            f"{table}_no_overlap_{event.lower()}",
            f"BEFORE {event} ON {table} WHEN EXISTS (SELECT 1 {known} {others}) "
            f"BEGIN SELECT RAISE(ABORT, '{table}: two versions overlap'); END",
        )


def make_append_only(connection: Connection, table: str) -> None:
    """Only `recorded_to` may change, once, and only to close a version; again after a column is added."""
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        _run(
            connection,
            f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$${refusal(table)}$$",
        )
    lift_append_only(connection, table)
    for name, rule in append_only_rules(connection, table):
        _run(connection, f"CREATE TRIGGER {name} {rule}")


def lift_append_only(connection: Connection, table: str) -> None:
    """Lets a table be written again, until it is made append-only anew in the same transaction."""
    of_table = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    for name, _ in append_only_rules(connection, table):
        _run(connection, f"DROP TRIGGER IF EXISTS {name}{of_table}")


def refusal(table: str) -> str:
    """The body of the function that the triggers of a table call on PostgreSQL."""
    raised = "USING ERRCODE = 'integrity_constraint_violation'"
    return f" BEGIN RAISE EXCEPTION '{table} is append-only' {raised}; END "


def append_only_rules(connection: Connection, table: str) -> Iterator[tuple[str, str]]:
    """The triggers of a table, by its present columns."""
    columns = [column["name"] for column in inspect(connection).get_columns(table)]
    frozen = ", ".join(f'"{name}"' for name in columns if name != "recorded_to")
    postgresql = connection.dialect.name == "postgresql"
    refuse = (
        f"EXECUTE FUNCTION {table}_refuse()"
        if postgresql
        else f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
    each = "FOR EACH ROW"
    yield f"{table}_frozen", f"BEFORE UPDATE OF {frozen} ON {table} {each} {refuse}"
    yield f"{table}_kept", f"BEFORE DELETE ON {table} {each} {refuse}"
    if "recorded_to" in columns:
        closed = f"(OLD.recorded_to <> {STILL_KNOWN} OR NEW.recorded_to > OLD.recorded_to)"
        yield (
            f"{table}_closed_once",
            f"BEFORE UPDATE OF recorded_to ON {table} {each} WHEN {closed} {refuse}",
        )
    if postgresql:
        yield f"{table}_whole", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
        return
    # INSERT OR REPLACE deletes the row in its way without a word to the triggers of DELETE.
    yield f"{table}_new", f"BEFORE INSERT ON {table} {each} WHEN {taken(connection, table)} {refuse}"


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
