"""What the database itself refuses: a change of what was written, two versions true and known together."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

STILL_KNOWN = 253402214400000000


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
    days = "AND start_date < NEW.end_date AND NEW.start_date < end_date" if dated else ""
    start = "AND start_date = OLD.start_date" if dated else ""
    itself = f"AND NOT ({key} = OLD.{key} {start} AND recorded_from = OLD.recorded_from)"
    known = (
        f"FROM {table} WHERE {key} = NEW.{key} {days} "
        "AND recorded_from < NEW.recorded_to AND NEW.recorded_from < recorded_to"
    )
    for event, others in (("INSERT", ""), ("UPDATE", itself)):
        _run(
            connection,
            f"CREATE TRIGGER {table}_no_overlap_{event.lower()} BEFORE {event} ON {table} "
            f"WHEN EXISTS (SELECT 1 {known} {others}) "
            f"BEGIN SELECT RAISE(ABORT, '{table}: two versions overlap'); END",
        )


def make_append_only(connection: Connection, table: str) -> None:
    """Only `recorded_to` may change, once, and only to close a version; again after a column is added."""
    columns = [column["name"] for column in inspect(connection).get_columns(table)]
    frozen = ", ".join(f'"{name}"' for name in columns if name != "recorded_to")
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        _run(
            connection,
            f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{table} is append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        )
    refuse = (
        f"EXECUTE FUNCTION {table}_refuse()"
        if postgresql
        else f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
    each = "FOR EACH ROW"
    _trigger(connection, table, "frozen", f"BEFORE UPDATE OF {frozen} ON {table} {each} {refuse}")
    _trigger(connection, table, "kept", f"BEFORE DELETE ON {table} {each} {refuse}")
    if "recorded_to" in columns:
        _trigger(
            connection,
            table,
            "closed_once",
            f"BEFORE UPDATE OF recorded_to ON {table} {each} "
            f"WHEN (OLD.recorded_to <> {STILL_KNOWN} OR NEW.recorded_to > OLD.recorded_to) {refuse}",
        )
    if postgresql:
        _trigger(connection, table, "whole", f"BEFORE TRUNCATE ON {table} {refuse}")


def _trigger(connection: Connection, table: str, name: str, rule: str) -> None:
    """Makes a trigger, in the place of the one that knew fewer columns."""
    of_table = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    _run(connection, f"DROP TRIGGER IF EXISTS {table}_{name}{of_table}")
    _run(connection, f"CREATE TRIGGER {table}_{name} {rule}")


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
