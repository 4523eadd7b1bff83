"""Creates the journal of accesses, and what waits to be removed from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.kit.store.store_clock import create_clock_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables."""
    text = [
        sa.Column(name, sa.Text, nullable=False)
        for name in (
            "process", "application", "subject", "team", "peer", "method", "resource", "case_tag", "mark",
            "code", "reason", "statement", "request_id",
        )
    ]  # fmt: skip
    op.create_table(
        "access",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        *text,
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.CheckConstraint("kind IN ('CALL', 'START', 'STOP', 'GAP', 'REMOVAL')", name="access_kind"),
    )
    op.create_index("access_time", "access", ["time"])
    op.create_index("access_subject", "access", ["subject", "sequence"])
    op.create_index("access_case", "access", ["case_tag", "sequence"])
    op.create_index("access_process", "access", ["process", "kind"])
    op.create_table(
        "access_request",
        sa.Column("request_id", sa.String(36), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
    )
    _create_removal()
    _create_teams()
    create_clock_tables(op.get_bind(), None)


def _create_removal() -> None:
    op.create_table(
        "access_removal",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("end_time", sa.String(27), nullable=False),
        sa.Column("marked", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="access_removal_single"),
    )


def _create_teams() -> None:
    op.create_table(
        "case_team",
        sa.Column("case_tag", sa.String(64), primary_key=True),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.CheckConstraint("team <> ''", name="case_team_named"),
    )
