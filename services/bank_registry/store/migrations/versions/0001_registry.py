"""Creates the registry: identities, bitemporal versions, revisions, audit, secret of the page tokens."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from services.bank_registry.store.append_only import make_append_only, refuse_overlaps
from services.kit.store import audit_table

revision = "0001"
down_revision = None

VERSIONS = {
    "bank_version": "bank_key",
    "agreement_version": "agreement_key",
    "local_convention_version": "bank_key",
}
"""The tables of versions, and the key within which two versions never overlap on all their axes."""

DATED = ("agreement_version", "local_convention_version")


def upgrade() -> None:
    create_identities()
    create_versions()
    create_revisions()
    for table, key in VERSIONS.items():
        refuse_overlaps(op.get_bind(), table, key, dated=table in DATED)
    for table in ("bank", "agreement", "revision", "audit", *VERSIONS):
        make_append_only(op.get_bind(), table)


def create_identities() -> None:
    op.create_table(
        "bank",
        sa.Column("bank_key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bank_id", sa.Text, nullable=False, unique=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "agreement",
        sa.Column("agreement_key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bank_key", sa.BigInteger, sa.ForeignKey("bank.bank_key"), nullable=False),
        sa.Column("agreement_id", sa.Text, nullable=False),
        sa.UniqueConstraint("bank_key", "agreement_id"),
        sqlite_with_rowid=False,
    )


def create_versions() -> None:
    create_version_table(
        "bank_version",
        sa.Column("bank_key", sa.BigInteger, sa.ForeignKey("bank.bank_key"), primary_key=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("name", "kind", "siren", "cib", "bic", "lei", "successor")
        ),
    )
    create_version_table(
        "agreement_version",
        sa.Column("agreement_key", sa.BigInteger, sa.ForeignKey("agreement.agreement_key"), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("reference", "manager", "scope")),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("territory_codes", "suspensions")),
        sa.Column("guarantee_share", sa.Text),
        *(sa.Column(name, sa.BigInteger) for name in ("envelope", "committed", "amount_min", "amount_max")),
        *(sa.Column(name, sa.Integer) for name in ("months_min", "months_max")),
        *(sa.Column(name, sa.Text) for name in ("rate_min", "rate_max")),
        sa.Column("accepted_objects", sa.JSON, nullable=False),
        sa.Column("verified_on", sa.Date),
    )
    create_version_table(
        "local_convention_version",
        sa.Column("bank_key", sa.BigInteger, sa.ForeignKey("bank.bank_key"), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("reference", "contact_name")),
        sa.Column("address_lines", sa.JSON, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("postal_code", "city", "email", "phone")),
        sa.Column("answer_days", sa.Integer),
    )


def create_version_table(table: str, key: sa.Column[int], *facts: sa.Column[object]) -> None:
    dated = table in DATED
    valid = (
        sa.Column("start_date", sa.Date, primary_key=True),
        sa.Column("end_date", sa.Date, nullable=False),
        sa.CheckConstraint("start_date < end_date", name=f"{table}_valid"),
    )
    op.create_table(
        table,
        key,
        *(valid if dated else ()),
        sa.Column("recorded_from", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("recorded_to", sa.BigInteger, nullable=False),
        *facts,
        sa.CheckConstraint("recorded_from < recorded_to", name=f"{table}_recorded"),
        sqlite_with_rowid=False,
    )


def create_revisions() -> None:
    op.create_table(
        "revision",
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False, unique=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    secret = op.create_table(
        "secret",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.bulk_insert(secret, [{"name": "page_token", "value": secrets.token_bytes(32)}])
    audit_table(sa.MetaData()).create(op.get_bind())
