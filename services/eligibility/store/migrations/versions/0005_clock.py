"""Creates the clock of the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.kit.releases import make_append_only
from services.kit.store import create_clock_tables

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    connection = op.get_bind()
    last = connection.scalar(sa.text("SELECT time FROM journal ORDER BY sequence DESC LIMIT 1"))
    create_clock_tables(connection, last)
    make_append_only(connection, "clock_audit")
