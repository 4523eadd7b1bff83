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
from services.kit.releases import RELEASE_CHAIN, open_releases, verify_releases
from services.kit.store import (
    CLOCK_CHAIN,
    HEAD_SIGNATURES,
    PAGE_TOKENS,
    Chain,
    ChainSeal,
    KeyPlan,
    open_clock,
    verify_clock,
)

JOURNAL_CHAIN = "journal chain"
"""The purpose of the key that seals the journal."""

# The number names the lock of the chain in PostgreSQL, shared by every replica: it may never change.
_LOCK = 5230817729160483911


def open_journal(seal: ChainSeal) -> Chain:
    """The chain of the journal, under a seal."""
    # The ciphertext is sealed by its hash, so that a purge can take it away and leave the chain whole.
    return Chain(journal, seal, lock=_LOCK, unsealed=("ciphertext",))


class JournalChain:
    """The records of the journal, one after another, under a seal."""

    def __init__(self, seal: ChainSeal) -> None:
        self._chain = open_journal(seal)

    def head(self, connection: Connection, *, lock: bool = False) -> Head:
        """The last record; `lock` makes the other writers wait until the transaction ends."""
        return self._chain.head(connection, lock=lock)

    def append(self, connection: Connection, last: Head, records: Sequence[Mapping[str, Any]]) -> Head:
        """Adds records after the head, which the caller locked; FailedPrecondition when it was altered into
        something that is not a seal."""
        if not is_hash(last.hash):
            text = (
                "La fin du journal a été altérée dans la base : aucune décision ne peut la suivre ; "
                "vérifiez-le."
            )
            raise FailedPrecondition("JOURNAL_DAMAGED", text, metadata={"sequence": str(last.sequence)})
        return self._chain.append(connection, last, records)

    def verify(self, connection: Connection, expected: Head | None = None) -> Verification:
        """Reads every record; with a head kept from an earlier day, a removed end is found too. The end has
        no hash when it was altered into something else."""
        is_whole = partial(_has_its_content, _purges(connection))
        return self._chain.verify(connection, expected, is_whole=is_whole)


STORE_KEYS = KeyPlan(
    "la base du journal",
    (JOURNAL_CHAIN, RELEASE_CHAIN, CLOCK_CHAIN, PAGE_TOKENS, HEAD_SIGNATURES),
    chains={
        JOURNAL_CHAIN: lambda connection, seal: JournalChain(seal).verify(connection),
        RELEASE_CHAIN: verify_releases,
        CLOCK_CHAIN: verify_clock,
    },
    opened={JOURNAL_CHAIN: open_journal, RELEASE_CHAIN: open_releases, CLOCK_CHAIN: open_clock},
)
"""The keys that the store of rulesets and decisions keeps."""


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
