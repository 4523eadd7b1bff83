"""The chain of the journal: appending under the lock, and verifying."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from services.eligibility.store.tables import DECISION, PURGE, journal
from services.kit.canonical import Head, Verification, is_hash
from services.kit.errors import FailedPrecondition
from services.kit.store import Chain

# The number names the lock of the chain in PostgreSQL, shared by every replica: it may never change. The
# ciphertext is sealed by its hash, so that a purge can take it away and leave the chain whole.
_CHAIN = Chain(journal, lock=5230817729160483911, unsealed=("ciphertext",))

head = _CHAIN.head


def append(connection: Connection, last: Head, records: Sequence[Mapping[str, Any]]) -> Head:
    """Adds records after the head, which the caller locked; FailedPrecondition when it was altered into
    something that is not a seal."""
    if not is_hash(last.hash):
        text = (
            "La fin du journal a été altérée dans la base : aucune décision ne peut la suivre ; vérifiez-le."
        )
        raise FailedPrecondition("JOURNAL_DAMAGED", text, metadata={"sequence": str(last.sequence)})
    return _CHAIN.append(connection, last, records)


def verify(connection: Connection, expected: Head | None = None) -> Verification:
    """Reads every record; with a head kept from an earlier day, a removed end and a full rewrite are found
    too. The end has no hash when it was altered into something else."""
    return _CHAIN.verify(connection, expected, is_whole=partial(_has_its_content, _purges(connection)))


def _purges(connection: Connection) -> list[tuple[int, str]]:
    """Rank and bound of each purge; those that are forged break the chain."""
    query = select(journal.c.sequence, journal.c.end_time).where(journal.c.kind == PURGE)
    return [(row.sequence, row.end_time) for row in connection.execute(query)]


def _has_its_content(purges: Iterable[tuple[int, str]], row: Mapping[str, Any]) -> bool:
    content = row["ciphertext"]
    if row["kind"] != DECISION:
        return content is None
    if content is None:
        return any(sequence > row["sequence"] and end > row["time"] for sequence, end in purges)
    return isinstance(content, bytes) and hashlib.sha256(content).hexdigest() == row["content_hash"]
