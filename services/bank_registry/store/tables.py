"""Tables of the registry: identities, versions known between two instants, states."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from services.bank_registry.registry import FIELDS, Agreement, Bank, LocalConvention
from services.bank_registry.store.rows import FORMS, stored
from services.kit.store import (
    audit_table,
    clock_tables,
    erasure_table,
    master_key_table,
    request_table,
    secret_table,
    stored_key_table,
)

metadata = MetaData()

bank = Table(
    "bank",
    metadata,
    Column("bank_key", BigInteger, primary_key=True, autoincrement=False),
    Column("bank_id", Text, nullable=False, unique=True),
    sqlite_with_rowid=False,
)

agreement = Table(
    "agreement",
    metadata,
    Column("agreement_key", BigInteger, primary_key=True, autoincrement=False),
    Column("bank_key", BigInteger, ForeignKey("bank.bank_key"), nullable=False),
    Column("agreement_id", Text, nullable=False),
    UniqueConstraint("bank_key", "agreement_id"),
    sqlite_with_rowid=False,
)


def _known() -> list[Column[Any]]:
    """The instants (UTC, microseconds, half-open) between which a version was known."""
    return [
        Column("recorded_from", BigInteger, primary_key=True),
        Column("recorded_to", BigInteger, nullable=False),
    ]


def _valid() -> list[Column[Any]]:
    """The days (half-open) on which a version is true; 9999-12-31 = no end."""
    return [Column("start_date", Date, primary_key=True), Column("end_date", Date, nullable=False)]


def _facts(record: type) -> list[Column[Any]]:
    """The columns that state a fact, from the fields of its record."""
    found = ((field, FORMS[field.kind]) for field in stored(FIELDS[record]))
    return [Column(field.stored, form.column, nullable=form.nullable) for field, form in found]


bank_version = Table(
    "bank_version",
    metadata,
    Column("bank_key", BigInteger, ForeignKey("bank.bank_key"), primary_key=True),
    *_valid(),
    *_known(),
    *_facts(Bank),
    CheckConstraint("start_date < end_date", name="bank_version_valid"),
    CheckConstraint("recorded_from < recorded_to", name="bank_version_recorded"),
    sqlite_with_rowid=False,
)

agreement_version = Table(
    "agreement_version",
    metadata,
    Column("agreement_key", BigInteger, ForeignKey("agreement.agreement_key"), primary_key=True),
    *_valid(),
    *_known(),
    *_facts(Agreement),
    CheckConstraint("start_date < end_date", name="agreement_version_valid"),
    CheckConstraint("recorded_from < recorded_to", name="agreement_version_recorded"),
    sqlite_with_rowid=False,
)

local_convention_version = Table(
    "local_convention_version",
    metadata,
    Column("bank_key", BigInteger, ForeignKey("bank.bank_key"), primary_key=True),
    *_valid(),
    *_known(),
    *_facts(LocalConvention),
    CheckConstraint("start_date < end_date", name="local_convention_version_valid"),
    CheckConstraint("recorded_from < recorded_to", name="local_convention_version_recorded"),
    sqlite_with_rowid=False,
)

reservation = Table(
    "reservation",
    metadata,
    Column("reservation_key", BigInteger, primary_key=True, autoincrement=False),
    Column("agreement_key", BigInteger, ForeignKey("agreement.agreement_key"), nullable=False),
    sqlite_with_rowid=False,
)

reservation_version = Table(
    "reservation_version",
    metadata,
    Column("reservation_key", BigInteger, ForeignKey("reservation.reservation_key"), primary_key=True),
    *_known(),
    Column("amount", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("on_date", Date, nullable=False),
    Column("case_reference", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    CheckConstraint("amount > 0", name="reservation_version_amount"),
    CheckConstraint("recorded_from < recorded_to", name="reservation_version_recorded"),
    sqlite_with_rowid=False,
)

revision = Table(
    "revision",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded_at", BigInteger, nullable=False, unique=True),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("method", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""One row for each write: `recorded_at` (UTC, microseconds) grows with `revision`, the state number."""

change = Table(
    "revision_change",
    metadata,
    Column("revision", BigInteger, ForeignKey("revision.revision"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("bank_key", BigInteger, ForeignKey("bank.bank_key"), nullable=False),
    sqlite_with_rowid=False,
)
"""The resources that each write created or changed."""

redacted_key = Table(
    "redacted_key",
    metadata,
    Column("case_id", String(36), primary_key=True),
    Column("revision", BigInteger, ForeignKey("revision.revision"), nullable=False),
    sqlite_with_rowid=False,
)
"""The keys of texts that were destroyed on purpose, and by which write."""

pending_erasure = erasure_table(metadata)

secret = secret_table(metadata)
master_key = master_key_table(metadata)
stored_key = stored_key_table(metadata)
audit = audit_table(metadata)
clock, clock_audit = clock_tables(metadata)
request = request_table(metadata)
