"""Makes SQLite refuse INSERT OR REPLACE, as it refuses UPDATE and DELETE."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.bank_registry.store.append_only import make_append_only

revision = "0005"
down_revision = "0004"

CHANGING = ("clock", "secret", "master_key", "stored_key", "alembic_version")


def upgrade() -> None:
    for table in sorted(set(sa.inspect(op.get_bind()).get_table_names()) - set(CHANGING)):
        make_append_only(op.get_bind(), table)
