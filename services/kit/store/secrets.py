"""The secrets of a store, which every process of its service shares."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select

from services.kit.store.database import Database


def secret_table(metadata: MetaData) -> Table:
    """The table of the secrets, which the first migration of a service fills."""
    return Table(
        "secret",
        metadata,
        Column("name", Text, primary_key=True),
        Column("value", LargeBinary, nullable=False),
    )


_SECRET = secret_table(MetaData())


def page_key(database: Database) -> bytes:
    """The key that seals page tokens, the same for every worker and restart."""
    with database.read() as connection:
        return bytes(connection.scalars(select(_SECRET.c.value).where(_SECRET.c.name == "page_token")).one())
