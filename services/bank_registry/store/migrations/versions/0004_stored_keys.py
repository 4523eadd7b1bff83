"""Creates the stored keys: those of the chains, of page tokens, of tags, and what else is sealed with."""

from __future__ import annotations

from alembic import op

from services.kit.store import create_key_tables

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Creates the tables that are not there yet."""
    create_key_tables(op.get_bind())
