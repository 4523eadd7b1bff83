"""The eligibility application: the master makes stores and rules ready once, then every worker opens them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

from services.eligibility.api import (
    DOMAIN,
    DecisionServicer,
    EligibilityServicer,
    LoanServicer,
    RulesetServicer,
    ShadowRunner,
    ruleset_kind,
)
from services.eligibility.config import SHIPPED_PACKAGE, Settings
from services.eligibility.engine import UncompilableError, try_package
from services.eligibility.package import RulePackage, read_folder, read_package, read_package_identity
from services.eligibility.publishing import Deployments, unvoted
from services.eligibility.store import JOURNAL_CHAIN, STORE_KEYS, Journal, ShadowStore, migrate
from services.kit.access import AccessKeeping, CaseBook
from services.kit.dates import today
from services.kit.errors import DomainError, StartupError
from services.kit.findings import PackageError
from services.kit.releases import (
    RELEASE_CHAIN,
    Candidate,
    Candidates,
    Contents,
    PackageDamagedError,
    ReleaseServicer,
    ReleaseStore,
    TrustStore,
    Turns,
    digest,
    in_force,
)
from services.kit.serve import App, Registration, all_of, registration
from services.kit.store import (
    PAGE_TOKENS,
    Database,
    KeyRing,
    KeyStore,
    StoreClock,
    StoreSet,
    database_part,
    master_key_part,
    open_ring,
    prepare_keys,
    prepare_ring,
)

ROLES = Path(__file__).with_name("roles.toml")
"""Who may call what."""

log = structlog.get_logger()


def make_app(settings: Settings) -> App:
    """The application of these settings."""
    read: dict[str, RulePackage] = {}
    turns = Turns()
    opened: list[Journal] = []  # the journal of this worker, once it is built

    def build() -> Sequence[Registration]:
        database = Database(settings.database_url)
        ring = open_ring(database, settings.master_key_file, STORE_KEYS.owner)
        deployments = Deployments(ReleaseStore(database, ring.seal(RELEASE_CHAIN)), ruleset_kind(read))
        deployments.start()
        keys_database = Database(settings.keys_database_url)
        keys = _key_store(settings, keys_database)
        journal = Journal(database, keys, ring.seal(JOURNAL_CHAIN))
        journal.erasing.start()
        opened.append(journal)
        clock = StoreClock(database)
        clock.start()
        writable = all_of(database.check_writable, keys_database.check_writable)
        shadows = ShadowStore(database)
        sealing = ring.key(PAGE_TOKENS)
        candidates = Candidates(deployments.releases, turns)
        ShadowRunner(deployments, journal, shadows).start()
        return (
            registration(
                EligibilityServicer(deployments, journal),
                all_of(writable, deployments.releases.check_in_force),
            ),
            registration(LoanServicer(deployments)),
            registration(
                RulesetServicer(deployments, journal, shadows, sealing, turns), database.check_writable
            ),
            registration(ReleaseServicer(deployments.releases, candidates, sealing), database.check_writable),
            registration(DecisionServicer(deployments, journal, sealing), writable, reserve=clock.detail),
        )

    return App(
        "eligibility",
        DOMAIN,
        lambda: read.update(told_unvoted(prepare(settings))),
        build,
        ROLES,
        store_set(settings),
        _keeping(settings, opened),
        settings.anchored(STORE_KEYS),
        rules=lambda: in_force(settings.database_url, settings.master_key_file, STORE_KEYS.owner),
    )


def _keeping(settings: Settings, opened: Sequence[Journal]) -> AccessKeeping:
    """The journal of accesses, and what the store of a worker, `opened` by then, says of cases."""
    book = CaseBook(lambda reference: opened[-1].has_case(reference))
    return AccessKeeping(settings.access_place(), book)


def store_set(settings: Settings) -> StoreSet:
    """All that the service keeps; the keys alone may be lost, and their loss accepted."""
    lost = settings.accept_lost_keys
    return settings.stores(
        database_part("la base des règlements et du journal", settings.database_url, "journal"),
        database_part("la base des clés", settings.keys_database_url, "case_key", loss_accepted=lost),
        master_key_part(settings.master_key_file, loss_accepted=lost),
    )


def open_trust(settings: Settings) -> TrustStore:
    """The keys and the policy of the store of rulesets, which must exist; StartupError."""
    return settings.trust(store_set(settings), STORE_KEYS)


def prepare(settings: Settings) -> dict[str, RulePackage]:
    """Makes the stores ready, publishes and activates the first ruleset, tries the rules in force; gives
    these, by digest."""
    migrate(settings.database_url)
    prepare_keys(settings.keys_database_url, settings.master_key_file, settings.epochs_directory)
    database = Database(settings.database_url)
    try:
        prepare_ring(database, settings.master_key_file, STORE_KEYS)
        ring = open_ring(database, settings.master_key_file, STORE_KEYS.owner)
        settings.anchored(STORE_KEYS).check()
        _prepare_journal(settings, database, ring)
        TrustStore(database, ring.seal(RELEASE_CHAIN)).settle(settings.wanted())
        store = ReleaseStore(database, ring.seal(RELEASE_CHAIN))
        if not store.state().releases:
            return _seed(store, settings.package_directory)
        if settings.package_directory != SHIPPED_PACKAGE:
            log.warning("package_directory_ignored", reason="the store holds rulesets already")
        _tell_older(store)
        return _tried(store)
    finally:
        database.dispose()


def told_unvoted(read: dict[str, RulePackage]) -> dict[str, RulePackage]:
    """The same rulesets in force, once the log has each of their values that waits for a vote."""
    for package in read.values():
        identity = package.identity
        for one in unvoted(package, today()):
            log.warning(
                "unvoted_value",
                ruleset=f"{identity.id} {identity.version}",
                place=str(one.place),
                sentence=one.sentence,
            )
    return read


def _key_store(settings: Settings, keys: Database) -> KeyStore:
    return KeyStore(keys, settings.master_key_file, settings.epochs_directory)


def _prepare_journal(settings: Settings, database: Database, ring: KeyRing) -> None:
    """Refuses keys that are not those of the journal; what was erased stays so after a restored backup."""
    keys = Database(settings.keys_database_url)
    try:
        journal = Journal(database, _key_store(settings, keys), ring.seal(JOURNAL_CHAIN))
        if not settings.accept_lost_keys:
            journal.check_keys()
        journal.reapply_removals()
    finally:
        keys.dispose()


def _seed(store: ReleaseStore, folder: Path) -> dict[str, RulePackage]:
    """Publishes and activates the first ruleset; StartupError with every finding."""
    try:
        contents = read_folder(folder)
        package = _accepted(contents)
        identity = package.identity
        period = identity.validity
        candidate = Candidate(identity.id, identity.version, period.first, period.last, contents)
        store.ship(candidate)
        return {package.digest: package}
    except PackageError as error:
        lines = [f"- {finding}" for finding in error.findings]
        raise StartupError("\n".join([f"Le paquet de règles {folder} est refusé :", *lines])) from None
    except UncompilableError as error:
        raise StartupError(f"Le paquet de règles {folder} est refusé : {error}") from None
    except DomainError as error:
        if error.reason == "SIGNATURE_REFUSED":
            raise StartupError(_unsigned(folder)) from None
        raise StartupError(f"Le paquet de règles {folder} est refusé : {error.message}") from error


def _tell_older(store: ReleaseStore) -> None:
    """Says that the store holds the shipped version with another content: it keeps the one that it
    published."""
    contents = read_folder(SHIPPED_PACKAGE)
    shipped, identity = digest(contents), read_package_identity(contents)
    for release in store.state().releases:
        same = (release.name, release.version) == (identity.id, identity.version)
        if same and release.digest != shipped:
            log.warning(
                "shipped_ruleset_differs",
                version=identity.version,
                held=release.digest,
                shipped=shipped,
                reason="the store keeps the content that it published under this version",
            )


def _unsigned(folder: Path) -> str:
    """What to do at a first start whose policy asks for signatures."""
    return (
        f"Le règlement de départ {folder} doit être signé par une clé acceptée : signez-en une copie "
        f"(eligibility sign {folder} --key CLÉ --out DOSSIER), puis démarrez avec "
        "ELIGIBILITY_PACKAGE_DIRECTORY=DOSSIER."
    )


def _tried(store: ReleaseStore) -> dict[str, RulePackage]:
    """The rules in force, compiled in a child process first: what crashes the engine must not crash the
    workers."""
    state = store.state()
    usable: dict[str, RulePackage] = {}
    digests = {span.digest for release in state.releases for span in state.timeline(release.name)}
    for one in sorted(digests):
        try:
            usable[one] = _accepted(store.contents(one))
        except (PackageDamagedError, PackageError, UncompilableError) as error:
            log.error("ruleset_unusable", digest=one, error=type(error).__name__)
    return usable


def _accepted(contents: Contents) -> RulePackage:
    package = read_package(contents)
    try_package(package)
    return package
