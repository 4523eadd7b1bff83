"""Puts what happened to the packages into a chain."""

from __future__ import annotations

from alembic import op

from services.kit.releases import chain_events

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    chain_events(op.get_bind())
