"""Creates the stored keys: those of the chains, of page tokens, and what else the service seals with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "master_key",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name="master_key_single"),
    )
    op.create_table(
        "stored_key",
        sa.Column("purpose", sa.String(64), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("after_sequence", sa.BigInteger, nullable=False),
        sa.Column("after_hash", sa.String(64), nullable=False),
        sa.Column("create_time", sa.String(27), nullable=False),
    )
