"""The stores of eligibility: published rulesets, journal of decisions, shadow runs; and the keys of cases."""

from __future__ import annotations

from pathlib import Path

from services.kit.store import database

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Creates or upgrades the store of rulesets, decisions and shadows."""
    database.migrate(url, MIGRATIONS)
