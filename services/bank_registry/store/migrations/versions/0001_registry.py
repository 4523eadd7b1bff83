"""Creates the registry: identities, bitemporal versions, revisions, audit, secret of the page tokens."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from services.kit.audit import audit_table

revision = "0001"
down_revision = None

VERSIONS = {
    "bank_version": "bank_key",
    "agreement_version": "agreement_key",
    "local_convention_version": "bank_key",
}
"""The tables of versions, and the key within which two versions never overlap on all their axes."""

DATED = ("agreement_version", "local_convention_version")
STILL_KNOWN = 253402214400000000


def upgrade() -> None:
    create_identities()
    create_versions()
    create_revisions()
    for table, key in VERSIONS.items():
        refuse_overlaps(table, key)
    for table in ("bank", "agreement", "revision", "audit", *VERSIONS):
        make_append_only(table)


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


def refuse_overlaps(table: str, key: str) -> None:
    dated = table in DATED
    if op.get_bind().dialect.name == "postgresql":
        days = ", daterange(start_date, end_date) WITH &&" if dated else ""
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_no_overlap EXCLUDE USING gist "
            f"(int8range({key}, {key}, '[]') WITH &&{days}, int8range(recorded_from, recorded_to) WITH &&)"
        )
        return
    days = "AND start_date < NEW.end_date AND NEW.start_date < end_date" if dated else ""
    start = "AND start_date = OLD.start_date" if dated else ""
    itself = f"AND NOT ({key} = OLD.{key} {start} AND recorded_from = OLD.recorded_from)"
    known = (
        f"FROM {table} WHERE {key} = NEW.{key} {days} "
        "AND recorded_from < NEW.recorded_to AND NEW.recorded_from < recorded_to"
    )
    for event, others in (("INSERT", ""), ("UPDATE", itself)):
        op.execute(
            f"CREATE TRIGGER {table}_no_overlap_{event.lower()} BEFORE {event} ON {table} "
            f"WHEN EXISTS (SELECT 1 {known} {others}) "
            f"BEGIN SELECT RAISE(ABORT, '{table}: two versions overlap'); END"
        )


def make_append_only(table: str) -> None:
    """Only `recorded_to` may change, once, and only to close a version."""
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
    frozen = ", ".join(f'"{name}"' for name in columns if name != "recorded_to")
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{table} is append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    refuse = (
        f"EXECUTE FUNCTION {table}_refuse()"
        if postgresql
        else f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
    each = "FOR EACH ROW"
    op.execute(f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OF {frozen} ON {table} {each} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} {each} {refuse}")
    if "recorded_to" in columns:
        op.execute(
            f"CREATE TRIGGER {table}_closed_once BEFORE UPDATE OF recorded_to ON {table} {each} "
            f"WHEN (OLD.recorded_to <> {STILL_KNOWN} OR NEW.recorded_to > OLD.recorded_to) {refuse}"
        )
    if postgresql:
        op.execute(f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} {refuse}")
