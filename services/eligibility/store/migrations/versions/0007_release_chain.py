"""Puts what happened to the rulesets into a chain."""

from __future__ import annotations

from alembic import op

from services.kit.releases import chain_events

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    chain_events(op.get_bind())
