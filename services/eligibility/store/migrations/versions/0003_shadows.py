"""Creates the shadow runs and what they count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "shadow",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("ruleset_id", sa.Text, nullable=False),
        sa.Column("ruleset_version", sa.Text, nullable=False),
        sa.Column("ruleset_digest", sa.String(64), nullable=False),
        sa.Column("ruleset_revision", sa.BigInteger, nullable=False),
        sa.Column("as_of_date", sa.Date),
        sa.Column("from_time", sa.String(27)),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("request_id", sa.String(36), unique=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("start_time", sa.String(27), nullable=False),
        sa.Column("stop_time", sa.String(27)),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("left_out", sa.BigInteger, nullable=False),
        sa.Column("lease_holder", sa.String(36)),
        sa.Column("lease_end", sa.String(27)),
        sa.CheckConstraint("last_sequence >= 0 AND left_out >= 0", name="shadow_counts"),
    )
    op.create_table(
        "shadow_change",
        sa.Column("shadow", number, sa.ForeignKey("shadow.number"), primary_key=True, autoincrement=False),
        sa.Column("change_hash", sa.String(64), primary_key=True),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("examples", sa.Text, nullable=False),
        sa.CheckConstraint("number > 0", name="shadow_change_number"),
    )
