"""Tables of the store that several of its parts share, and their migrations."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text

from services.kit.store import database

MIGRATIONS = Path(__file__).parent / "migrations"

metadata = MetaData()

secret = Table(
    "secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)


def migrate(url: str) -> None:
    """Creates or upgrades the store of rulesets, decisions and shadows."""
    database.migrate(url, MIGRATIONS)
