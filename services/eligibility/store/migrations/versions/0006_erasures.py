"""Creates the table of erasures under way; the journal refuses a record put in the place of another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.kit.store import erasure_table

revision = "0006"
down_revision = "0005"

TAKEN = (
    "EXISTS (SELECT 1 FROM journal WHERE sequence = NEW.sequence OR hash = NEW.hash "
    "OR decision_id = NEW.decision_id OR request_tag = NEW.request_tag)"
)


def upgrade() -> None:
    """Creates the table; and the trigger on SQLite, whose INSERT OR REPLACE deletes without any trigger."""
    metadata = sa.MetaData()
    erasure_table(metadata)
    metadata.create_all(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER journal_new BEFORE INSERT ON journal WHEN {TAKEN} "
            "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END"
        )
