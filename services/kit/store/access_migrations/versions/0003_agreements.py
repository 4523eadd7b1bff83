"""Creates what waits for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Creates the table."""
    op.create_table(
        "agreement",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("expire_time", sa.String(27), nullable=False),
        sa.Column("done", sa.String(64), nullable=False),
    )
