"""Whether the database still has the triggers and constraints that protect what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import CheckConstraint, Connection, Table, UniqueConstraint, inspect, text

from services.bank_registry.store import tables
from services.bank_registry.store.append_only import append_only_rules, overlap_rules, refusal

CHANGING = frozenset({"clock", "secret", "master_key", "stored_key", "pending_erasure"})
"""The tables whose rows change or go: the present hour, the keys, what is being erased. Nothing of the
registry."""

_PLAIN = re.compile(r"::\w+|[\"'()\s]|public\.")


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
    yield from append_only_rules(connection, table.name)
    if "recorded_to" in table.c and connection.dialect.name == "sqlite":
        key, *_ = table.primary_key.columns
        yield from overlap_rules(table.name, key.name, dated="start_date" in table.c)


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
    return {row.name: (row.tbl, row.sql if row.body == refusal(row.tbl) else row.body) for row in rows}


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
