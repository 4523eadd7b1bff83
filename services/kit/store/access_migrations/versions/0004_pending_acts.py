"""Says of what waits for a second person which act it is: what waits already is asked for again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the columns; a demand lives a day, and those of before say nothing of their act."""
    op.execute("DELETE FROM agreement")
    for name in ("method", "case_tags", "dates"):
        op.add_column("agreement", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("agreement", sa.Column("ask_time", sa.String(27), nullable=False, server_default=""))
