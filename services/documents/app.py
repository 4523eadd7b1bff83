"""The documents application: the store and the packages are made ready once, then opened in every worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from services.documents.api import (
    Converter,
    DocumentServicer,
    DocumentStoreServicer,
    Maker,
    Stored,
    TemplateServicer,
    Verifier,
    package_kinds,
)
from services.documents.config import Settings
from services.documents.making import Seal
from services.documents.messages import DOMAIN
from services.documents.publishing import Deployments, Packages
from services.documents.publishing import prepare as prepare_packages
from services.documents.render import keep_in
from services.documents.store import (
    AUDIT_CHAIN,
    SEALS,
    SEALS_NAME,
    STORE_KEYS,
    DocumentStore,
    check_keys,
    encrypt_anew,
    migrate,
    uses_keys,
)
from services.kit.access import AccessKeeping, CaseBook
from services.kit.releases import (
    RELEASE_CHAIN,
    Candidates,
    ReleaseServicer,
    ReleaseStore,
    TrustStore,
    Turns,
    in_force,
)
from services.kit.serve import App, Registration, all_of, registration
from services.kit.store import (
    PAGE_TOKENS,
    Database,
    KeyStore,
    StoreClock,
    StoreSet,
    database_part,
    derives_keys,
    master_key_part,
    open_ring,
    prepare_keys,
    prepare_ring,
)

ROLES = Path(__file__).with_name("roles.toml")
"""Who may call what."""


def make_app(settings: Settings) -> App:
    """The application of these settings."""
    packages, turns = Packages(settings.plan_cache_bytes), Turns()
    opened: list[DocumentStore] = []  # the store of this worker, once it is built

    def build() -> Sequence[Registration]:
        database = Database(settings.database_url)
        ring = open_ring(database, settings.master_key_file, STORE_KEYS.owner)
        deployments = Deployments(ReleaseStore(database, ring.seal(RELEASE_CHAIN)), packages, package_kinds)
        deployments.start()
        candidates = Candidates(deployments.releases, turns)
        key = ring.key(PAGE_TOKENS)
        keys_database = Database(settings.keys_database_url)
        keys = _key_store(settings, keys_database)
        store = DocumentStore(database, keys, ring.seal(AUDIT_CHAIN), settings.retention_days)
        store.erasing.start()
        opened.append(store)
        clock = StoreClock(database, store.purge)
        clock.start()
        seal = Seal(ring.key(SEALS), ring.key(SEALS_NAME))
        stored = Stored(store, settings.retention_days)
        converter = Converter(settings.pdf_address, settings.tls_files())
        maker = Maker(deployments, store, converter, seal, settings.retention_days)
        limit = settings.max_document_bytes
        return (
            registration(DocumentServicer(maker, stored, limit), deployments.releases.check_in_force),
            registration(
                DocumentStoreServicer(stored, Verifier(deployments, store, seal), key, limit),
                all_of(database.check_writable, keys_database.check_writable),
                reserve=clock.detail,
            ),
            registration(TemplateServicer(deployments, candidates)),
            registration(ReleaseServicer(deployments.releases, candidates, key), database.check_writable),
        )

    return App(
        "documents",
        DOMAIN,
        lambda: prepare(settings, packages),
        build,
        ROLES,
        store_set(settings),
        _keeping(settings, opened),
        settings.anchored(STORE_KEYS),
        rules=lambda: in_force(settings.database_url, settings.master_key_file, STORE_KEYS.owner),
    )


def _keeping(settings: Settings, opened: Sequence[DocumentStore]) -> AccessKeeping:
    """The journal of accesses, and what the store of a worker, `opened` by then, says of cases."""
    book = CaseBook(
        lambda reference: bool(opened[-1].of_case(reference)),
        lambda reference: opened[-1].case_tag(reference),
    )
    return AccessKeeping(settings.access_place(), book)


def store_set(settings: Settings) -> StoreSet:
    """All that the service keeps."""
    documents = database_part("la base des documents", settings.database_url, "document")
    keys = database_part(
        "la base des clés",
        settings.keys_database_url,
        "case_key",
        loss_accepted=settings.accept_lost_keys,
    )

    def began() -> bool:
        """A store whose documents use no key yet has its key database begun beside it."""
        return not documents.exists() or uses_keys(settings.database_url)

    return settings.stores(documents, replace(keys, began=began), master_key_part(settings.master_key_file))


def open_trust(settings: Settings) -> TrustStore:
    """The keys and the policy of the store of packages, which must exist; StartupError."""
    return settings.trust(store_set(settings), STORE_KEYS)


def prepare(settings: Settings, packages: Packages) -> None:
    """What the master does before the workers start: the store, the master key, the shipped packages."""
    if settings.compiled_directory is not None:
        keep_in(settings.compiled_directory)
    migrate(settings.database_url)
    database = Database(settings.database_url)
    try:
        prepare_keys(
            settings.keys_database_url,
            settings.master_key_file,
            settings.epochs_directory,
            derived=derives_keys(database),
        )
        prepare_ring(database, settings.master_key_file, STORE_KEYS)
        _prepare_documents(settings, database)
        ring = open_ring(database, settings.master_key_file, STORE_KEYS.owner)
        settings.anchored(STORE_KEYS).check()
        seal = ring.seal(RELEASE_CHAIN)
        TrustStore(database, seal).settle(settings.wanted())
        deployments = Deployments(ReleaseStore(database, seal), packages, package_kinds)
        prepare_packages(deployments, settings.templates_directory, settings.profiles_directory)
    finally:
        database.dispose()


def _key_store(settings: Settings, keys: Database) -> KeyStore:
    return KeyStore(keys, settings.master_key_file, settings.epochs_directory)


def _prepare_documents(settings: Settings, database: Database) -> None:
    """Refuses keys that are not those of the documents; gives one to each document that has none."""
    keys = Database(settings.keys_database_url)
    try:
        store = _key_store(settings, keys)
        if not settings.accept_lost_keys:
            check_keys(database, store)
        encrypt_anew(database, store, settings.master_key_file)
    finally:
        keys.dispose()
