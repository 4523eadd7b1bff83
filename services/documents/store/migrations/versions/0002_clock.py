"""Creates the clock of the store; a document whose retention is over is marked, then waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.kit.releases import make_append_only
from services.kit.store import create_clock_tables

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    connection = op.get_bind()
    last = connection.scalar(sa.text("SELECT max(time) FROM document_audit"))
    create_clock_tables(connection, last)
    make_append_only(connection, "clock_audit")
    op.add_column("document", sa.Column("over_mark", sa.BigInteger))
