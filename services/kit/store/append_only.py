"""Tables to which rows are added, and where none takes the place of another."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text


def taken(connection: Connection, table: str) -> str:
    """When a row to insert would have the key of another one, as SQLite's triggers say it."""
    looked = inspect(connection)
    keys = [looked.get_pk_constraint(table)["constrained_columns"]]
    keys += sorted(unique["column_names"] for unique in looked.get_unique_constraints(table))
    equal = (" AND ".join(f"{name} = NEW.{name}" for name in key) for key in keys)
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {same})" for same in equal)  # noqa: S608


def refuse_replacement(connection: Connection) -> None:
    """Makes SQLite refuse INSERT OR REPLACE in each table that refuses DELETE, for the service's migration.

    It deletes the row in its way without a word to the triggers of DELETE. PostgreSQL has no such statement.
    """
    if connection.dialect.name != "sqlite":
        return
    kept = text("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEFORE DELETE%'")
    for table in connection.scalars(kept).all():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        rule = f"BEFORE INSERT ON {table} WHEN {taken(connection, table)} {refuse}"
        connection.execute(text(f"CREATE TRIGGER IF NOT EXISTS {table}_new {rule}"))
