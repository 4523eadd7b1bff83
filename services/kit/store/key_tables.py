"""The tables of the key database: keys of cases, epochs that wrap them, mark of the master key."""

from __future__ import annotations

from pathlib import Path

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

KEY_MIGRATIONS = Path(__file__).parent / "key_migrations"
"""The folder of the migrations of the key database."""

_metadata = MetaData()

case_key = Table(
    "case_key",
    _metadata,
    Column("case_id", String(36), primary_key=True),
    Column("reference_hash", String(64)),
    Column("wrapped_key", LargeBinary),
    Column("epoch", Integer, nullable=False),
    Column("create_time", String(27), nullable=False),
    Column("erase_time", String(27)),
    CheckConstraint("(wrapped_key IS NULL) = (erase_time IS NOT NULL)", name="case_key_erased"),
)
"""`epoch` is that whose key wraps this one; once it is destroyed, the last one that did."""

live = case_key.c.wrapped_key.is_not(None)
"""The keys that were not destroyed: at most one for a reference."""

Index("case_key_live", case_key.c.reference_hash, unique=True, sqlite_where=live, postgresql_where=live)
Index("case_key_reference", case_key.c.reference_hash)
Index("case_key_epoch", case_key.c.epoch)

key_epoch = Table(
    "key_epoch",
    _metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String(64), nullable=False),
    Column("create_time", String(27), nullable=False),
    Column("end_time", String(27)),
)
"""The last one wraps new keys; `end_time` is when the key of an epoch was destroyed."""
