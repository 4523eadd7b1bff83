"""Tells of an agreement which one it goes on from, after a merger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.bank_registry.store.append_only import make_append_only

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("agreement_version", sa.Column("continues", sa.Text, nullable=False, server_default=""))
    make_append_only(op.get_bind(), "agreement_version")
