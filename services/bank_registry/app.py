"""The service put together: its store, its geography, its place on the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from services.bank_registry.api import (
    Auditor,
    BankEditingServicer,
    BankRegistryServicer,
    EnvelopeServicer,
    Exporter,
    Importer,
    Redactor,
    RegistryAdminServicer,
)
from services.bank_registry.config import Settings
from services.bank_registry.registry import Geography
from services.bank_registry.store import (
    AUDIT_CHAIN,
    STORE_KEYS,
    RegistryStore,
    prepare_store,
    uses_keys,
)
from services.kit import context
from services.kit.access import AccessKeeping, CaseBook
from services.kit.serve import App, Registration, all_of, registration
from services.kit.store import (
    Database,
    StoreClock,
    StoreSet,
    database_part,
    holds_key,
    master_key_part,
)

DOMAIN = "bankregistry.microcredit"
LOAD_SECONDS = 60.0
"""How long the registry of a worker that starts may take to load."""

ROLES = Path(__file__).with_name("roles.toml")
"""Who may call what."""


def make_app(settings: Settings) -> App:
    """The service with its settings."""
    anchored = settings.anchored(STORE_KEYS)

    def prepare() -> None:
        prepare_store(settings.places(), anchored)
        Geography.load()  # before the fork: the workers share its memory

    opened: list[RegistryStore] = []
    """The store of this worker, once it is built."""

    def build() -> Sequence[Registration]:
        database = Database(settings.database_url)
        clock = StoreClock(database)
        clock.start()
        keys = Database(settings.keys_database_url)
        store, geography = settings.places().store(database, keys), Geography.load()
        store.erasing.start()
        writable = all_of(database.check_writable, keys.check_writable)
        with context.limit(LOAD_SECONDS):
            store.registry()  # what serves has a state to answer from, whatever becomes of the store
        opened.append(store)
        importer, exporter = Importer(store, geography), Exporter(store)
        admin = RegistryAdminServicer(importer, exporter, Auditor(store), Redactor(store))
        return [
            registration(BankRegistryServicer(store, geography, DOMAIN)),
            registration(BankEditingServicer(store, geography), writable),
            registration(EnvelopeServicer(store, geography), writable, reserve=clock.detail),
            registration(admin, writable),
        ]

    book = CaseBook(lambda reference: opened[-1].registry().has_case(reference))
    keeping = AccessKeeping(settings.access_place(), book)
    return App("bank_registry", DOMAIN, prepare, build, ROLES, store_set(settings), keeping, anchored)


def store_set(settings: Settings) -> StoreSet:
    """All that the service keeps; a registry of an earlier version has no keys yet."""
    keyless = not holds_key(settings.database_url, AUDIT_CHAIN)
    lost = settings.accept_lost_keys
    registry = database_part("la base du registre", settings.database_url, "bank")
    keys = database_part("la base des clés", settings.keys_database_url, "case_key", loss_accepted=lost)

    def began() -> bool:
        return not registry.exists() or uses_keys(settings.database_url)

    return settings.stores(
        registry,
        replace(keys, began=began),
        master_key_part(settings.master_key_file, loss_accepted=keyless),
    )
