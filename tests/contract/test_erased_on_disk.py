"""What is erased can be read back from no file of a store, even with the master key: the disk is searched."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from services.documents.store.documents import DocumentStore
from services.documents.store.tables import document
from services.eligibility.answer.decisions import ContentState, Recorded, RemovalRequest
from services.kit.errors import NotFound
from services.kit.store import DeletionTime, KeyStore, vault
from services.kit.store.database import Database
from tests.contract.test_documents_store import CASE, OTHER, database, file, keys, keys_url, store, url
from tests.contract.test_eligibility_journal import rows
from tests.disk import Disk, Written
from tests.journal_support import REFERENCE, Stores, decision, new_urls, opened, refused, tamper
from tests.support import MORE

__all__ = ["database", "keys", "keys_url", "store", "url"]
SECRET_INCOME = 123457


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    return Written.watched(monkeypatch)


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path, written: Written) -> Iterator[Stores]:
    with opened(new_urls(request.param, tmp_path, request), tmp_path) as found:
        yield found


@contextmanager
def reading(*databases: Database) -> Iterator[None]:
    """Long readers: each keeps the state that it saw, as a backup or a monitoring query does."""
    connections = []
    for each in databases:
        connection = each._engine.connect()
        if not each.is_sqlite:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        connection.execute(text("SELECT count(*) FROM alembic_version")).all()
        connections.append(connection)
    try:
        yield
    finally:
        for connection in connections:
            connection.close()


def case_ids(stores: Stores, decision_ids: list[str]) -> list[str]:
    return [row["case_id"] for row in rows(stores.database, "journal") if row["decision_id"] in decision_ids]


def opened_texts(disk: Disk, written: Written, cases: list[str], places: list[str]) -> list[bytes]:
    """What can be read back of some places with the keys of cases that the disk still opens."""
    found = []
    for key in disk.keys(written.of(cases)):
        for place, sealed in written.of(places):
            try:
                found.append(vault.decrypted(key, sealed, place))
            except vault.UnreadableError:
                continue
    return found


def erase(stores: Stores) -> bool:
    return stores.journal.erase(REFERENCE, RemovalRequest()).is_done


def purge(stores: Stores) -> bool:
    return stores.journal.purge(datetime.now(UTC), RemovalRequest()).is_done


@pytest.mark.parametrize("remove", [erase, purge])
def test_nothing_of_a_removed_case_can_be_read_back(
    stores: Stores, written: Written, tmp_path: Path, remove: Callable[[Stores], bool]
) -> None:
    (kept,) = stores.record(decision("autre")) if remove is erase else (None,)
    gone = stores.record(decision(budget__monthly_income=SECRET_INCOME), decision())
    cases = case_ids(stores, gone)
    disk = Disk.of(stores.url, tmp_path, stores.keys, stores.master_key, stores.epochs)
    before = opened_texts(disk, written, cases, gone)
    assert any(str(SECRET_INCOME).encode() in found for found in before), "the search finds nothing"
    with reading(stores.database, stores.keys):
        start = time.monotonic()
        done = remove(stores)
        # A reader of SQLite keeps former pages; one of PostgreSQL keeps no key.
        assert done != stores.database.is_sqlite, (
            "a reader of SQLite keeps former pages, one of PostgreSQL no key"
        )
        assert (stores.journal.erasing.since() is None) == done
        # Nobody waits for it: others record meanwhile.
        (later,) = stores.record(decision(REFERENCE))
        assert time.monotonic() - start < 60
        assert not stores.other_process().erasing.finish(0.0) or done
        assert stores.journal.get(later).content is ContentState.READABLE
    assert stores.other_process().erasing.finish(60)
    assert stores.journal.erasing.since() is None
    assert opened_texts(disk, written, cases, gone) == []
    if stores.database.is_sqlite:
        assert disk.holds(sealed for _, sealed in written.of(cases)) == []
        if remove is purge:
            assert disk.holds(sealed for _, sealed in written.of(gone)) == []
    else:
        assert disk.holds(sealed for _, sealed in written.of(cases)), "kept, and opened by nothing"
    assert stores.journal.get(later).content is ContentState.READABLE
    if kept:
        assert stores.journal.get(kept).content is ContentState.READABLE
    assert stores.journal.verify().broken_sequence == 0


def delete(documents: DocumentStore, database: Database) -> None:
    documents.delete_case(CASE, actor="a")


def end_of_retention(documents: DocumentStore, database: Database) -> None:
    of_case = [one.id for one in documents.of_case(CASE)]
    with database.write() as connection:
        over = update(document).where(document.c.id.in_(of_case))
        connection.execute(over.values(expire_time="2020-01-01T00:00:00.000000Z"))
        assert documents.purge(connection, DeletionTime(datetime.now(UTC), 1, 1)) == len(of_case)
    documents.erasing.finish()


@pytest.mark.parametrize("remove", [delete, end_of_retention])
def test_nothing_of_a_deleted_document_can_be_read_back(
    store: DocumentStore,
    database: Database,
    keys: KeyStore,
    url: str,
    written: Written,
    tmp_path: Path,
    remove: Callable[[DocumentStore, Database], None],
) -> None:
    gone = store.keep([(CASE, file(b"first secret")), (CASE, file(b"second secret"))], actor="a")
    (kept,) = store.keep([(OTHER, file(b"other"))], actor="a")
    with database.read() as connection:
        named = select(document.c.case_id).where(document.c.id.in_(gone))
        cases = list(connection.scalars(named))
    disk = Disk.of(url, tmp_path, keys.database, tmp_path / "master.key", tmp_path / "epochs")
    assert opened_texts(disk, written, cases, gone), "the search finds nothing"
    with reading(database, keys.database):
        remove(store, database)
        assert (store.erasing.since() is None) != database.is_sqlite
        (later,) = store.keep([(CASE, file(b"later"))], actor="a")
    assert store.erasing.finish(60)
    assert store.erasing.since() is None
    assert opened_texts(disk, written, cases, gone) == []
    if database.is_sqlite:
        assert disk.holds(sealed for _, sealed in written.of([*cases, *gone])) == []
    assert store.open(store.get(kept))[1] == b"other"
    assert store.open(store.get(later))[1] == b"later"


def test_an_erasure_stopped_anywhere_is_ended_by_another_process(
    stores: Stores, written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of the end of an epoch is interrupted in its turn, before and after it is committed."""
    disk = Disk.of(stores.url, tmp_path, stores.keys, stores.master_key, stores.epochs)
    monkeypatch.setattr("services.kit.store.epochs.MOVED_AT_ONCE", 2)
    kept = stores.record(*(decision(f"case-{number}") for number in range(5)))
    for step in range(0, 8, 1 if MORE else 3):
        (gone,) = stores.record(decision())
        cases = case_ids(stores, [gone])
        with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
            patched.setattr(Database, "write", interrupted(step))
            stores.journal.erase(REFERENCE, RemovalRequest())
        other = stores.other_process()
        other.reapply_removals()
        if stores.journal.get(gone).content is ContentState.READABLE:
            assert other.erase(REFERENCE, RemovalRequest()).is_done
        assert other.erasing.finish(60)
        assert opened_texts(disk, written, cases, [gone]) == []
        assert {other.get(one).content for one in kept} == {ContentState.READABLE}
    assert len(list(stores.epochs.glob("*.key"))) <= 3, "keys of epochs are left behind"


def interrupted(step: int) -> Callable[[Database], object]:
    """A write that stops the process: at its beginning, or before its commit, at some turn."""
    turns = iter(range(100))
    write = Database.write

    @contextmanager
    def stopping(self: Database) -> Iterator[object]:
        turn = next(turns)
        if turn == step // 2 + 1 and step % 2 == 0:
            raise KeyboardInterrupt
        with write(self) as connection:
            yield connection
            if turn == step // 2 + 1:
                raise KeyboardInterrupt

    return stopping


def test_erasures_beside_writers_harm_no_other_case(stores: Stores) -> None:
    journals = [stores.other_process() for _ in range(3)]

    def write(rank: int) -> list[str]:
        found = journals[rank % 3].record([decision(f"kept-{rank % 5}"), decision(f"gone-{rank % 3}")])
        return [item.decision_id for item in found if isinstance(item, Recorded)][:1]

    def remove(rank: int) -> list[str]:
        with suppress(NotFound):
            journals[rank % 3].erase(f"gone-{rank % 3}", RemovalRequest())
        return []

    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(write if rank % 4 else remove, rank) for rank in range(40)]
        kept = {decision_id for job in jobs for decision_id in job.result()}
    assert journals[0].erasing.finish(60)
    found = {item.decision_id: item.content for item in stores.journal.decisions(limit=200)}
    assert {found[decision_id] for decision_id in kept} == {ContentState.READABLE}
    assert set(found.values()) <= {ContentState.READABLE, ContentState.ERASED}
    assert len(list(stores.epochs.glob("*.key"))) == 1
    assert stores.journal.verify().broken_sequence == 0


def test_a_key_that_was_taken_away_is_not_called_erased(stores: Stores) -> None:
    lost, erased_case, kept = stores.record(decision("A"), decision("B"), decision("C"))
    stores.journal.erase("B", RemovalRequest())
    (hurt,) = case_ids(stores, [lost])
    for statement in (
        "DELETE FROM case_key WHERE case_id = :case_id",
        "UPDATE case_key SET case_id = 'other' WHERE case_id = :case_id",
        "UPDATE case_key SET erase_time = NULL, wrapped_key = (SELECT wrapped_key FROM case_key "
        "WHERE case_id = :case_id) WHERE wrapped_key IS NULL",
    ):
        with pytest.raises(Exception, match="case_key is kept"), stores.keys.write() as connection:
            connection.execute(text(statement), {"case_id": hurt})
    if stores.keys.is_sqlite:
        path = stores.keys_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as shell, pytest.raises(sqlite3.IntegrityError, match="is kept"):
            shell.execute("INSERT OR REPLACE INTO case_key SELECT * FROM case_key")
        journal = stores.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(journal)) as shell, pytest.raises(sqlite3.IntegrityError):
            shell.execute("INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE sequence = 2")
    tamper(stores.keys, f"DELETE FROM case_key WHERE case_id = '{hurt}'")
    found = {one: stores.journal.get(one).content for one in (lost, erased_case, kept)}
    assert found == {
        lost: ContentState.KEY_MISSING,
        erased_case: ContentState.ERASED,
        kept: ContentState.READABLE,
    }
    unreadable = stores.journal.unreadable()
    assert (unreadable.erased, unreadable.key_missing) == (1, 1)
    refused("KEY_MISSING", lambda: stores.journal.erase("A", RemovalRequest()))
    stores.journal.check_keys()
