"""The registry in memory, as fresh as its store."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from services.bank_registry.registry import Registry
from services.bank_registry.store import tables
from services.bank_registry.store.loading import follow, load
from services.bank_registry.store.writes import Edit, adopt_requests, edit
from services.kit import context
from services.kit.errors import Unavailable
from services.kit.store import (
    CLOCK_CHAIN,
    HEAD_SIGNATURES,
    PAGE_TOKENS,
    Audit,
    KeyPlan,
    KeyRing,
    audit_chain,
    database,
    open_clock,
    open_ring,
    prepare_ring,
    verify_audit,
    verify_clock,
)

MIGRATIONS = Path(__file__).parent / "migrations"


AUDIT_CHAIN = "audit chain"
"""The purpose of the key that seals the audit."""

STORE_KEYS = KeyPlan(
    "la base du registre",
    (AUDIT_CHAIN, CLOCK_CHAIN, PAGE_TOKENS, HEAD_SIGNATURES),
    chains={AUDIT_CHAIN: verify_audit(tables.audit), CLOCK_CHAIN: verify_clock},
    opened={AUDIT_CHAIN: partial(audit_chain, tables.audit), CLOCK_CHAIN: open_clock},
)
"""The keys that the store keeps."""


def migrate(url: str) -> None:
    """Creates or upgrades the store."""
    database.migrate(url, MIGRATIONS)


def prepare_store(url: str, master_key_file: Path) -> None:
    """Creates or upgrades the store and its keys; StartupError."""
    migrate(url)
    store = database.Database(url)
    try:
        prepare_ring(store, master_key_file, STORE_KEYS)
        seal = open_ring(store, master_key_file, STORE_KEYS.owner).seal(AUDIT_CHAIN)
        adopt_requests(store, Audit(tables.audit, seal))
    finally:
        store.dispose()


class RegistryStore:
    """Reads come from an immutable snapshot, replaced when the store has changed; writes are audited, under
    the keys of a ring."""

    def __init__(self, store: database.Database, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
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
        with edit(self._store, self.audit, keep=keep, known=self.registry()) as session:
            yield session

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
            return load(connection) if registry is None else follow(connection, registry)
