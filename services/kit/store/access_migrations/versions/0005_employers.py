"""Says of an agent who employs it, and how the provider made sure of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the columns, empty for the lines of before."""
    for name in ("siret", "acr"):
        op.add_column("access", sa.Column(name, sa.Text))
