"""Creates the tables of the published packages, of the documents kept, of their audit, and the secrets."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from services.kit.releases import create_release_tables, make_append_only
from services.kit.store import audit_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    create_release_tables(connection)
    metadata = sa.MetaData()
    audit = audit_table(metadata, "document_audit")
    metadata.create_all(connection)
    make_append_only(connection, audit.name)
    secret = op.create_table(
        "secret",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.bulk_insert(secret, [{"name": "page_token", "value": secrets.token_bytes(32)}])
    op.create_table(
        "document",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("case_tag", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("template_id", sa.Text, nullable=False),
        sa.Column("template_version", sa.Text, nullable=False),
        sa.Column("template_digest", sa.String(64), nullable=False),
        sa.Column("profile_id", sa.Text, nullable=False),
        sa.Column("profile_version", sa.Text, nullable=False),
        sa.Column("profile_digest", sa.String(64), nullable=False),
        sa.Column("contract_version", sa.Text, nullable=False),
        sa.Column("data_sha256", sa.String(64), nullable=False),
        sa.Column("create_time", sa.String(27), nullable=False),
        sa.Column("expire_time", sa.String(27), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("document_case", "document", ["case_tag", "create_time"])
    op.create_index("document_sha256", "document", ["sha256"])
    op.create_index("document_expire", "document", ["expire_time"])
    op.create_table(
        "document_request",
        sa.Column("request_tag", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("create_time", sa.String(27), nullable=False),
    )
    op.create_table(
        "master_key",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name="master_key_single"),
    )
