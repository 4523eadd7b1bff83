"""Tables of the key database, which is kept and saved apart from the journal."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

metadata = MetaData()

case_key = Table(
    "case_key",
    metadata,
    Column("case_id", String(36), primary_key=True),
    Column("reference_hash", String(64)),
    Column("wrapped_key", LargeBinary),
    Column("create_time", String(27), nullable=False),
    Column("erase_time", String(27)),
    CheckConstraint("(wrapped_key IS NULL) = (erase_time IS NOT NULL)", name="case_key_erased"),
)

live = case_key.c.wrapped_key.is_not(None)
"""The keys that were not destroyed: at most one for a reference."""

Index(
    "case_key_live",
    case_key.c.reference_hash,
    unique=True,
    sqlite_where=live,
    postgresql_where=live,
)
Index("case_key_reference", case_key.c.reference_hash)

master_key = Table(
    "master_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String(64), nullable=False),
    CheckConstraint("id = 1", name="master_key_single"),
)
