"""The store of releases on both databases: nothing published changes, one change at a time, no forgery."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from services.eligibility import store as eligibility
from services.kit.dates import Period
from services.kit.errors import DomainError
from services.kit.releases import store as store_module
from services.kit.releases.archive import SIGNATURE_FILE, pack
from services.kit.releases.changes import Transition
from services.kit.releases.signature import generate_key
from services.kit.releases.store import PackageDamagedError, Publication, ReleaseStore
from services.kit.releases.tables import release_tables
from services.kit.releases.timeline import Candidate, EventKind, Span
from services.kit.releases.trust_store import TrustStore
from services.kit.store.database import Database
from tests.bank_registry_support import new_database
from tests.releases_support import NAME, SEAL, START, candidate, make_store, settle

TABLES = release_tables(MetaData())
PRIVATE, PUBLIC = generate_key()
STRANGER, _ = generate_key()


@dataclass
class Opened:
    url: str
    database: Database
    store: ReleaseStore

    @property
    def signed(self) -> ReleaseStore:
        """The same store, whose policy asks for signatures from the first time on."""
        settle(self.database, PUBLIC)
        return self.store

    @property
    def trust(self) -> TrustStore:
        """The keys and the policy of the store."""
        return TrustStore(self.database, SEAL)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/releases.sqlite3"
    return new_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def opened(url: str, tmp_path: Path) -> Iterator[Opened]:
    make_store(url, tmp_path / "migrations")
    database = Database(url)
    yield Opened(url, database, ReleaseStore(database, SEAL))
    database.dispose()


def refused(reason: str, call: Callable[[], object]) -> dict[str, str]:
    """Checks that a call is refused; its metadata."""
    with pytest.raises(DomainError) as raised:
        call()
    assert raised.value.reason == reason
    return raised.value.metadata


def two_versions(store: ReleaseStore, key: bytes | None = None) -> None:
    """Versions 1 and 2, both active, at state 4."""
    for version, day in (("1", START), ("2", date(2026, 7, 1))):
        store.publish(candidate(version, key=key), actor="auteur")
        store.activate(NAME, version, day, actor="chef")


def test_the_store_of_eligibility_holds_releases(url: str) -> None:
    eligibility.migrate(url)
    database = Database(url)
    two_versions(ReleaseStore(database, SEAL))
    assert ReleaseStore(database, SEAL).last_state_number() == 4
    database.dispose()


def test_what_is_published_is_read_back(opened: Opened) -> None:
    assert (opened.store.last_state_number(), opened.store.state().events) == (0, ())
    given = candidate("1", START, date(2026, 12, 31), key=PRIVATE)
    made = opened.signed.publish(given, actor="auteur", comment="délibération n° 12")
    release = made.release
    assert (made.created, made.state.state_number, release.publisher) == (True, 1, "auteur")
    assert release.key_id == json.loads(given.contents[SIGNATURE_FILE])["key_id"]
    assert (release.valid_from, release.valid_until) == (START, date(2026, 12, 31))
    assert opened.store.state() == made.state
    assert opened.signed.contents(release.digest) == given.contents
    (event,) = made.state.events
    assert (event.kind, event.version, event.comment) == (EventKind.PUBLISHED, "1", "délibération n° 12")
    assert (event.time, event.effective_date) == (release.publish_time, None)


def test_a_change_is_read_back(opened: Opened) -> None:
    two_versions(opened.store)
    change = opened.store.rollback(NAME, None, actor="chef", comment="erreur")
    state = opened.store.state()
    assert change.state == state
    assert state.events[-1] == change.event
    assert (change.event.kind, change.event.version, change.event.actor) == (
        EventKind.ROLLED_BACK,
        "1",
        "chef",
    )
    assert state.timeline(NAME) == (Span(Period(START), change.event.digest),)
    assert [event.state_number for event in state.events] == [1, 2, 3, 4, 5]
    assert state.state_number == opened.store.last_state_number() == 5


@pytest.mark.parametrize("signed", [False, True])
def test_the_same_package_is_published_once(opened: Opened, signed: bool) -> None:
    store = opened.signed if signed else opened.store
    first = store.publish(candidate("1", key=PRIVATE), actor="a")
    store.publish(candidate("2", key=PRIVATE), actor="a")
    again = store.publish(candidate("1", key=PRIVATE), actor="b", request_id="x")
    assert (again.created, again.release) == (False, first.release)
    assert store.last_state_number() == 2


def test_a_published_version_never_changes(opened: Opened) -> None:
    digest = opened.store.publish(candidate("1"), actor="a").release.digest
    other = candidate("1", files={"package.yaml": b"other"})
    metadata = refused("VERSION_ALREADY_PUBLISHED", lambda: opened.store.publish(other, actor="a"))
    assert metadata == {"version": "1", "digest": digest}


def test_nothing_is_written_to_validate(opened: Opened) -> None:
    store = opened.store
    tried = store.publish(candidate("1"), actor="a", request_id="x", validate_only=True)
    assert (tried.release.version, tried.created, tried.state.state_number) == ("1", True, 0)
    two_versions(store)
    change = store.activate(NAME, "1", START, actor="a", validate_only=True, supersede_planned=True)
    assert (change.state.state_number, change.superseded[0].version) == (5, "2")
    assert store.rollback(NAME, None, actor="a", validate_only=True).event.version == "1"
    assert store.last_state_number() == 4


def test_a_retry_gives_the_same_result(opened: Opened) -> None:
    store = opened.store
    calls: list[Callable[[str], Publication | Transition]] = [
        lambda actor: store.publish(candidate("3"), actor=actor, request_id="p"),
        lambda actor: store.activate(
            NAME, "3", START, actor=actor, request_id="a", supersede_planned=True, etag=four.etag
        ),
        lambda actor: store.rollback(NAME, None, actor=actor, request_id="r"),
    ]
    two_versions(store)
    store.publish(candidate("4"), actor="a")
    first = [calls[0]("a")]
    four = store.state()
    first += [calls[1]("a"), calls[2]("a")]
    assert first[1].superseded == (four.release(NAME, "2"),)  # type: ignore[union-attr]
    assert [call("a") for call in calls] == first
    for call, request_id in zip(calls, "par", strict=True):
        assert refused("REQUEST_ID_REUSED", partial(call, "b")) == {"request_id": request_id}
    refused("REQUEST_ID_REUSED", lambda: store.rollback(NAME, None, actor="a", request_id="p"))
    assert store.last_state_number() == 8


def test_an_unknown_version_cannot_be_activated(opened: Opened) -> None:
    two_versions(opened.store)
    metadata = refused("VERSION_NOT_FOUND", lambda: opened.store.activate(NAME, "3", None, actor="a"))
    assert metadata == {"name": NAME, "version": "3"}
    with pytest.raises(PackageDamagedError):
        opened.store.contents("0" * 64)


def test_a_stale_etag_is_refused(opened: Opened) -> None:
    opened.store.publish(candidate("1"), actor="a")
    etag = opened.store.state().etag
    assert opened.store.activate(NAME, "1", None, actor="a", etag=etag).state.etag != etag
    refused("ETAG_MISMATCH", lambda: opened.store.activate(NAME, "1", None, actor="a", etag=etag))
    refused("ETAG_MISMATCH", lambda: opened.store.rollback(NAME, None, actor="a", etag=etag))


def test_of_writers_with_one_etag_one_wins(opened: Opened) -> None:
    opened.store.publish(candidate("1"), actor="a")
    etag = opened.store.state().etag
    barrier = threading.Barrier(6)
    outcomes: list[str] = []

    def write(number: int) -> None:
        database = Database(opened.url)
        barrier.wait()
        try:
            ReleaseStore(database, SEAL).activate(NAME, "1", None, actor=str(number), etag=etag)
            outcomes.append("won")
        except DomainError as error:
            outcomes.append(error.reason)
        database.dispose()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ETAG_MISMATCH"] * 5 + ["won"]
    assert opened.store.last_state_number() == 2


def test_two_persons_publish_and_activate(opened: Opened) -> None:
    store = opened.store
    store.publish(candidate("de personne"), actor="")
    settle(opened.database, two_persons=True)
    refused("TWO_PERSONS_REQUIRED", lambda: store.publish(candidate("sans nom"), actor=" . "))
    store.publish(candidate("de l’auteur"), actor="auteur")
    for version, actor in (("de personne", "chef"), ("de l’auteur", ""), ("de l’auteur", "auteur")):
        refused("TWO_PERSONS_REQUIRED", partial(store.activate, NAME, version, None, actor=actor))
    store.publish(candidate("1"), actor="auteur")
    store.activate(NAME, "1", None, actor="chef")
    store.publish(candidate("2"), actor="chef")
    store.activate(NAME, "2", START, actor="auteur")
    for actor in ("", "auteur"):
        refused("TWO_PERSONS_REQUIRED", partial(store.rollback, NAME, None, actor=actor))
    assert store.rollback(NAME, None, actor="chef").event.version == "1"


@pytest.mark.parametrize(
    "same", ["Alice", "ALICE", "alice ", " alice", "alice.", "al%69ce", "ａｌｉｃｅ", "ali\u200bce"]
)
def test_one_person_under_two_spellings_is_one(opened: Opened, same: str) -> None:
    settle(opened.database, two_persons=True)
    opened.store.publish(candidate("1"), actor="alice")
    refused("TWO_PERSONS_REQUIRED", lambda: opened.store.activate(NAME, "1", None, actor=same))
    assert opened.store.activate(NAME, "1", None, actor="alice b").event.actor == "alice b"


def test_every_day_that_a_rollback_gives_back_is_judged(opened: Opened) -> None:
    """Version 2, of alice, governed from 2028; version 3, from 2026, took its days too."""
    settle(opened.database, two_persons=True)
    store = opened.store
    for version, day, author, chief in (
        ("1", START, "carol", "bob"),
        ("2", date(2028, 1, 1), "alice", "bob"),
        ("3", START, "carol", "bob"),
    ):
        store.publish(candidate(version), actor=author)
        store.activate(NAME, version, day, actor=chief, supersede_planned=True)
    refused("TWO_PERSONS_REQUIRED", lambda: store.rollback(NAME, None, actor="alice"))
    refused("TWO_PERSONS_REQUIRED", lambda: store.rollback(NAME, None, actor="carol"))
    assert store.rollback(NAME, None, actor="bob").regaining == tuple(
        store.state().release(NAME, version).digest  # type: ignore[union-attr]
        for version in ("1", "2")
    )


def test_what_is_shipped_needs_no_second_person(opened: Opened) -> None:
    settle(opened.database, two_persons=True)
    opened.store.ship(candidate("1"))
    opened.store.publish(candidate("2"), actor="service")
    refused("TWO_PERSONS_REQUIRED", lambda: opened.store.activate(NAME, "2", START, actor="service"))


def test_a_clock_set_back_changes_no_order(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    two_versions(opened.store)

    class Past(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2001, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(store_module, "datetime", Past)
    digest = opened.store.publish(candidate("3"), actor="a").release.digest
    opened.store.activate(NAME, "3", START, actor="a", supersede_planned=True)
    state = opened.store.state()
    assert [event.version for event in state.events] == ["1", "1", "2", "2", "3", "3"]
    assert [release.version for release in state.releases] == ["1", "2", "3"]
    assert state.events[-1].time.year == 2001
    assert state.timeline(NAME) == (Span(Period(START), digest),)


@pytest.mark.parametrize(
    "table", [TABLES.release, TABLES.record, TABLES.request], ids=lambda table: table.name
)
def test_the_database_refuses_to_change_the_past(opened: Opened, table: object) -> None:
    opened.store.publish(candidate("1"), actor="a", request_id="x")
    statements = [update(table).values(state_number=9), delete(table)]  # type: ignore[arg-type]
    if not opened.database.is_sqlite:
        statements.append(text(f"TRUNCATE {table} CASCADE"))  # type: ignore[arg-type]
    else:
        statements.append(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))  # type: ignore[arg-type]
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), opened.database.write() as connection:
            connection.execute(statement)
    assert opened.store.last_state_number() == 1


def test_an_unsigned_package_is_refused(opened: Opened) -> None:
    digest = opened.store.publish(candidate("1"), actor="a").release.digest
    metadata = refused("SIGNATURE_REFUSED", lambda: opened.signed.publish(candidate("2"), actor="a"))
    assert list(metadata) == ["digest"]
    refused("SIGNATURE_REFUSED", lambda: opened.signed.activate(NAME, "1", None, actor="a"))
    assert opened.store.contents(digest)["package.yaml"] == b"version: 1"


def test_a_package_stripped_of_its_signature_is_refused(opened: Opened) -> None:
    """Even when the signed one is published: the digests are the same."""
    stripped = dict(candidate("1", key=PRIVATE).contents)
    del stripped[SIGNATURE_FILE]
    opened.signed.publish(candidate("1", key=PRIVATE), actor="a")
    refused("SIGNATURE_REFUSED", lambda: opened.signed.publish(candidate("1", files=stripped), actor="a"))


@pytest.mark.parametrize("part", ["content", "name", "version", "key"])
def test_a_package_with_the_signature_of_another_is_refused(opened: Opened, part: str) -> None:
    signature = candidate("1", key=STRANGER if part == "key" else PRIVATE).contents[SIGNATURE_FILE]
    contents = {**candidate("1").contents, SIGNATURE_FILE: signature}
    if part == "content":
        contents["package.yaml"] += b" "
    changes = {"name": "autre"} if part == "name" else {"version": "2"} if part == "version" else {}
    swapped = Candidate(
        **{"name": NAME, "version": "1", "valid_from": START, "valid_until": None, "contents": contents}
        | changes  # type: ignore[arg-type]
    )
    refused("SIGNATURE_REFUSED", lambda: opened.signed.publish(swapped, actor="a"))
    assert opened.signed.last_state_number() == 0


@pytest.mark.parametrize(
    ("latest", "older"), [("2026.10", "2026.9"), ("2026.2", "2026"), ("2026.3", "2026.3-rc1"), ("2", "2-b²")]
)
def test_an_older_package_is_refused_where_packages_are_signed(
    opened: Opened, latest: str, older: str
) -> None:
    """A package that was never published here, replayed after a newer one."""
    opened.signed.publish(candidate(latest, key=PRIVATE), actor="a")
    given = candidate(older, key=PRIVATE)
    metadata = refused("VERSION_OLDER", lambda: opened.signed.publish(given, actor="a"))
    assert metadata == {"version": older, "latest": latest}


@pytest.mark.parametrize("same", ["2026.3.0", "2026.03"])
def test_a_version_is_one_however_it_is_written(opened: Opened, same: str) -> None:
    opened.store.publish(candidate("2026.3"), actor="a")
    given = candidate(same, key=PRIVATE)
    refused("VERSION_ALREADY_PUBLISHED", lambda: opened.store.publish(given, actor="a"))
    refused("VERSION_ALREADY_PUBLISHED", lambda: opened.signed.publish(given, actor="a"))


def test_a_signed_package_replayed_changes_nothing(opened: Opened) -> None:
    two_versions(opened.signed, PRIVATE)
    before = opened.signed.state()
    assert not opened.signed.publish(candidate("1", key=PRIVATE), actor="pirate").created
    assert opened.signed.state() == before


def unprotect(connection: Connection, table: str) -> None:
    """Lifts the protection of a table, as the owner of the database can."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    else:
        for change in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER {table}_{change}"))


def tamper(opened: Opened, **values: object) -> None:
    """Changes the row of version 1."""
    with opened.database.write() as connection:
        unprotect(connection, "release")
        connection.execute(update(TABLES.release).where(TABLES.release.c.version == "1").values(values))


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        pack(candidate("1", key=PRIVATE).contents)[:-9],
        pack(candidate("2", key=PRIVATE).contents),
        pack({**candidate("1", key=PRIVATE).contents, "package.yaml": b"version: 1\nforged: true"}),
    ],
    ids=["empty", "truncated", "another", "forged"],
)
def test_a_package_changed_in_the_database_is_never_used(opened: Opened, archive: bytes) -> None:
    two_versions(opened.store, PRIVATE)
    tamper(opened, archive=archive)
    store = opened.store
    with pytest.raises(PackageDamagedError):
        store.contents(store.state().releases[0].digest)
    for validate_only in (True, False):
        with pytest.raises(PackageDamagedError):
            store.activate(NAME, "1", START, actor="a", supersede_planned=True, validate_only=validate_only)
        with pytest.raises(PackageDamagedError):
            store.rollback(NAME, None, actor="a", validate_only=validate_only)
    assert opened.store.last_state_number() == 4


def test_what_the_tables_say_of_a_package_beside_its_files_is_not_believed(opened: Opened) -> None:
    two_versions(opened.signed, PRIVATE)
    before = opened.store.state()
    tamper(opened, version="9", name="autre", valid_until=date(2026, 2, 1), key_id="", publisher="pirate")
    assert ReleaseStore(opened.database, SEAL).state() == before
    assert opened.store.contents(before.releases[0].digest)["package.yaml"] == b"version: 1"


def test_each_store_sees_what_the_others_write(opened: Opened) -> None:
    other = ReleaseStore(opened.database, SEAL)
    for store, reader, version in ((opened.store, other, "1"), (other, opened.store, "2")):
        store.publish(candidate(version), actor="a")
        store.activate(NAME, version, START, actor="a")
        assert reader.state() == store.state() == ReleaseStore(opened.database, SEAL).state()
    assert [event.version for event in opened.store.state().events] == ["1", "1", "2", "2"]


def test_a_restored_backup_is_read_again(opened: Opened) -> None:
    """Other releases have taken the revisions of those that this store knew."""
    two_versions(opened.store)
    assert opened.store.state().state_number == 4
    with opened.database.write() as connection:
        for table in (TABLES.record, TABLES.release):
            unprotect(connection, table.name)
            connection.execute(delete(table).where(table.c.state_number > 2))
    assert opened.store.state().state_number == 2
    for version in ("7", "8"):
        ReleaseStore(opened.database, SEAL).publish(candidate(version), actor="a")
    assert [release.version for release in opened.store.state().releases] == ["1", "7", "8"]
    assert [event.version for event in opened.store.state().events] == ["1", "1", "7", "8"]


def test_a_package_added_to_the_database_is_not_published(opened: Opened) -> None:
    opened.store.publish(candidate("1"), actor="a")
    with opened.database.read() as connection:
        row = connection.execute(select(TABLES.release)).one()
    kept = dict(zip(TABLES.release.c.keys(), row, strict=True))
    forged = {**kept, "digest": "0" * 64, "version": "9", "state_number": 2}
    with opened.database.write() as connection:
        connection.execute(insert(TABLES.release).values(forged))
    refused("VERSION_NOT_FOUND", lambda: opened.store.activate(NAME, "9", None, actor="a"))
