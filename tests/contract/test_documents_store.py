"""The documents kept, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from services.documents.store import migrate
from services.documents.store.documents import DocumentStore, File, Origin
from services.documents.store.keys import AUDIT_CHAIN, STORE_KEYS, check_keys, encrypt_anew, uses_keys
from services.documents.store.keys import _encrypt_some as encrypt_some
from services.documents.store.tables import audit, document
from services.kit.errors import AlreadyExists, FailedPrecondition, NotFound, StartupError
from services.kit.store import Audit, DeletionTime, KeyStore, open_ring, prepare_keys, prepare_ring, vault
from services.kit.store.clock import WAIT_SECONDS
from services.kit.store.database import Database
from tests.bank_registry_support import new_database
from tests.journal_support import tamper

ORIGIN = Origin("14", "1.0.0", "a" * 64, "cias", "1", "b" * 64, "1.0", "c" * 64)
CASE, OTHER = "MC-2026-0001", "MC-2026-0002"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/documents.sqlite3"
    return new_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def keys_url(url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A key database beside it."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/keys.sqlite3"
    return new_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def keys(database: Database, keys_url: str, tmp_path: Path) -> Iterator[KeyStore]:
    master = tmp_path / "master.key"
    prepare_keys(keys_url, master, tmp_path / "epochs")
    found = KeyStore(Database(keys_url), master, tmp_path / "epochs")
    yield found
    found.database.dispose()


@pytest.fixture
def database(url: str, tmp_path: Path) -> Iterator[Database]:
    migrate(url)
    found = Database(url)
    prepare_ring(found, tmp_path / "master.key", STORE_KEYS)
    yield found
    found.dispose()


@pytest.fixture
def store(database: Database, keys: KeyStore, tmp_path: Path) -> DocumentStore:
    seal = open_ring(database, tmp_path / "master.key").seal(AUDIT_CHAIN)
    return DocumentStore(database, keys, seal, 30)


def file(content: bytes = b"PK letter") -> File:
    sha256 = uuid.uuid5(uuid.NAMESPACE_OID, content.hex()).hex * 2
    return File(content, "14_MC.docx", sha256, "application/x", "Une lettre", ORIGIN)


def test_what_is_kept_is_given_back(store: DocumentStore) -> None:
    first, second = store.keep([(CASE, file(b"one")), (CASE, file(b"two\n\0"))], actor="a")
    assert store.open(store.get(first)) == ("14_MC.docx", b"one")
    assert store.open(store.get(second)) == ("14_MC.docx", b"two\n\0")
    assert store.get(first).origin == ORIGIN
    assert {kept.id for kept in store.of_case(CASE)} == {first, second}
    assert store.of_case(OTHER) == []
    found = store.find(file(b"one").sha256)
    assert found is not None
    assert found.id == first


def test_a_request_is_kept_once_whatever_the_number_of_times(store: DocumentStore) -> None:
    request_id = str(uuid.uuid4())
    once = store.keep([(CASE, file())], actor="a", request_id=request_id, mark="1")
    again = store.keep([(CASE, file(b"made again"))], actor="a", request_id=request_id, mark="1")
    assert again == once
    with pytest.raises(AlreadyExists):
        store.keep([(CASE, file())], actor="a", request_id=request_id, mark="2")
    assert len(store.of_case(CASE)) == 1


def test_a_deleted_case_is_gone_and_its_deletion_is_repeated_harmlessly(store: DocumentStore) -> None:
    (gone,), (stays,) = store.keep([(CASE, file())], actor="a"), store.keep([(OTHER, file(b"x"))], actor="a")
    request_id = str(uuid.uuid4())
    assert store.delete_case(CASE, actor="a", validate_only=True) == 1
    assert store.delete_case(CASE, actor="a", request_id=request_id) == 1
    assert store.delete_case(CASE, actor="a", request_id=request_id) == 1
    assert store.delete_case(CASE, actor="a") == 0
    with pytest.raises(NotFound):
        store.get(gone)
    assert store.get(stays).id == stays


def test_what_is_past_its_retention_is_not_given_and_goes_after_a_day_of_running(
    store: DocumentStore, database: Database
) -> None:
    """Marked, waited for, deleted; what runs again, because the clock was set back, waits anew."""
    (old,) = store.keep([(CASE, file())], actor="a")
    with database.write() as connection:
        connection.execute(update(document).values(expire_time="2020-01-01T00:00:00.000000Z"))
    with pytest.raises(NotFound):
        store.get(old)
    assert store.of_case(CASE) == []
    assert store.find(file().sha256) is None
    (new,) = store.keep([(OTHER, file(b"new"))], actor="a")

    def purge(year: int, running: int) -> list[str]:
        at = DeletionTime(datetime(year, 6, 1, tzinfo=UTC), running, running - WAIT_SECONDS)
        with database.write() as connection:
            store.purge(connection, at)
            return list(connection.scalars(select(document.c.id)))

    assert set(purge(2026, 10)) == {old, new}
    assert set(purge(2019, 20)) == {old, new}
    assert set(purge(2026, WAIT_SECONDS + 15)) == {old, new}
    assert set(purge(2026, 2 * WAIT_SECONDS + 14)) == {old, new}
    assert purge(2026, 2 * WAIT_SECONDS + 15) == [new]
    with database.read() as connection:
        last = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).one()
    assert (last.method, last.actor) == ("PurgeDocuments", "service")


def test_a_damaged_document_or_one_of_another_place_is_not_given(
    store: DocumentStore, database: Database
) -> None:
    first, second = store.keep([(CASE, file(b"one")), (CASE, file(b"two"))], actor="a")
    with database.write() as connection:
        sealed = connection.scalar(select(document.c.sealed).where(document.c.id == second))
        connection.execute(update(document).where(document.c.id == first).values(sealed=sealed))
    with pytest.raises(FailedPrecondition):
        store.open(store.get(first))
    assert store.open(store.get(second))[1] == b"two"


def test_every_write_is_in_the_audit_which_holds(
    store: DocumentStore, database: Database, tmp_path: Path
) -> None:
    store.keep([(CASE, file())], actor="camille")
    store.delete_case(CASE, actor="dominique")
    with database.read() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.seq)).all()
        seal = open_ring(database, tmp_path / "master.key").seal(AUDIT_CHAIN)
        assert not Audit(audit, seal).verify(connection).broken_sequence
    assert [(row.actor, row.method) for row in rows] == [
        ("camille", "KeepDocument"),
        ("dominique", "DeleteCase"),
    ]
    assert CASE not in repr(rows)


def test_the_master_key_is_tied_to_its_database(database: Database, tmp_path: Path) -> None:
    prepare_ring(database, tmp_path / "master.key", STORE_KEYS)
    with pytest.raises(StartupError):
        prepare_ring(database, tmp_path / "lost.key", STORE_KEYS)
    (tmp_path / "master.key").rename(tmp_path / "lost.key")
    with pytest.raises(StartupError):
        prepare_ring(database, tmp_path / "master.key", STORE_KEYS)


def encrypted_of_old(database: Database, ids: list[str], master: Path) -> list[bytes]:
    """Puts documents back as a former version kept them: encrypted with a key derived from the master key."""
    old = []
    with database.write() as connection:
        for row in connection.execute(select(document).where(document.c.id.in_(ids))).all():
            key = vault.load(master).derived(f"case {row.case_tag}")
            old.append(vault.encrypted(key, b"14_MC.docx\nold content", row.id))
            changed = update(document).where(document.c.id == row.id)
            connection.execute(changed.values(sealed=old[-1], case_id=None))
    return old


def test_documents_of_a_former_version_are_encrypted_anew(
    store: DocumentStore,
    database: Database,
    keys: KeyStore,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    master = tmp_path / "master.key"
    ids = store.keep([(CASE, file(bytes([number]))) for number in range(5)], actor="a")
    old = encrypted_of_old(database, ids, master)
    assert not uses_keys(url)
    monkeypatch.setattr("services.documents.store.keys.ENCRYPTED_AT_ONCE", 2)
    with monkeypatch.context() as patched:
        # A stop after the first step: what is done stays, the rest is done at the next start.
        patched.setattr("services.documents.store.keys._encrypt_some", stopping_at_second())
        with pytest.raises(KeyboardInterrupt):
            encrypt_anew(database, keys, master)
    assert uses_keys(url)
    encrypt_anew(database, keys, master)
    assert {store.open(store.get(one)) for one in ids} == {("14_MC.docx", b"old content")}
    check_keys(database, keys)
    assert store.erasing.finish()
    for path in tmp_path.glob("documents.sqlite3*"):
        assert not any(one in path.read_bytes() for one in old), path


def stopping_at_second() -> Callable[..., int]:
    """A step of the encryption, the second of which is interrupted."""
    steps = iter([True])

    def step(*arguments: Any) -> int:
        if not next(steps, False):
            raise KeyboardInterrupt
        return encrypt_some(*arguments)

    return step


def test_a_missing_key_is_told_and_its_document_can_still_be_deleted(
    store: DocumentStore, database: Database, keys: KeyStore
) -> None:
    (kept,) = store.keep([(CASE, file())], actor="a")
    tamper(keys.database, "DELETE FROM case_key")
    with pytest.raises(FailedPrecondition) as refused:
        store.open(store.get(kept))
    assert refused.value.reason == "KEY_MISSING"
    with pytest.raises(StartupError, match="La base des clés"):
        check_keys(database, keys)
    assert store.delete_case(CASE, actor="a") == 1
    check_keys(database, keys)
