"""The registry in memory, as fresh as its store."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from services.bank_registry.registry import Registry, StateChange
from services.bank_registry.store import tables
from services.bank_registry.store.loading import changes, changes_of, follow, load
from services.bank_registry.store.texts import Texts
from services.bank_registry.store.writes import Edit, edit
from services.kit import context
from services.kit.errors import Unavailable
from services.kit.store import CLOCK_CHAIN, PAGE_TOKENS, Audit, Database, Erasing, KeyRing, KeyStore

AUDIT_CHAIN = "audit chain"
"""The purpose of the key that seals the audit."""


class RegistryStore:
    """Reads come from an immutable snapshot, replaced when the store has changed; writes are audited, under
    the keys of a ring."""

    def __init__(self, store: Database, ring: KeyRing, keys: KeyStore) -> None:
        self._store = store
        self._ring = ring
        self.texts = Texts(keys)
        self.erasing = Erasing(store, tables.pending_erasure, keys)
        self.audit = Audit(tables.audit, ring.seal(AUDIT_CHAIN))
        self.clock_audit = Audit(tables.clock_audit, ring.seal(CLOCK_CHAIN))
        self._lock = threading.Lock()
        self._seen: tuple[bytes, Registry] | None = None
        self._seen_at = 0.0

    def registry(self, min_state_number: int = 0) -> Registry:
        """The registry, never older than a write that this process could see (1 second for PostgreSQL).

        A `min_state_number` not reached makes it look again at once; the caller compares. While the store
        does not answer, the last snapshot does, and tells its age.
        """
        try:
            registry = self._at(self._store.data_version())
        except Unavailable:
            if self._seen is None or self._seen[1].state_number < min_state_number:
                raise
            context.tell_age(time.monotonic() - self._seen_at)
            return self._seen[1]
        if registry.state_number < min_state_number:
            registry = self._at(self._store.data_version(fresh=True))
        return registry

    @contextmanager
    def edit(self, *, keep: bool = True) -> Iterator[Edit]:
        """A write transaction that reads only what changed since this snapshot."""
        known = self.registry()
        with edit(self._store, self.audit, self.texts, self.erasing, keep=keep, known=known) as session:
            yield session

    def changes(self, first: int, last: int) -> list[StateChange]:
        """The states from `first` to `last`, both included, in order."""
        with self._store.read() as connection:
            return changes(connection, self.texts, first, last)

    def changes_of(self, bank_id: str, last: int) -> list[StateChange]:
        """The states, up to `last`, that changed a lender or what it holds, latest first; without names."""
        with self._store.read() as connection:
            return changes_of(connection, self.texts, bank_id, last)

    @contextmanager
    def read(self, *, any_text: bool = False) -> Iterator[Connection]:
        """A read-only transaction, for what the snapshot does not hold; `any_text` as for a Database."""
        with self._store.read(any_text=any_text) as connection:
            yield connection

    def page_key(self) -> bytes:
        """The key that seals page tokens, the same for every worker and restart."""
        return self._ring.key(PAGE_TOKENS)

    def _at(self, mark: bytes) -> Registry:
        """The registry at a mark of the store, or later."""
        now = time.monotonic()
        seen = self._seen
        if seen is None or seen[0] != mark:
            with self._lock:
                if self._seen is None or self._seen[0] != mark:
                    self._seen = (mark, self._newer(self._seen and self._seen[1]))
                seen = self._seen
        self._seen_at = now
        return seen[1]

    def _newer(self, registry: Registry | None) -> Registry:
        with self._store.read() as connection:
            if registry is None:
                return load(connection, self.texts)
            return follow(connection, self.texts, registry)
