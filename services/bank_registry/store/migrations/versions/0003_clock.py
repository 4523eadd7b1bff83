"""Creates the clock of the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.bank_registry.store.append_only import make_append_only
from services.kit.store import create_clock_tables

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    connection = op.get_bind()
    last = connection.scalar(sa.text("SELECT time FROM audit ORDER BY seq DESC LIMIT 1"))
    create_clock_tables(connection, last)
    make_append_only(connection, "clock_audit")
