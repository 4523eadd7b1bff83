"""The table of the journal. Its chain seals everything but the encrypted content, of which it seals the
SHA-256: the content can be removed, never changed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from services.eligibility.store.tables import metadata

DECISION, ERASURE, PURGE = "DECISION", "ERASURE", "PURGE"
"""Kinds of records."""

journal = Table(
    "journal",
    metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("kind", String(8), nullable=False),
    Column("time", String(27), nullable=False),
    Column("decision_id", String(36), unique=True),
    Column("case_id", String(36)),
    Column("request_tag", String(64), unique=True),
    Column("request_date", Date),
    Column("ruleset_id", Text),
    Column("ruleset_version", Text),
    Column("ruleset_digest", String(64)),
    Column("ruleset_revision", BigInteger),
    Column("outcome", Text),
    Column("reason_codes", Text),
    Column("end_time", String(27)),
    Column("decision_count", BigInteger),
    Column("actor", Text),
    Column("content_hash", String(64)),
    Column("ciphertext", LargeBinary),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    CheckConstraint(
        "(kind = 'DECISION' AND decision_id IS NOT NULL AND case_id IS NOT NULL AND content_hash IS NOT NULL)"
        " OR (kind = 'ERASURE' AND case_id IS NOT NULL AND ciphertext IS NULL)"
        " OR (kind = 'PURGE' AND end_time IS NOT NULL AND ciphertext IS NULL)",
        name="journal_kind",
    ),
)
"""`reason_codes` is canonical JSON, `end_time` the bound of a PURGE; `decision_count` and `actor` are what an
ERASURE or a PURGE concerns, and who asked for it."""

Index("journal_case", journal.c.case_id)
Index("journal_time", journal.c.time)

_purges = journal.c.kind == PURGE
Index("journal_purge", journal.c.sequence, sqlite_where=_purges, postgresql_where=_purges)
