"""The chain of the journal: appending under the lock, and verifying."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, text

from services.eligibility.answer import Head, Verification
from services.eligibility.store.tables import DECISION, PURGE, journal
from services.kit.canonical import GENESIS, chained, is_hash
from services.kit.context import check_deadline
from services.kit.errors import FailedPrecondition
from services.kit.store import SQLITE_BUSY_SECONDS

SEALED_VERSION = 1
"""Version of the sealed form: another set of columns, or another text of them, is another version."""

_UNSEALED = ("ciphertext", "prev_hash", "hash")
_SEALED = tuple(column.name for column in journal.columns if column.name not in _UNSEALED)
_COLUMNS = ", ".join((*_SEALED, *_UNSEALED))
_LOCK = text("SELECT pg_advisory_xact_lock(5230817729160483911)")  # the same number in every process
_LOCK_TIMEOUT = text(f"SET LOCAL lock_timeout = '{SQLITE_BUSY_SECONDS}s'")
_BATCH = 500

Record = Mapping[str, Any]
"""Values of a row by column; those left out are null."""


def head(connection: Connection, *, lock: bool = False) -> Head:
    """The last record; `lock` makes the other writers of the journal wait until the transaction ends, as long
    as SQLite makes them wait."""
    if lock and connection.dialect.name == "postgresql":
        connection.execute(_LOCK_TIMEOUT)
        connection.execute(_LOCK)
    query = select(journal.c.sequence, journal.c.hash).order_by(journal.c.sequence.desc()).limit(1)
    row = connection.execute(query).first()
    return Head(row.sequence, row.hash) if row else Head(0, GENESIS)


def append(connection: Connection, last: Head, records: Sequence[Record]) -> Head:
    """Adds records after the head, which the caller locked; FailedPrecondition when it was altered into
    something that is not a seal."""
    if not is_hash(last.hash):
        text = (
            "La fin du journal a été altérée dans la base : aucune décision ne peut la suivre ; vérifiez-le."
        )
        raise FailedPrecondition("JOURNAL_DAMAGED", text, metadata={"sequence": str(last.sequence)})
    rows = []
    for record in records:
        row = {**dict.fromkeys(journal.columns.keys()), **record, "sequence": last.sequence + 1}
        sealed = _seal(last.hash, row)
        rows.append({**row, "prev_hash": last.hash, "hash": sealed})
        last = Head(last.sequence + 1, sealed)
    if rows:
        connection.execute(insert(journal), rows)
    return last


def verify(connection: Connection, expected: Head | None = None) -> Verification:
    """Reads every record; with a head kept from an earlier day, a removed end and a full rewrite are found
    too. The end has no hash when it was altered into something else."""
    purges = _purges(connection)
    last, count = Head(0, GENESIS), 0
    broken = 0
    # Raw SQL: a value that is not of its column's type must be found, not stop the reading.
    rows = connection.execution_options(yield_per=_BATCH).execute(
        text(f"SELECT {_COLUMNS} FROM journal ORDER BY sequence")  # noqa: S608 - names of columns
    )
    for row in map(dict, rows.mappings()):
        if count % _BATCH == 0:
            check_deadline()
        count += 1
        if broken:
            continue
        if _is_whole(row, last, purges) and not _differs(row, expected):
            last = Head(row["sequence"], row["hash"])
        else:
            broken = last.sequence + 1
    if not broken and expected and last.sequence < expected.sequence:
        broken = last.sequence + 1
    return Verification(broken, count, head(connection))


def _purges(connection: Connection) -> list[tuple[int, str]]:
    """Rank and bound of each purge; those that are forged break the chain."""
    query = select(journal.c.sequence, journal.c.end_time).where(journal.c.kind == PURGE)
    return [(row.sequence, row.end_time) for row in connection.execute(query)]


def _differs(row: Record, expected: Head | None) -> bool:
    return expected is not None and row["sequence"] == expected.sequence and row["hash"] != expected.hash


def _is_whole(row: Record, last: Head, purges: Iterable[tuple[int, str]]) -> bool:
    """True when a record follows the last one and says what was sealed."""
    try:
        sealed = _seal(last.hash, row)
        follows = (row["sequence"], row["prev_hash"], row["hash"]) == (last.sequence + 1, last.hash, sealed)
        return follows and _has_its_content(row, purges)
    except TypeError:  # a value that is not of its column's type
        return False


def _has_its_content(row: Record, purges: Iterable[tuple[int, str]]) -> bool:
    content = row["ciphertext"]
    if row["kind"] != DECISION:
        return content is None
    if content is None:
        return any(sequence > row["sequence"] and end > row["time"] for sequence, end in purges)
    return isinstance(content, bytes) and hashlib.sha256(content).hexdigest() == row["content_hash"]


def _seal(previous: str, row: Record) -> str:
    sealed = {name: _plain(row[name]) for name in _SEALED}
    return chained(previous, {"version": SEALED_VERSION, **sealed})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
