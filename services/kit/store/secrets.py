"""The secrets that earlier versions kept in clear in a store."""

from __future__ import annotations

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, Text, delete, inspect, select


def secret_table(metadata: MetaData) -> Table:
    """The table of the secrets, which the first migration of a service fills."""
    return Table(
        "secret",
        metadata,
        Column("name", Text, primary_key=True),
        Column("value", LargeBinary, nullable=False),
    )


_SECRET = secret_table(MetaData())


def take_page_key(connection: Connection) -> bytes | None:
    """The key of page tokens, taken out of the table where it was in clear; None where there is none."""
    if not inspect(connection).has_table(_SECRET.name):
        return None
    kept = _SECRET.c.name == "page_token"
    found = connection.scalar(select(_SECRET.c.value).where(kept))
    connection.execute(delete(_SECRET).where(kept))
    return None if found is None else bytes(found)
