"""Gives each document the name of its key, and creates the table of erasures under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.kit.store import erasure_table

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """The documents kept so far have no name of a key yet: the start of the service gives them one."""
    op.add_column("document", sa.Column("case_id", sa.String(36)))
    unnamed = sa.text("case_id IS NULL")
    op.create_index("document_unnamed", "document", ["id"], sqlite_where=unnamed, postgresql_where=unnamed)
    metadata = sa.MetaData()
    erasure_table(metadata)
    metadata.create_all(op.get_bind())
