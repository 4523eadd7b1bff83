"""The tables of the store, and their migrations.

The journal's chain seals everything but the encrypted content, of which it seals the SHA-256: the content can
be removed, never changed. Shadow runs say where they stand in it, and what they have counted so far.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from services.kit.store import clock_tables, database, erasure_table, request_table

MIGRATIONS = Path(__file__).parent / "migrations"

metadata = MetaData()
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
_purges = journal.c.kind == PURGE
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

shadow = Table(
    "shadow",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("ruleset_id", Text, nullable=False),
    Column("ruleset_version", Text, nullable=False),
    Column("ruleset_digest", String(64), nullable=False),
    Column("ruleset_revision", BigInteger, nullable=False),
    Column("as_of_date", Date),
    Column("from_time", String(27)),
    Column("actor", Text, nullable=False),
    Column("request_id", String(36), unique=True),
    Column("fingerprint", String(64), nullable=False),
    Column("start_time", String(27), nullable=False),
    Column("stop_time", String(27)),
    Column("last_sequence", BigInteger, nullable=False),
    Column("left_out", BigInteger, nullable=False),
    Column("lease_holder", String(36)),
    Column("lease_end", String(27)),
    CheckConstraint("last_sequence >= 0 AND left_out >= 0", name="shadow_counts"),
)
"""`last_sequence` is that of the last record of the journal that was counted, `from_time` the instant before
which decisions are not counted; the lease says which process counts, so that the others do not in vain."""
stop_request = request_table(metadata, "shadow_stop_request")
pending_erasure = erasure_table(metadata)
clock, clock_audit = clock_tables(metadata)

shadow_change = Table(
    "shadow_change",
    metadata,
    Column("shadow", _NUMBER, ForeignKey("shadow.number"), primary_key=True, autoincrement=False),
    Column("change_hash", String(64), primary_key=True),
    Column("change", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("examples", Text, nullable=False),
    CheckConstraint("number > 0", name="shadow_change_number"),
)
"""Decisions by change, the unchanged ones included; `change` is canonical JSON and `change_hash` its SHA-256,
`examples` is a JSON list of names."""


def migrate(url: str) -> None:
    """Creates or upgrades the store of rulesets, decisions and shadows."""
    database.migrate(url, MIGRATIONS)


Index("journal_case", journal.c.case_id)
Index("journal_time", journal.c.time)

Index("journal_purge", journal.c.sequence, sqlite_where=_purges, postgresql_where=_purges)
