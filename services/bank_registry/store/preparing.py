"""Makes the store and its keys ready before anything serves, then opens them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import inspect, select

from services.bank_registry.store import tables
from services.bank_registry.store.concealing import adopt_requests, conceal
from services.bank_registry.store.loading import redacted_keys
from services.bank_registry.store.snapshot import AUDIT_CHAIN, RegistryStore
from services.bank_registry.store.texts import is_stored, key_of
from services.kit.errors import StartupError
from services.kit.store import (
    CLOCK_CHAIN,
    HEAD_SIGNATURES,
    PAGE_TOKENS,
    AnchoredStore,
    Audit,
    Database,
    Erasing,
    KeyPlan,
    KeyStore,
    audit_chain,
    database,
    open_clock,
    open_ring,
    prepare_keys,
    prepare_ring,
    seal_from_beginning,
    verify_audit,
    verify_clock,
)

MIGRATIONS = Path(__file__).parent / "migrations"

STORE_KEYS = KeyPlan(
    "la base du registre",
    (AUDIT_CHAIN, CLOCK_CHAIN, PAGE_TOKENS, HEAD_SIGNATURES),
    chains={AUDIT_CHAIN: verify_audit(tables.audit), CLOCK_CHAIN: verify_clock},
    opened={AUDIT_CHAIN: partial(audit_chain, tables.audit), CLOCK_CHAIN: open_clock},
)
"""The keys that the store keeps."""


@dataclass(frozen=True)
class Places:
    """Where the registry is, and the keys of its texts; `accept_lost_keys` does without those that are
    lost."""

    url: str
    keys_url: str
    master_key_file: Path
    epochs: Path
    accept_lost_keys: bool = False

    @contextmanager
    def opened(self) -> Iterator[RegistryStore]:
        """The store, which was prepared, until the end."""
        store, keys = Database(self.url), Database(self.keys_url)
        try:
            yield self.store(store, keys)
        finally:
            store.dispose()
            keys.dispose()

    def store(self, store: Database, keys: Database) -> RegistryStore:
        """The store of two databases that were prepared."""
        ring = open_ring(store, self.master_key_file, STORE_KEYS.owner)
        return RegistryStore(store, ring, self.key_store(keys))

    def key_store(self, keys: Database) -> KeyStore:
        """The keys of the texts."""
        return KeyStore(keys, self.master_key_file, self.epochs)


def migrate(url: str) -> None:
    """Creates or upgrades the store."""
    database.migrate(url, MIGRATIONS)


def prepare_store(places: Places, anchored: AnchoredStore | None = None) -> None:
    """Creates or upgrades the store and its keys, once it is found to follow its anchored heads;
    StartupError."""
    migrate(places.url)
    store, keys = Database(places.url), Database(places.keys_url)
    try:
        prepare_ring(store, places.master_key_file, STORE_KEYS)
        prepare_keys(places.keys_url, places.master_key_file, places.epochs)
        file, owner = places.master_key_file, STORE_KEYS.owner
        audit = Audit(tables.audit, open_ring(store, file, owner).seal(AUDIT_CHAIN))
        adopt_requests(store, audit)
        if anchored:
            anchored.check()
        texts = places.key_store(keys)
        seal_anew = partial(seal_from_beginning, file=file, purpose=AUDIT_CHAIN, owner=owner)
        if not places.accept_lost_keys:
            _check_keys(store, texts)
            if conceal(store, texts, audit, seal_anew) and anchored:
                anchored.replace("service")
        _redact_again(store, texts)
    finally:
        store.dispose()
        keys.dispose()


def uses_keys(url: str) -> bool:
    """Whether a registry has texts under keys: one of an earlier version has its key database begun beside
    it."""
    store = Database(url)
    try:
        with store.read() as connection:
            if not inspect(connection).has_table(tables.redacted_key.name):
                return False
        return _last_text(store) != ""
    finally:
        store.dispose()


def _last_text(store: Database) -> str:
    """The last text that was kept under a key, if any."""
    revision = tables.revision.c
    query = select(revision.reason).where(revision.reason != "").order_by(revision.revision.desc()).limit(1)
    with store.read() as connection:
        found = connection.scalar(query)
    return found if found and is_stored(found) else ""


def _check_keys(store: Database, keys: KeyStore) -> None:
    """StartupError when the key database has never had the key of the last text."""
    last = _last_text(store)
    if last and not keys.known([key_of(last)]):
        raise StartupError(
            "La base des clés est plus ancienne que celle du registre, ou en est une autre : remettez la "
            "bonne en place. Si elle est perdue, BANK_REGISTRY_ACCEPT_LOST_KEYS=true démarre sans elle, et "
            "les motifs et les contacts déjà écrits seront illisibles."
        )


def _redact_again(store: Database, keys: KeyStore) -> None:
    """Destroys the keys of what was redacted that a restored backup has brought back."""
    with store.read() as connection:
        gone = redacted_keys(connection)
    if back := keys.keys(gone):
        with store.write() as connection:
            Erasing(store, tables.pending_erasure, keys).plan(connection, back, datetime.now(UTC))
