"""Puts what happened to the packages into a chain."""

from __future__ import annotations

from alembic import op

from services.kit.releases import chain_events

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    chain_events(op.get_bind())
