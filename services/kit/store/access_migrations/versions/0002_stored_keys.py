"""Creates the stored keys: those of the chain, of tags and of page tokens."""

from __future__ import annotations

from alembic import op

from services.kit.store.ring import create_key_tables

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Creates the tables that are not there yet."""
    create_key_tables(op.get_bind())
