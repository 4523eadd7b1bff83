"""What the database itself refuses: a change of what was written, two versions true and known together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import CheckConstraint, Connection, Table, UniqueConstraint, inspect, text

from services.bank_registry.registry import STILL_KNOWN
from services.bank_registry.store import tables

CHANGING = frozenset({"clock", "secret", "master_key", "stored_key", "alembic_version"})
"""The tables whose rows change or go: the present hour, the keys, the version. Nothing of the registry."""

_PLAIN = re.compile(r"::\w+|[\"'()\s]|public\.")


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
    for name, rule in _overlap_rules(table, key, dated=dated):
        _run(connection, f"CREATE TRIGGER {name} {rule}")


def _overlap_rules(table: str, key: str, *, dated: bool) -> Iterator[tuple[str, str]]:
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
            f"$${_body(table)}$$",
        )
    of_table = f" ON {table}" if postgresql else ""
    for name, rule in _append_only_rules(connection, table):
        _run(connection, f"DROP TRIGGER IF EXISTS {name}{of_table}")
        _run(connection, f"CREATE TRIGGER {name} {rule}")


def _body(table: str) -> str:
    raised = "USING ERRCODE = 'integrity_constraint_violation'"
    return f" BEGIN RAISE EXCEPTION '{table} is append-only' {raised}; END "


def _append_only_rules(connection: Connection, table: str) -> Iterator[tuple[str, str]]:
    """The triggers of a table, by its present columns."""
    looked = inspect(connection)
    columns = [column["name"] for column in looked.get_columns(table)]
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
    keys = [looked.get_pk_constraint(table)["constrained_columns"]]
    keys += sorted(unique["column_names"] for unique in looked.get_unique_constraints(table))
    equal = (" AND ".join(f"{name} = NEW.{name}" for name in key) for key in keys)
    taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {same})" for same in equal)  # noqa: S608
    yield f"{table}_new", f"BEFORE INSERT ON {table} {each} WHEN {taken} {refuse}"


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


def lost_guards(connection: Connection) -> list[str]:
    """The guards of the tables that are gone or changed, and the triggers that nobody asked for, by name."""
    found = _triggers(connection)
    lost = []
    for table in tables.metadata.sorted_tables:
        lost += _lost_constraints(connection, table)
        expected = dict(_rules(connection, table))
        for name, rule in expected.items():
            if _plain(found.pop(name, ("", ""))[1]) != _plain(f"CREATE TRIGGER {name} {rule}"):
                lost.append(name)
    return sorted([*lost, *(name for name, (table, _) in found.items() if table in tables.metadata.tables)])


def _rules(connection: Connection, table: Table) -> Iterator[tuple[str, str]]:
    if table.name in CHANGING:
        return
    yield from _append_only_rules(connection, table.name)
    if "recorded_to" in table.c and connection.dialect.name == "sqlite":
        key, *_ = table.primary_key.columns
        yield from _overlap_rules(table.name, key.name, dated="start_date" in table.c)


def _triggers(connection: Connection) -> dict[str, tuple[str, str]]:
    """Of each trigger in force, the table and the text; PostgreSQL adds the body of its function."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(
            text("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'")
        )
        return {row.name: (row.tbl_name, row.sql) for row in rows}
    rows = connection.execute(
        text(
            "SELECT t.tgname AS name, c.relname AS tbl, pg_get_triggerdef(t.oid) AS sql, p.prosrc AS body "
            "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
        )
    )
    return {row.name: (row.tbl, row.sql if row.body == _body(row.tbl) else row.body) for row in rows}


def _lost_constraints(connection: Connection, table: Table) -> list[str]:
    """The constraints of a table that the database no longer has, or has otherwise."""
    looked, name = inspect(connection), table.name
    expected = {
        f"{name}_pkey": [column.name for column in table.primary_key.columns],
        **{
            str(one.name): _plain(str(one.sqltext))
            for one in table.constraints
            if isinstance(one, CheckConstraint)
        },
    }
    found: dict[str, object] = {
        f"{name}_pkey": looked.get_pk_constraint(name)["constrained_columns"],
        **{str(one["name"]): _plain(one["sqltext"]) for one in looked.get_check_constraints(name)},
    }
    lost = [one for one, rule in expected.items() if found.get(one) != rule]
    if "recorded_to" in table.c and connection.dialect.name == "postgresql":
        kept = text("SELECT 1 FROM pg_constraint WHERE conname = :name AND contype = 'x' AND convalidated")
        if connection.scalar(kept, {"name": f"{name}_no_overlap"}) is None:
            lost.append(f"{name}_no_overlap")
    uniques = sorted(one["column_names"] for one in looked.get_unique_constraints(name))
    references = sorted(one["constrained_columns"] for one in looked.get_foreign_keys(name))
    if uniques != sorted([c.name for c in one.columns] for one in _uniques(table)):
        lost.append(f"{name}_unique")
    if references != sorted([c.name for c in one.columns] for one in table.foreign_key_constraints):
        lost.append(f"{name}_fkey")
    return lost


def _uniques(table: Table) -> list[UniqueConstraint]:
    return [one for one in table.constraints if isinstance(one, UniqueConstraint)]


def _plain(rule: str) -> str:
    """A rule without what a database writes in its own way."""
    return _PLAIN.sub("", rule.lower())
