"""Creates the journal of decisions, where nothing is changed and only purged content is removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

PURGED = (
    "EXISTS (SELECT 1 FROM journal AS purge WHERE purge.kind = 'PURGE' "
    "AND purge.sequence > OLD.sequence AND purge.end_time > OLD.time)"
)
"""A record of the journal allows the content of this one to be removed."""


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("decision_id", sa.String(36), unique=True),
        sa.Column("case_id", sa.String(36)),
        sa.Column("request_tag", sa.String(64), unique=True),
        sa.Column("request_date", sa.Date),
        sa.Column("ruleset_id", sa.Text),
        sa.Column("ruleset_version", sa.Text),
        sa.Column("ruleset_digest", sa.String(64)),
        sa.Column("ruleset_revision", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("reason_codes", sa.Text),
        sa.Column("end_time", sa.String(27)),
        sa.Column("decision_count", sa.BigInteger),
        sa.Column("actor", sa.Text),
        sa.Column("content_hash", sa.String(64)),
        sa.Column("ciphertext", sa.LargeBinary),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.CheckConstraint(
            "(kind = 'DECISION' AND decision_id IS NOT NULL AND case_id IS NOT NULL"
            " AND content_hash IS NOT NULL)"
            " OR (kind = 'ERASURE' AND case_id IS NOT NULL AND ciphertext IS NULL)"
            " OR (kind = 'PURGE' AND end_time IS NOT NULL AND ciphertext IS NULL)",
            name="journal_kind",
        ),
    )
    op.create_index("journal_case", "journal", ["case_id"])
    op.create_index("journal_time", "journal", ["time"])
    purges = sa.text("kind = 'PURGE'")
    op.create_index("journal_purge", "journal", ["sequence"], sqlite_where=purges, postgresql_where=purges)
    if op.get_bind().dialect.name == "postgresql":
        protect_on_postgresql()
    else:
        protect_on_sqlite()


def sealed_columns() -> str:
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns("journal")]
    return ", ".join(f'"{name}"' for name in columns if name != "ciphertext")


def protect_on_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END"
    op.execute(f"CREATE TRIGGER journal_kept BEFORE DELETE ON journal {refuse}")
    op.execute(f"CREATE TRIGGER journal_frozen BEFORE UPDATE OF {sealed_columns()} ON journal {refuse}")
    op.execute(
        "CREATE TRIGGER journal_purged BEFORE UPDATE OF ciphertext ON journal "
        f"WHEN NEW.ciphertext IS NOT NULL OR NOT {PURGED} {refuse}"
    )


def protect_on_postgresql() -> None:
    refuse = "RAISE EXCEPTION 'journal is append-only' USING ERRCODE = 'integrity_constraint_violation';"
    op.execute(
        f"CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse} END $$"
    )
    op.execute(
        "CREATE FUNCTION journal_purge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NEW.ciphertext IS NOT NULL OR NOT {PURGED} THEN {refuse} END IF; RETURN NEW; END $$"
    )
    row, refused = "FOR EACH ROW", "EXECUTE FUNCTION journal_refuse()"
    op.execute(f"CREATE TRIGGER journal_kept BEFORE DELETE ON journal {row} {refused}")
    op.execute(
        f"CREATE TRIGGER journal_frozen BEFORE UPDATE OF {sealed_columns()} ON journal {row} {refused}"
    )
    op.execute(
        f"CREATE TRIGGER journal_purged BEFORE UPDATE OF ciphertext ON journal {row} "
        "EXECUTE FUNCTION journal_purge()"
    )
    op.execute(f"CREATE TRIGGER journal_whole BEFORE TRUNCATE ON journal {refused}")
