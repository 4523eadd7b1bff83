"""Creates the keys of cases, and the mark of the master key that wraps them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LIVE = sa.text("wrapped_key IS NOT NULL")


def upgrade() -> None:
    """Creates the two tables."""
    op.create_table(
        "case_key",
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("reference_hash", sa.String(64)),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("create_time", sa.String(27), nullable=False),
        sa.Column("erase_time", sa.String(27)),
        sa.CheckConstraint("(wrapped_key IS NULL) = (erase_time IS NOT NULL)", name="case_key_erased"),
    )
    op.create_index(
        "case_key_live",
        "case_key",
        ["reference_hash"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index("case_key_reference", "case_key", ["reference_hash"])
    op.create_table(
        "master_key",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name="master_key_single"),
    )
