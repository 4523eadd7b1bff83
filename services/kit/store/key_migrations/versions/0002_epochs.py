"""Gives each key of a case its epoch; refuses that one be deleted, replaced or brought back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

REFUSED = "case_key is kept"
CHANGED = (
    "OLD.wrapped_key IS NULL OR NEW.case_id <> OLD.case_id OR NEW.create_time <> OLD.create_time "
    "OR coalesce(NEW.reference_hash, '') <> coalesce(OLD.reference_hash, '')"
)
"""A destroyed key stays so; of a live one, the wrapping alone changes."""

TAKEN = (
    "EXISTS (SELECT 1 FROM case_key WHERE case_id = NEW.case_id "
    "OR (reference_hash = NEW.reference_hash AND wrapped_key IS NOT NULL AND NEW.wrapped_key IS NOT NULL))"
)
"""INSERT OR REPLACE of SQLite deletes the row in its way without a trigger on DELETE: refused first."""


def upgrade() -> None:
    """Adds the epochs; the keys wrapped so far are of epoch 0, which has no key of its own."""
    op.add_column("case_key", sa.Column("epoch", sa.Integer, nullable=False, server_default="0"))
    op.create_index("case_key_epoch", "case_key", ["epoch"])
    op.create_table(
        "key_epoch",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("create_time", sa.String(27), nullable=False),
        sa.Column("end_time", sa.String(27)),
    )
    if op.get_bind().dialect.name == "postgresql":
        protect_on_postgresql()
    else:
        protect_on_sqlite()


def protect_on_sqlite() -> None:
    """The triggers of SQLite."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    op.execute(f"CREATE TRIGGER case_key_kept BEFORE DELETE ON case_key {refuse}")
    op.execute(f"CREATE TRIGGER case_key_frozen BEFORE UPDATE ON case_key WHEN {CHANGED} {refuse}")
    op.execute(f"CREATE TRIGGER case_key_new BEFORE INSERT ON case_key WHEN {TAKEN} {refuse}")


def protect_on_postgresql() -> None:
    """The triggers of PostgreSQL."""
    op.execute(
        "CREATE FUNCTION case_key_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    refuse = "EXECUTE FUNCTION case_key_refuse()"
    op.execute(f"CREATE TRIGGER case_key_kept BEFORE DELETE ON case_key FOR EACH ROW {refuse}")
    op.execute(
        f"CREATE TRIGGER case_key_frozen BEFORE UPDATE ON case_key FOR EACH ROW WHEN ({CHANGED}) {refuse}"
    )
    op.execute(f"CREATE TRIGGER case_key_whole BEFORE TRUNCATE ON case_key {refuse}")
