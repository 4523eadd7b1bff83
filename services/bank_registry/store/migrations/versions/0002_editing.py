"""Dated terms of lenders, reasons of suspensions, contacts, reservations, changes by revision, requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

from services.bank_registry.store.append_only import make_append_only, refuse_overlaps
from services.kit.store import request_table

revision = "0002"
down_revision = "0001"

Row = dict[str, Any]

ALWAYS, NO_END = date(1, 1, 1), date(9999, 12, 31)


def upgrade() -> None:
    convert_versions()
    create_reservations()
    convert_revisions()
    request_table(sa.MetaData()).create(op.get_bind())
    make_append_only(op.get_bind(), "request")


def convert_versions() -> None:
    """The tables are made again: SQLite cannot add a column to a primary key."""
    bank_key = sa.Column("bank_key", sa.BigInteger, sa.ForeignKey("bank.bank_key"), primary_key=True)
    remake("bank_version", bank_key, bank_columns(), with_bank_days)
    agreement_key = sa.Column(
        "agreement_key", sa.BigInteger, sa.ForeignKey("agreement.agreement_key"), primary_key=True
    )
    remake("agreement_version", agreement_key, agreement_columns(), with_evidence)
    bank_key = sa.Column("bank_key", sa.BigInteger, sa.ForeignKey("bank.bank_key"), primary_key=True)
    remake("local_convention_version", bank_key, convention_columns(), with_convention_id)


def with_bank_days(row: Row) -> Row:
    return {**row, "start_date": ALWAYS, "end_date": NO_END, "siret": "", "network": "", "suspensions": []}


def with_evidence(row: Row) -> Row:
    suspensions = [[*days, ""] for days in row["suspensions"]]
    return {**row, "suspensions": suspensions, "evidence": "", "rate_rule": ""}


def with_convention_id(row: Row) -> Row:
    return {**row, "convention_id": "convention", "contacts": [], "suspensions": []}


def remake(
    table: str, key: sa.Column[int], facts: list[sa.Column[Any]], converted: Callable[[Row], Row]
) -> None:
    bind = op.get_bind()
    old = sa.Table(table, sa.MetaData(), autoload_with=bind)
    for column in old.c:
        if column.name in ("territory_codes", "suspensions", "accepted_objects", "address_lines"):
            column.type = sa.JSON()
    rows = [converted(dict(row)) for row in bind.execute(sa.select(old)).mappings()]
    op.drop_table(table)
    new = op.create_table(
        table,
        key,
        sa.Column("start_date", sa.Date, primary_key=True),
        sa.Column("end_date", sa.Date, nullable=False),
        *known_columns(),
        *facts,
        sa.CheckConstraint("start_date < end_date", name=f"{table}_valid"),
        sa.CheckConstraint("recorded_from < recorded_to", name=f"{table}_recorded"),
        sqlite_with_rowid=False,
    )
    op.bulk_insert(new, rows)
    refuse_overlaps(bind, table, key.name, dated=True)
    make_append_only(bind, table)


def known_columns() -> list[sa.Column[int]]:
    return [
        sa.Column("recorded_from", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("recorded_to", sa.BigInteger, nullable=False),
    ]


def texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def documents(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.JSON, nullable=False) for name in names]


def bank_columns() -> list[sa.Column[Any]]:
    names = ("name", "kind", "siren", "cib", "bic", "lei", "successor", "siret", "network")
    return [*texts(*names), *documents("suspensions")]


def agreement_columns() -> list[sa.Column[Any]]:
    return [
        *texts("reference", "manager", "scope", "evidence", "rate_rule"),
        *documents("territory_codes", "suspensions", "accepted_objects"),
        *(sa.Column(name, sa.Text) for name in ("guarantee_share", "rate_min", "rate_max")),
        *(sa.Column(name, sa.BigInteger) for name in ("envelope", "committed", "amount_min", "amount_max")),
        *(sa.Column(name, sa.Integer) for name in ("months_min", "months_max")),
        sa.Column("verified_on", sa.Date),
    ]


def convention_columns() -> list[sa.Column[Any]]:
    return [
        *texts("convention_id", "reference", "contact_name", "postal_code", "city", "email", "phone"),
        *documents("address_lines", "contacts", "suspensions"),
        sa.Column("answer_days", sa.Integer),
    ]


def create_reservations() -> None:
    op.create_table(
        "reservation",
        sa.Column("reservation_key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("agreement_key", sa.BigInteger, sa.ForeignKey("agreement.agreement_key"), nullable=False),
        sqlite_with_rowid=False,
    )
    key = sa.ForeignKey("reservation.reservation_key")
    op.create_table(
        "reservation_version",
        sa.Column("reservation_key", sa.BigInteger, key, primary_key=True),
        *known_columns(),
        sa.Column("amount", sa.BigInteger, nullable=False),
        *texts("state", "case_reference"),
        sa.Column("on_date", sa.Date, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("amount > 0", name="reservation_version_amount"),
        sa.CheckConstraint("recorded_from < recorded_to", name="reservation_version_recorded"),
        sqlite_with_rowid=False,
    )
    refuse_overlaps(op.get_bind(), "reservation_version", "reservation_key", dated=False)
    for table in ("reservation", "reservation_version"):
        make_append_only(op.get_bind(), table)


def convert_revisions() -> None:
    """Each revision learns its method and the lenders that it changed from the audit."""
    bind = op.get_bind()
    old = sa.Table("revision", sa.MetaData(), autoload_with=bind)
    methods, changed = written(bind)
    rows = [
        {**row, "method": methods.get(row["revision"], "")} for row in bind.execute(sa.select(old)).mappings()
    ]
    op.drop_table("revision")
    revisions = op.create_table(
        "revision",
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False, unique=True),
        *texts("actor", "reason", "method"),
        sqlite_with_rowid=False,
    )
    op.bulk_insert(revisions, rows)
    key = sa.ForeignKey("revision.revision")
    changes = op.create_table(
        "revision_change",
        sa.Column("revision", sa.BigInteger, key, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("bank_key", sa.BigInteger, sa.ForeignKey("bank.bank_key"), nullable=False),
        sqlite_with_rowid=False,
    )
    bank = sa.Table("bank", sa.MetaData(), autoload_with=bind)
    keys = {row.bank_id: row.bank_key for row in bind.execute(sa.select(bank))}
    op.bulk_insert(
        changes,
        [
            {"revision": number, "name": name, "bank_key": keys[name.removeprefix("banks/")]}
            for number, names in changed.items()
            for name in names
        ],
    )
    for table in ("revision", "revision_change"):
        make_append_only(bind, table)


def written(bind: sa.Connection) -> tuple[dict[int, str], dict[int, list[str]]]:
    """The method and the names of the lenders of each revision."""
    audit = sa.Table("audit", sa.MetaData(), autoload_with=bind)
    methods: dict[int, str] = {}
    changed: dict[int, list[str]] = defaultdict(list)
    number = 0
    for row in bind.execute(sa.select(audit.c.method, audit.c.resource).order_by(audit.c.seq)):
        if row.resource.startswith("revisions/"):
            number = int(row.resource.removeprefix("revisions/"))
            methods[number] = row.method
        else:
            changed[number].append(row.resource)
    return methods, changed
