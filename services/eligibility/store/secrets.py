"""Secrets that every process of the service shares."""

from __future__ import annotations

from sqlalchemy import select

from services.eligibility.store.tables import secret
from services.kit.store import Database


def page_key(database: Database) -> bytes:
    """The key that seals page tokens, the same for every worker and restart."""
    with database.read() as connection:
        return bytes(connection.scalars(select(secret.c.value).where(secret.c.name == "page_token")).one())
