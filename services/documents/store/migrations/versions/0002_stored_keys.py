"""Creates the stored keys: those of the chains, of page tokens, and what else the service seals with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "stored_key",
        sa.Column("purpose", sa.String(64), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("after_sequence", sa.BigInteger, nullable=False),
        sa.Column("after_hash", sa.String(64), nullable=False),
        sa.Column("create_time", sa.String(27), nullable=False),
    )
