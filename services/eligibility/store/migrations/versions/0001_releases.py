"""Creates the tables of the published rulesets, and the secret of the page tokens."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from services.kit.releases import create_release_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_release_tables(op.get_bind())
    secret = op.create_table(
        "secret",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.bulk_insert(secret, [{"name": "page_token", "value": secrets.token_bytes(32)}])
