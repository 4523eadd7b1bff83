"""The store of the documents service: its releases, the documents that it keeps, its secret."""

from __future__ import annotations

from pathlib import Path

from services.kit.store import database

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Creates or upgrades the store."""
    database.migrate(url, MIGRATIONS)
