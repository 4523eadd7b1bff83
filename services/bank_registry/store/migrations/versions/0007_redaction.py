"""Creates what tells which keys of free texts were destroyed, and which are being."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.bank_registry.store.append_only import make_append_only
from services.kit.store import erasure_table

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "redacted_key",
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.BigInteger, sa.ForeignKey("revision.revision"), nullable=False),
        sqlite_with_rowid=False,
    )
    make_append_only(op.get_bind(), "redacted_key")
    erasure_table(sa.MetaData()).create(op.get_bind())
