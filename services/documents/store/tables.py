"""Tables of the documents kept, of the requests that kept them, and of their audit."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, Text

from services.kit.store import audit_table, clock_tables, database, erasure_table

MIGRATIONS = Path(__file__).parent / "migrations"
"""The folder of the migrations of the store."""

metadata = MetaData()

document = Table(
    "document",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("case_tag", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("template_id", Text, nullable=False),
    Column("template_version", Text, nullable=False),
    Column("template_digest", String(64), nullable=False),
    Column("profile_id", Text, nullable=False),
    Column("profile_version", Text, nullable=False),
    Column("profile_digest", String(64), nullable=False),
    Column("contract_version", Text, nullable=False),
    Column("data_sha256", String(64), nullable=False),
    Column("create_time", String(27), nullable=False),
    Column("expire_time", String(27), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("over_mark", BigInteger),
    Column("case_id", String(36)),
)
"""`over_mark` is the running time of the store when the retention was first seen over; `case_id` names the
key of the document, empty only until a start gives it one."""

request = Table(
    "document_request",
    metadata,
    Column("request_tag", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("create_time", String(27), nullable=False),
)

audit = audit_table(metadata, "document_audit")
pending_erasure = erasure_table(metadata)
clock, clock_audit = clock_tables(metadata)


def migrate(url: str) -> None:
    """Creates or upgrades the store."""
    database.migrate(url, MIGRATIONS)
