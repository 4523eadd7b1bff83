"""Keys and policy are data of the store: dated, compared, chained; what does not verify is not followed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import MetaData, delete, insert, select, text, update

from services.kit.canonical import Head
from services.kit.dates import instant_text, today
from services.kit.errors import StartupError
from services.kit.releases import history
from services.kit.releases import store as store_module
from services.kit.releases.archive import SIGNATURE_FILE, digest, pack
from services.kit.releases.follower import Follower
from services.kit.releases.history import Author
from services.kit.releases.signature import generate_key, key_id, read_public_key, sign
from services.kit.releases.store import PackageRevokedError, ReleaseStore
from services.kit.releases.tables import release_tables
from services.kit.releases.timeline import State
from services.kit.releases.trust import Key, Policy
from services.kit.releases.trust_store import FOR_EVER, TrustError, TrustStore, Wanted
from services.kit.store import ChainSeal
from services.kit.store.database import Database, migrate
from tests.bank_registry_support import new_database
from tests.contract.test_kit_releases_store import Opened, refused, unprotect
from tests.releases_support import NAME, SEAL, START, candidate, make_store, settle
from tests.support import wait_until

TABLES = release_tables(MetaData())
A, A_PUBLIC = generate_key()
B, B_PUBLIC = generate_key()
A_RAW, B_RAW = read_public_key(A_PUBLIC), read_public_key(B_PUBLIC)
A_ID, B_ID = key_id(A_RAW), key_id(B_RAW)
NOW = datetime(2026, 11, 30, tzinfo=UTC)
BY = Author("dsi", "rotation", NOW)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    url = f"sqlite:///{tmp_path}/releases.sqlite3"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_url"))
    make_store(url, tmp_path / "migrations")
    database = Database(url)
    yield Opened(url, database, ReleaseStore(database, SEAL))
    database.dispose()


def now() -> Author:
    return Author("dsi", "", datetime.now(UTC))


def key_of(raw: bytes, *collections: str, first: date | None = None, last: date | None = None) -> Key:
    return Key(key_id(raw), raw, "clé", collections, first, last, NOW)


def signed_versions(opened: Opened) -> None:
    """Versions 1 and 2, signed by A and by B, active, under a policy that asks for signatures."""
    settle(opened.database, A_PUBLIC, B_PUBLIC)
    for version, day, key in (("1", START, A), ("2", date(2026, 7, 1), B)):
        opened.store.publish(candidate(version, key=key), actor="auteur")
        opened.store.activate(NAME, version, day, actor="chef")


def test_a_retired_key_accepts_nothing_new_and_what_it_accepted_stays(opened: Opened) -> None:
    signed_versions(opened)
    opened.trust.retire_key(A_ID, now())
    one = opened.store.state().releases[0]
    assert opened.store.contents(one.digest)["package.yaml"] == b"version: 1"
    assert opened.store.rollback(NAME, None, actor="chef").event.version == "1"
    refused("SIGNATURE_REFUSED", lambda: opened.store.publish(candidate("3", key=A), actor="auteur"))
    with pytest.raises(TrustError, match="déjà plus acceptée"):
        opened.trust.retire_key(A_ID, now())
    opened.trust.add_key(key_of(A_RAW), now())
    assert opened.store.publish(candidate("3", key=A), actor="auteur").created


def test_a_revoked_key_voids_what_it_alone_signed(opened: Opened) -> None:
    signed_versions(opened)
    two = opened.store.state().releases[1]
    opened.trust.revoke_key(B_ID, FOR_EVER, now())
    state = opened.store.state()
    assert [state.is_void(release) for release in state.releases] == [False, True]
    with pytest.raises(PackageRevokedError):
        opened.store.contents(two.digest)
    activate = partial(opened.store.activate, NAME, "2", date(2027, 1, 1), actor="chef")
    refused("SIGNATURE_REFUSED", activate)
    with pytest.raises(TrustError, match="a été révoquée"):
        opened.trust.add_key(key_of(B_RAW), now())
    again = opened.store.publish(candidate("2", key=A), actor="auteur")
    assert (again.created, again.release.key_id) == (False, A_ID)
    assert not opened.store.state().is_void(again.release)
    assert opened.store.contents(two.digest) == candidate("2", key=A).contents
    assert activate().event.version == "2"


def test_what_a_key_signed_before_it_was_stolen_stays(opened: Opened) -> None:
    signed_versions(opened)
    later = datetime.now(UTC) + timedelta(seconds=1)
    opened.trust.revoke_key(B_ID, later, now())
    state = opened.store.state()
    assert not any(state.is_void(release) for release in state.releases)
    refused("SIGNATURE_REFUSED", lambda: opened.store.publish(candidate("3", key=B), actor="auteur"))


def test_a_known_content_takes_a_new_signature_once(opened: Opened) -> None:
    signed_versions(opened)
    for expected in (1, 0, 0):
        before = opened.store.last_state_number()
        assert not opened.store.publish(candidate("1", key=B), actor="auteur").created
        assert opened.store.last_state_number() == before + expected
    ids = [one.key_id for one in opened.store.state().releases[0].signatures]
    assert ids == [A_ID, B_ID]


def test_a_key_signs_within_its_days_and_its_collections(opened: Opened) -> None:
    settle(opened.database, A_PUBLIC)
    now_day = today()
    day = timedelta(days=1)
    for key in (
        key_of(B_RAW, first=now_day + day),
        key_of(B_RAW, last=now_day - day),
        key_of(B_RAW, "autres"),
    ):
        opened.trust.add_key(key, now())
        refused("SIGNATURE_REFUSED", lambda: opened.store.publish(candidate("1", key=B), actor="a"))
        opened.trust.retire_key(B_ID, now())
    opened.trust.add_key(key_of(B_RAW, NAME, first=now_day, last=now_day), now())
    assert opened.store.publish(candidate("1", key=B), actor="a").created


def test_settings_that_differ_are_refused(opened: Opened) -> None:
    keys = {A_ID: ("auteur", A_RAW)}
    other = {B_ID: ("autre", B_RAW)}
    opened.trust.settle(Wanted(keys, True))
    number = opened.store.last_sequence()
    for same in (Wanted(keys, True), Wanted(None, None), Wanted(keys, None)):
        opened.trust.settle(same)
    for asked, sentence in (
        (Wanted(other, True), f"{B_ID} du dossier n’est pas dans la base"),
        (Wanted(other, True), f"{A_ID} .* de la base n’est pas dans le dossier"),
        (Wanted(keys, False), "deux personnes y est : oui"),
    ):
        with pytest.raises(StartupError, match=sentence):
            opened.trust.settle(asked)
    assert opened.store.last_sequence() == number
    opened.trust.retire_key(A_ID, now())
    with pytest.raises(StartupError, match=f"{A_ID} .* n’est plus acceptée par la base"):
        opened.trust.settle(Wanted(keys, True))


def test_a_store_without_keys_refuses_a_server_that_asks_for_them(opened: Opened) -> None:
    opened.trust.settle(Wanted(None, None))
    with pytest.raises(StartupError, match="ils demandent des signatures"):
        opened.trust.settle(Wanted({A_ID: ("auteur", A_RAW)}, None))
    with pytest.raises(TrustError, match="ajoutez-en une d’abord"):
        opened.trust.set_policy(Policy(signatures=True), now())
    opened.trust.add_key(key_of(A_RAW), now())
    opened.trust.set_policy(Policy(signatures=True), now())
    opened.trust.settle(Wanted({A_ID: ("auteur", A_RAW)}, None))
    refused("SIGNATURE_REFUSED", lambda: opened.store.publish(candidate("1"), actor="a"))


def test_activations_are_signed_where_the_policy_asks(opened: Opened) -> None:
    """For that act on that state: the signature of an act serves no other, and not twice."""
    signed_versions(opened)
    opened.trust.set_policy(Policy(signatures=True, signed_activations=True), now())
    store = opened.store
    again = partial(store.activate, NAME, "1", date(2026, 9, 1), actor="chef")
    tried = again(validate_only=True)
    statement = history.statement_of_act(store.state(), tried.event)
    stranger = generate_key()[0]
    for wrong in (
        b"",
        sign(statement, stranger),
        sign(replace(statement, act="ROLLED_BACK"), A),
        sign(replace(statement, effective_date="2026-09-02"), A),
        sign(replace(statement, etag="0" * 16), A),
        candidate("1", key=A).contents[SIGNATURE_FILE],
    ):
        refused("SIGNATURE_REFUSED", partial(again, signature=wrong))
    made = again(signature=sign(statement, A))
    assert made.event.key_id == A_ID
    assert ReleaseStore(opened.database, SEAL).state().events[-1] == made.event
    refused("SIGNATURE_REFUSED", partial(again, signature=sign(statement, A)))
    undo = store.rollback(NAME, None, actor="chef", validate_only=True)
    signature = sign(history.statement_of_act(store.state(), undo.event), B)
    assert store.rollback(NAME, None, actor="chef", signature=signature).event.key_id == B_ID


def write_by_sql(opened: Opened, change: str) -> None:
    """What someone who has the password of the database, and no key, does to the history."""
    table = TABLES.record
    with opened.database.write() as connection:
        unprotect(connection, table.name)
        rows = [row._mapping for row in connection.execute(select(table).order_by(table.c.sequence))]
        last = rows[-1]
        if change == "added":
            row = {**last, "sequence": last["sequence"] + 1, "state_number": last["state_number"] + 1}
            connection.execute(insert(table).values({**row, "prev_hash": last["hash"], "hash": "a" * 64}))
        elif change == "actor":
            content = last["content"].replace("chef", "mallory")
            connection.execute(
                update(table).where(table.c.sequence == last["sequence"]).values(content=content)
            )
        else:
            middle = rows[len(rows) // 2]["sequence"]
            connection.execute(delete(table).where(table.c.sequence == middle))


@pytest.mark.parametrize("change", ["added", "actor", "removed"])
def test_a_row_written_by_sql_is_not_followed_and_said(opened: Opened, change: str) -> None:
    signed_versions(opened)
    good = opened.store.state()
    follower: Follower[State] = Follower(opened.store, lambda state: state)
    follower.start()
    write_by_sql(opened, change)
    try:
        if change == "added":
            wait_until(lambda: "a été altéré" in follower.status().problem)
            wait_until(lambda: follower.current() == good)
        fresh = ReleaseStore(opened.database, SEAL)
        for act in (
            fresh.state,
            partial(fresh.publish, candidate("3", key=A), actor="a"),
            partial(fresh.activate, NAME, "1", date(2026, 9, 1), actor="chef"),
        ):
            refused("RELEASE_HISTORY_ALTERED", act)
        with pytest.raises(StartupError, match="L’historique des publications a été altéré"):
            TrustStore(opened.database, SEAL).settle(Wanted(None, None))
        with pytest.raises(StartupError, match="L’historique des publications a été altéré"):
            Follower(fresh, lambda state: state).start()
    finally:
        follower.stop()


@pytest.mark.parametrize("same", ["digest", "version", "state_number"])
def test_a_package_written_by_sql_has_the_place_of_none(opened: Opened, same: str) -> None:
    """Whatever it takes of the package that is to be published, the refusal has its reason."""
    opened.store.publish(candidate("1"), actor="auteur")
    wanted = candidate("2")
    row = {
        "digest": digest(wanted.contents) if same == "digest" else "f" * 64,
        "version": "2" if same == "version" else "9",
        "state_number": opened.store.state().state_number + (1 if same == "state_number" else 9),
    }
    with opened.database.write() as connection:
        (kept,) = connection.execute(select(TABLES.release)).mappings()
        named = {column.key: kept[column.name] for column in TABLES.release.columns}
        connection.execute(insert(TABLES.release).values({**named, **row}))
    refused("RELEASE_HISTORY_ALTERED", lambda: opened.store.publish(wanted, actor="auteur"))
    assert [one.version for one in opened.store.state().releases] == ["1"], "nobody reads it"


def test_a_record_whose_act_nobody_signed_is_not_followed(opened: Opened) -> None:
    """Even sealed as it should be: who writes it needs the key of a person too."""
    signed_versions(opened)
    opened.trust.set_policy(Policy(signatures=True, signed_activations=True), now())
    last = opened.store.state()
    forged = history.Record(
        last.state_number + 1,
        history.RecordKind.ACTIVATED,
        {
            "digest": last.releases[0].digest,
            "effective_date": "2026-09-01",
            "signature": b64encode(sign(history.statement_of_act(last, last.events[1]), A)).decode(),
            **now().written(),
        },
    )
    ledger = opened.store._ledger
    with ledger.writing() as (connection, state):
        row = {
            "state_number": forged.state_number,
            "kind": forged.kind.value,
            "content": store_module.ledger.canonical(forged.content),
        }
        ledger._chain.append(connection, state.head, [row])
    refused("RELEASE_HISTORY_ALTERED", ReleaseStore(opened.database, SEAL).state)


FORMER = """
from alembic import op
from services.kit.releases.tables import create_release_tables

revision, down_revision = "0001", None

def upgrade():
    create_release_tables(op.get_bind())
"""
CHAINED = """
from alembic import op
from services.kit.releases.tables import chain_events

revision, down_revision = "0002", "0001"

def upgrade():
    chain_events(op.get_bind())
"""


def test_the_history_of_former_stores_is_put_into_the_chain(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    for url in (
        f"sqlite:///{tmp_path}/former.sqlite3",
        new_database(request.getfixturevalue("postgres_url")),
    ):
        folder = tmp_path / url.partition(":")[0] / "versions"
        folder.mkdir(parents=True)
        (folder / "0001.py").write_text(FORMER)
        migrate(url, folder.parent)
        database = Database(url)
        given = candidate("1", key=A)
        digest = store_module.digest(given.contents)
        time = "2026-03-01T08:00:00.000000Z"
        with database.write() as connection:
            connection.execute(
                text(
                    "INSERT INTO release (digest, name, version, valid_from, archive, publish_time, "
                    "publisher, key_id, revision) "
                    "VALUES (:digest, :name, '1', :first, :archive, :time, 'anne', :key, 1)"
                ),
                {
                    "digest": digest,
                    "name": NAME,
                    "first": START if not database.is_sqlite else START.isoformat(),
                    "archive": pack(given.contents),
                    "time": time,
                    "key": A_ID,
                },
            )
            for revision, kind, day in ((1, "PUBLISHED", None), (2, "ACTIVATED", START)):
                connection.execute(
                    text(
                        "INSERT INTO release_event "
                        "(revision, kind, digest, effective_date, time, actor, comment) "
                        "VALUES (:revision, :kind, :digest, :day, :time, 'anne', 'voté')"
                    ),
                    {
                        "revision": revision,
                        "kind": kind,
                        "digest": digest,
                        "day": day and (day if not database.is_sqlite else day.isoformat()),
                        "time": time,
                    },
                )
        (folder / "0002.py").write_text(CHAINED)
        migrate(url, folder.parent)
        with database.read() as connection:
            end = connection.execute(
                text("SELECT sequence, hash FROM release_record WHERE sequence = 2")
            ).one()
        sealed = ChainSeal(SEAL.key, Head(*end))  # a start goes on under a key from where the migration ended
        settle(database, A_PUBLIC, seal=sealed)
        store = ReleaseStore(database, sealed)
        state = store.state()
        assert (state.state_number, state.releases[0].key_id) == (2, A_ID)
        assert [(event.comment, instant_text(event.time)) for event in state.events] == [("voté", time)] * 2
        assert state.timeline(NAME)[0].days.first == START
        assert store.activate(NAME, "1", date(2026, 5, 1), actor="b").event.state_number == 3
        database.dispose()
