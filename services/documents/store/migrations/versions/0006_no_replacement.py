"""Makes SQLite refuse INSERT OR REPLACE, as it refuses UPDATE and DELETE."""

from __future__ import annotations

from alembic import op

from services.kit.store import refuse_replacement

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    refuse_replacement(op.get_bind())
