"""The tables of shadow runs: where each one stands in the journal, and what it has counted so far."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Integer, String, Table, Text

from services.eligibility.store.tables import metadata

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
