"""The journal of decisions on both databases: recorded once, sealed, encrypted, erased for good."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.eligibility import store
from services.eligibility.answer.decisions import ContentState, Filters, Recorded, RemovalRequest
from services.eligibility.messages.decisions import erasure_status_pb, purge_pb
from services.eligibility.package.model import Outcome
from services.eligibility.store.journal_chain import JournalChain
from services.kit.canonical import Head
from services.kit.errors import AlreadyExists, StartupError, Unavailable
from services.kit.store import ChainSeal, chain, engine, open_ring, prepare_keys, vault
from services.kit.store.database import Database
from tests.journal_support import REFERENCE, Stores, decision, new_urls, opened, refused, tamper, unprotect

NONCE_BYTES = 12
FUTURE = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    with opened(new_urls(request.param, tmp_path, request), tmp_path) as found:
        yield found


def rows(database: Database, table: str) -> list[dict[str, Any]]:
    """Every row as the database holds it."""
    with database.read() as connection:
        order = "sequence" if table == "journal" else "case_id"
        found = connection.execute(text(f"SELECT * FROM {table} ORDER BY {order}")).mappings()
        return [dict(row) for row in found]


def test_a_decision_is_read_as_it_was_recorded(stores: Stores) -> None:
    new = decision(loan__amount=370000, banking__ficp=None, documents=("IDENTITE",))
    (decision_id,) = stores.record(new)
    found = stores.other_process().get(decision_id)
    known = {name: value for name, value in new.facts.items() if value is not None}
    assert found.read is not None
    assert found.record is not None
    assert (found.read.facts, found.read.assessment) == (known, new.assessment)
    assert found.record.stamp == new.stamp
    assert (found.case_reference, found.content) == (REFERENCE, ContentState.READABLE)
    assert found.record.outcome is Outcome.NOT_ELIGIBLE
    assert "AMOUNT_ABOVE_MAX" in found.record.reason_codes
    assert abs(datetime.now(UTC) - found.record.time) < timedelta(minutes=1)
    assert Head(found.sequence, found.record.hash) == stores.journal.head()
    assert stores.journal.verify().broken_sequence == 0
    refused("DECISION_NOT_FOUND", lambda: stores.journal.get(str(uuid4())))


def test_nothing_personal_is_in_clear(stores: Stores) -> None:
    request_id = str(uuid4())
    stores.record(decision(request_id=request_id, budget__monthly_income=123457))
    stores.journal.erase(REFERENCE, RemovalRequest(actor="camille"), validate_only=True)
    for row in (*rows(stores.database, "journal"), *rows(stores.keys, "case_key")):
        for value in row.values():
            written = value if isinstance(value, bytes) else str(value).encode()
            for secret in (REFERENCE, request_id, "123457", "1990-05-14", "MOBILITE"):
                assert secret.encode() not in written
    (master,) = rows_of_master(stores)
    assert master["fingerprint"].encode() not in stores.master_key.read_bytes()


def rows_of_master(stores: Stores) -> list[dict[str, Any]]:
    with stores.keys.read() as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM master_key")).mappings()]


def test_the_filters_add_up(stores: Stores) -> None:
    stores.record(
        decision("A"),
        decision("A", loan__amount=370000),
        decision("A", loan__amount=370000, version="2027.1"),
        decision("B", loan__amount=370000),
    )

    def found(**fields: Any) -> list[int]:
        listed = stores.journal.search(Filters(**fields), limit=10)
        return [item.sequence for item in listed]

    refusals = (Outcome.NOT_ELIGIBLE, Outcome.INCOMPLETE)
    assert found() == [4, 3, 2, 1]
    assert found(case_reference="A") == [3, 2, 1]
    assert found(case_reference="A", outcomes=refusals) == [3, 2]
    assert found(outcomes=refusals, reason_code="AMOUNT_ABOVE_MAX", ruleset_version="2026.1") == [4, 2]
    assert found(reason_code="AMOUNT_ABOVE") == []
    assert found(reason_code="AMOUNT_ABOVE_MA_") == []
    assert found(case_reference="C") == []
    third = stores.journal.search(Filters(), limit=10)[2].record
    assert third is not None
    second = third.time
    assert found(start_time=second, end_time=second + timedelta(microseconds=1), case_reference="B") == [4]
    assert found(end_time=second) == []
    paged = stores.journal.search(Filters(case_reference="A"), before_sequence=3, limit=1)
    assert [item.sequence for item in paged] == [2]


def fill(stores: Stores) -> Head:
    """Four decisions, an erasure and a last decision; returns the head."""
    stores.record(decision("A"), decision("B"), decision("A", loan__amount=370000), decision(""))
    stores.journal.erase("B", RemovalRequest())
    stores.record(decision("C"))
    return stores.journal.head()


TAMPERINGS = {
    "an outcome": (["UPDATE journal SET outcome = 'ELIGIBLE' WHERE sequence = 3"], 3),
    "reasons": (["UPDATE journal SET reason_codes = '[]' WHERE sequence = 3"], 3),
    "a time": (["UPDATE journal SET time = '2020-01-01T00:00:00.000000Z' WHERE sequence = 2"], 2),
    "a day": (["UPDATE journal SET request_date = '2020-01-01' WHERE sequence = 1"], 1),
    "a digest": (["UPDATE journal SET ruleset_digest = content_hash WHERE sequence = 4"], 4),
    "who erased": (["UPDATE journal SET actor = 'autre' WHERE sequence = 5"], 5),
    "a content": (
        [
            "UPDATE journal SET ciphertext = (SELECT ciphertext FROM journal WHERE sequence = 1) "
            "WHERE sequence = 3"
        ],
        3,
    ),
    "a content removed": (["UPDATE journal SET ciphertext = NULL WHERE sequence = 4"], 4),
    "an erasure undone": (["DELETE FROM journal WHERE sequence = 5"], 5),
    "the first": (["DELETE FROM journal WHERE sequence = 1"], 1),
    "two swapped": (
        [
            "UPDATE journal SET sequence = 99 WHERE sequence = 2",
            "UPDATE journal SET sequence = 2 WHERE sequence = 3",
            "UPDATE journal SET sequence = 3 WHERE sequence = 99",
        ],
        2,
    ),
    "all moved": (["UPDATE journal SET sequence = sequence + 100"], 1),
    "a seal": (["UPDATE journal SET hash = content_hash WHERE sequence = 6"], 6),
    "a forged purge": (
        [
            "UPDATE journal SET ciphertext = NULL WHERE sequence = 1",
            "INSERT INTO journal (sequence, kind, time, end_time, prev_hash, hash) SELECT 7, 'PURGE', time, "
            "'2999', hash, content_hash FROM journal WHERE sequence = 6",
        ],
        7,
    ),
}


def test_tampering_is_found_where_it_is(stores: Stores) -> None:
    """Each tampering alone, then the journal as it was."""
    head = fill(stores)
    assert stores.journal.verify(head).broken_sequence == 0
    for what, (statements, rank) in TAMPERINGS.items():
        before = rows(stores.database, "journal")
        tamper(stores.database, *statements)
        assert stores.journal.verify().broken_sequence == rank, what
        assert stores.journal.verify(head).broken_sequence == rank, what
        restore(stores.database, before)
    assert stores.journal.verify(head).broken_sequence == 0


ALTERED = {
    "outcome": "UPDATE journal SET outcome = 'PERHAPS' WHERE sequence = 3",
    "reasons": "UPDATE journal SET reason_codes = '[1]' WHERE sequence = 3",
    "reasons that are not JSON": "UPDATE journal SET reason_codes = '[' WHERE sequence = 3",
    "reasons without end": f"UPDATE journal SET reason_codes = '{'[' * 100_000}' WHERE sequence = 3",
    "time": "UPDATE journal SET time = 'yesterday' WHERE sequence = 3",
    "version": "UPDATE journal SET ruleset_version = NULL WHERE sequence = 3",
}
ALTERED_SQLITE = {
    "day": "UPDATE journal SET request_date = 'x' WHERE sequence = 3",
    "revision": "UPDATE journal SET ruleset_revision = 'x' WHERE sequence = 3",
    "a float": "UPDATE journal SET ruleset_revision = 1.5 WHERE sequence = 3",
    "bytes": "UPDATE journal SET ruleset_id = x'ff' WHERE sequence = 3",
    **{
        f"{name} that is not UTF-8": f"UPDATE journal SET {name} = CAST(x'41ff' AS TEXT) WHERE sequence = 3"
        for name in ("outcome", "reason_codes", "time", "ruleset_id", "decision_id", "hash", "request_date")
    },
}
"""PostgreSQL refuses these by itself."""


def test_an_altered_record_is_named_and_hides_no_other(stores: Stores) -> None:
    fill(stores)
    altered = ALTERED | (ALTERED_SQLITE if stores.database.is_sqlite else {})
    before = rows(stores.database, "journal")
    for what, statement in altered.items():
        tamper(stores.database, statement)
        assert stores.journal.verify().broken_sequence == 3, what
        found = {item.sequence: item for item in stores.journal.search(Filters(), limit=10)}
        assert list(found) == [6, 4, 3, 2, 1], what
        assert (found[3].content, found[3].read) == (ContentState.DAMAGED, None), what
        assert found[1].content is ContentState.READABLE, what
        restore(stores.database, before)


def test_nothing_follows_an_end_that_is_not_a_seal(stores: Stores) -> None:
    head = fill(stores)
    tamper(stores.database, "UPDATE journal SET hash = 'x' WHERE sequence = 6")
    refused("JOURNAL_DAMAGED", lambda: stores.journal.record([decision()]))
    found = stores.journal.verify(head)
    assert (found.broken_sequence, found.record_count, found.head.sequence) == (6, 6, 6)


def restore(database: Database, records: list[dict[str, Any]]) -> None:
    """Makes the table hold these rows alone."""
    with database.write() as connection:
        connection.execute(text("DELETE FROM journal"))
        columns = ", ".join(records[0])
        values = ", ".join(f":{name}" for name in records[0])
        connection.execute(text(f"INSERT INTO journal ({columns}) VALUES ({values})"), records)


def test_a_removed_end_is_found_with_a_head_kept_elsewhere(stores: Stores) -> None:
    early = stores.journal.head()
    head = fill(stores)
    tamper(stores.database, "DELETE FROM journal WHERE sequence > 4")
    assert stores.journal.verify().broken_sequence == 0
    assert stores.journal.verify(early).broken_sequence == 0
    found = stores.journal.verify(head)
    assert (found.broken_sequence, found.record_count, found.head.sequence) == (5, 4, 4)


@pytest.mark.parametrize("forger", ["no key", "another key", "the key"])
def test_a_full_rewrite_is_found_by_the_key_and_else_by_a_head_kept_elsewhere(
    stores: Stores, forger: str
) -> None:
    head = fill(stores)
    known = {
        "no key": ChainSeal(None),
        "another key": ChainSeal(vault.new_key()),
        "the key": open_ring(stores.database, stores.master_key).seal(store.JOURNAL_CHAIN),
    }
    records = rows(stores.database, "journal")
    records[2]["outcome"] = "ELIGIBLE"
    with stores.database.write() as connection:
        tampered = [{**row, "ciphertext": row["ciphertext"]} for row in records]
    tamper(stores.database, "DELETE FROM journal")
    with stores.database.write() as connection:
        for row in tampered:
            day = row["request_date"]
            row["request_date"] = datetime.fromisoformat(str(day)).date() if day else None
        JournalChain(known[forger]).append(connection, Head(0, "0" * 64), tampered)
    assert stores.journal.verify().broken_sequence == (0 if forger == "the key" else 1)
    assert forger != "the key" or stores.journal.verify(head).broken_sequence == 6


def test_the_database_refuses_changes(stores: Stores) -> None:
    fill(stores)
    for statement in (
        "UPDATE journal SET outcome = 'ELIGIBLE' WHERE sequence = 3",
        "DELETE FROM journal WHERE sequence = 6",
        "UPDATE journal SET ciphertext = NULL WHERE sequence = 1",
        "UPDATE journal SET ciphertext = hash WHERE sequence = 1",
        "INSERT INTO journal (sequence, kind, time, prev_hash, hash) VALUES (9, 'OTHER', '', '', '')",
    ):
        with pytest.raises(DBAPIError), stores.database.write() as connection:
            connection.execute(text(statement))


def test_an_altered_content_is_damaged(stores: Stores) -> None:
    first, second = stores.record(decision("A"), decision("B"))
    swap = "UPDATE journal SET ciphertext = (SELECT ciphertext FROM journal WHERE sequence = 1)"
    tamper(stores.database, swap)
    found = stores.journal.get(second)
    assert (found.content, found.read, found.case_reference) == (ContentState.DAMAGED, None, "")
    assert stores.journal.get(first).content is ContentState.READABLE


def test_an_erased_case_can_be_read_nowhere(stores: Stores) -> None:
    ids = stores.record(decision(), decision(loan__amount=370000), decision("autre"))
    wrapped = {row["wrapped_key"] for row in rows(stores.keys, "case_key")}
    backup = rows(stores.database, "journal")
    assert stores.journal.erase(REFERENCE, RemovalRequest(), validate_only=True).time is None
    assert stores.journal.get(ids[0]).content is ContentState.READABLE
    asked = RemovalRequest(str(uuid4()), "camille")
    erased = stores.journal.erase(REFERENCE, asked)
    assert erased.decision_count == 2
    head = stores.journal.head()
    assert stores.journal.erase(REFERENCE, asked) == erased
    assert stores.journal.erase(REFERENCE, RemovalRequest()) == erased
    assert stores.journal.head() == head
    assert rows(stores.database, "journal")[-1]["actor"] == "camille"
    for decision_id in ids[:2]:
        found = stores.journal.get(decision_id)
        assert (found.content, found.read) == (ContentState.ERASED, None)
        assert found.case_reference == ""
    assert stores.journal.get(ids[2]).content is ContentState.READABLE
    assert stores.journal.verify(head).broken_sequence == 0
    tamper(stores.database)
    restore(stores.database, backup)
    assert stores.journal.get(ids[0]).content is ContentState.KEY_MISSING
    left = {row["wrapped_key"] for row in rows(stores.keys, "case_key")}
    assert None in left
    assert not left & wrapped
    for file in stores.master_key.parent.glob("keys.sqlite3*"):
        assert not any(gone in file.read_bytes() for gone in wrapped), file


def test_a_purge_that_is_done_says_what_the_logs_of_the_server_keep(stores: Stores) -> None:
    stores.record(decision())
    purged = stores.journal.purge(FUTURE, RemovalRequest())
    assert purged.is_done
    ours = stores.journal.erasing.logs_are_ours
    told = (purge_pb(purged, logs_are_ours=ours), erasure_status_pb(None, logs_are_ours=ours))
    assert {"pg_wal" in answer.summary for answer in told} == {not stores.database.is_sqlite}


def test_what_cannot_be_erased(stores: Stores) -> None:
    refused("CASE_NOT_FOUND", lambda: stores.journal.erase("absent", RemovalRequest()))
    request_id = str(uuid4())
    stores.record(decision("A", request_id), decision("B"))
    refused("REQUEST_ID_REUSED", lambda: stores.journal.erase("B", RemovalRequest(request_id)))
    other = RemovalRequest(str(uuid4()))
    stores.journal.erase("A", other)
    refused("REQUEST_ID_REUSED", lambda: stores.journal.erase("B", other))
    refused("REQUEST_ID_REUSED", lambda: stores.journal.purge(FUTURE, other))
    (found,) = stores.journal.record([decision("B", other.request_id)])
    assert isinstance(found, AlreadyExists)


def test_a_case_begins_again_after_its_erasure(stores: Stores) -> None:
    (before,) = stores.record(decision())
    asked = RemovalRequest(str(uuid4()))
    stores.journal.erase(REFERENCE, asked)
    (after,) = stores.record(decision())
    stores.journal.erase(REFERENCE, asked)
    found = {item.decision_id: item.content for item in stores.journal.search(Filters(REFERENCE), limit=9)}
    assert found == {before: ContentState.ERASED, after: ContentState.READABLE}
    assert stores.journal.erase(REFERENCE, RemovalRequest()).decision_count == 2
    assert stores.journal.get(after).content is ContentState.ERASED


def test_a_restored_backup_of_the_keys_undoes_no_erasure(stores: Stores) -> None:
    (decision_id,) = stores.record(decision())
    (key,) = rows(stores.keys, "case_key")
    stores.journal.erase(REFERENCE, RemovalRequest())
    assert stores.journal.erasing.finish(60)  # on a slow machine it may still be under way
    with stores.keys.write() as connection:
        unprotect(connection)
        statement = text("UPDATE case_key SET wrapped_key = :wrapped_key, erase_time = NULL, epoch = :epoch")
        connection.execute(statement, {name: key[name] for name in ("wrapped_key", "epoch")})
    assert stores.journal.get(decision_id).content is ContentState.ERASED
    with pytest.raises(StartupError, match="n’a pas la clé d’époque"):
        prepare_keys(stores.keys_url, stores.master_key, stores.epochs)
    stores.journal.reapply_removals()
    assert stores.journal.get(decision_id).content is ContentState.ERASED
    prepare_keys(stores.keys_url, stores.master_key, stores.epochs)


def test_a_purge_removes_contents_and_keeps_the_chain(stores: Stores) -> None:
    old = stores.record(decision("ended"), decision("pursued"))
    end = datetime.now(UTC)
    (recent,) = stores.record(decision("pursued"))
    assert stores.journal.purge(datetime(300, 1, 1, tzinfo=UTC), RemovalRequest()).decision_count == 0
    assert stores.journal.purge(end, RemovalRequest(), validate_only=True).decision_count == 2
    assert stores.journal.get(old[0]).content is ContentState.READABLE
    asked = RemovalRequest(str(uuid4()), "camille")
    assert stores.journal.purge(end, asked).decision_count == 2
    head = stores.journal.head()
    assert stores.journal.purge(end, asked).decision_count == 2
    assert stores.journal.purge(end, RemovalRequest()).decision_count == 0
    refused("REQUEST_ID_REUSED", lambda: stores.journal.purge(FUTURE, asked))
    assert stores.journal.head() == head
    for decision_id in old:
        found = stores.journal.get(decision_id)
        assert (found.content, found.read, found.case_reference) == (ContentState.PURGED, None, "")
    assert stores.journal.get(recent).content is ContentState.READABLE
    assert stores.journal.verify(head).broken_sequence == 0
    assert sorted(row["wrapped_key"] is None for row in rows(stores.keys, "case_key")) == [False, True]


def test_a_request_sent_again_gives_what_was_recorded(stores: Stores) -> None:
    request_id = str(uuid4())
    new = decision(request_id=request_id)
    first, twin = stores.journal.record([new, new])
    assert isinstance(first, Recorded)
    assert twin == first
    (again,) = stores.other_process().record([decision(request_id=request_id, version="2027.1")])
    assert again == first
    for other in (decision(request_id=request_id, loan__months=12), decision("autre", request_id)):
        (found,) = stores.journal.record([other])
        assert isinstance(found, AlreadyExists)
        assert found.reason == "REQUEST_ID_REUSED"
    assert stores.journal.head().sequence == 1
    stores.journal.erase(REFERENCE, RemovalRequest())
    (found,) = stores.journal.record([new])
    assert isinstance(found, AlreadyExists)
    assert stores.journal.head().sequence == 2


def test_writers_of_several_processes_make_one_chain(stores: Stores) -> None:
    journals = [stores.journal, stores.other_process(), stores.other_process()]

    def write(number: int) -> list[str]:
        found = journals[number % 3].record([decision(f"case-{number % 5}"), decision("")])
        return [item.decision_id for item in found if isinstance(item, Recorded)]

    with ThreadPoolExecutor(4) as pool:  # as many as may write at once: none is refused for waiting
        ids = [decision_id for found in pool.map(write, range(36)) for decision_id in found]
    listed = stores.journal.search(Filters(), limit=100)
    assert sorted(ids) == sorted(item.decision_id for item in listed)
    assert {item.content for item in listed} == {ContentState.READABLE}
    assert stores.journal.verify().broken_sequence == 0
    keys, records = rows(stores.keys, "case_key"), rows(stores.database, "journal")
    assert len([row for row in keys if row["reference_hash"]]) == 5
    sealed = [row["ciphertext"] for row in records] + [row["wrapped_key"] for row in keys]
    assert len({bytes(one)[:NONCE_BYTES] for one in sealed}) == len(sealed) == len(records) + len(keys)


def test_a_commit_that_fails_records_nothing(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a case exists before its first record: a key without a decision is no case."""

    def fail(*_: object) -> None:
        raise Unavailable("STORE_UNAVAILABLE", "")

    with monkeypatch.context() as patched:
        patched.setattr(JournalChain, "append", fail)
        refused("STORE_UNAVAILABLE", lambda: stores.record(decision()))
    assert len(rows(stores.keys, "case_key")) == 1
    refused("CASE_NOT_FOUND", lambda: stores.journal.erase(REFERENCE, RemovalRequest()))
    stores.record(decision())
    assert len(rows(stores.keys, "case_key")) == 1


def test_without_its_keys_nothing_is_recorded(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    with stores.keys.write() as connection:
        connection.execute(text("ALTER TABLE case_key RENAME TO hidden"))
    refused("STORE_OF_ANOTHER_SERVICE", lambda: stores.record(decision()))
    with stores.keys.write() as connection:
        connection.execute(text("ALTER TABLE hidden RENAME TO case_key"))
    assert stores.journal.head().sequence == 0
    stores.record(decision())


def test_an_erasure_that_was_recorded_ends_by_itself(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    (decision_id,) = stores.record(decision())

    def fail(*_: Any) -> None:
        raise Unavailable("STORE_UNAVAILABLE", "")

    with monkeypatch.context() as patched:
        patched.setattr(type(stores.journal._keys), "destroy", fail)
        assert not stores.journal.erase(REFERENCE, RemovalRequest()).is_done
        assert not stores.journal.erase(REFERENCE, RemovalRequest()).is_done
    assert stores.journal.head().sequence == 2
    assert stores.journal.get(decision_id).content is ContentState.ERASED
    # What is decided meanwhile is not encrypted with the key that is to be destroyed.
    (later,) = stores.record(decision())
    other = stores.other_process()
    assert other.erasing.finish()
    assert other.erasing.since() is None
    assert other.get(later).content is ContentState.READABLE
    assert stores.journal.erase(REFERENCE, RemovalRequest()).is_done
    assert stores.journal.get(later).content is ContentState.ERASED


def test_a_journal_locked_too_long_is_unavailable(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_LOCK_TIMEOUT", text("SET LOCAL lock_timeout = '100ms'"))
    monkeypatch.setattr("services.kit.store.engine.SQLITE_BUSY_SECONDS", 0.1)
    hurried = stores.other_process()
    with stores.database.write() as connection:
        JournalChain(ChainSeal(None)).head(connection, lock=True)
        refused("STORE_UNAVAILABLE", lambda: hurried.record([decision()]))
    assert isinstance(hurried.record([decision()])[0], Recorded)


def test_a_store_that_may_only_be_read_says_so(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    (decision_id,) = stores.record(decision())
    url = stores.url
    if stores.database.is_sqlite:  # as on a volume without the right to write, which root always has
        monkeypatch.setattr(
            engine,
            "connect_sqlite",
            lambda path: sqlite3.connect(
                f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            ),
        )
    else:
        url = f"{url}&options=-c%20default_transaction_read_only%3Don"
    journal = stores.other_process(url)
    refused("STORE_READ_ONLY", lambda: journal.record([decision()]))
    refused("STORE_READ_ONLY", lambda: journal.erase(REFERENCE, RemovalRequest()))
    assert journal.get(decision_id).content is ContentState.READABLE


def test_the_master_key_is_tied_to_its_keys(stores: Stores, tmp_path: Path) -> None:
    assert stat.S_IMODE(os.stat(stores.master_key).st_mode) == 0o600
    assert [path.name for path in tmp_path.glob(".master*")] == []
    kept = stores.master_key.read_bytes()
    other = tmp_path / "other.key"
    vault.create(other)
    with pytest.raises(StartupError, match="n’est pas celle"):
        prepare_keys(stores.keys_url, other, stores.epochs)
    stores.master_key.unlink()
    with pytest.raises(StartupError, match="est absente") as raised:
        prepare_keys(stores.keys_url, stores.master_key, stores.epochs)
    assert not stores.master_key.exists()
    stores.master_key.touch(0o600)
    assert "\n" not in str(raised.value)
    stores.master_key.touch(0o600)
    for damaged in (b"", kept[:10], b"%%%"):
        stores.master_key.write_bytes(damaged)
        with pytest.raises(StartupError, match="clé maîtresse"):
            prepare_keys(stores.keys_url, stores.master_key, stores.epochs)
    stores.master_key.write_bytes(kept)
    prepare_keys(stores.keys_url, stores.master_key, stores.epochs)


def test_a_lost_key_database_is_not_replaced_in_silence(stores: Stores) -> None:
    stores.journal.check_keys()
    stores.record(decision())
    stores.journal.check_keys()
    tamper(stores.keys, "DELETE FROM case_key")
    with pytest.raises(StartupError, match="La base des clés est vide"):
        stores.journal.check_keys()


def test_a_damaged_key_harms_its_case_alone(stores: Stores) -> None:
    first, second = stores.record(decision("A"), decision("B"))
    (hurt,) = (row["case_id"] for row in rows(stores.database, "journal") if row["decision_id"] == first)
    with stores.keys.write() as connection:
        statement = text("UPDATE case_key SET wrapped_key = :bytes WHERE case_id = :case_id")
        connection.execute(statement, {"bytes": b"x" * 60, "case_id": hurt})
    listed = {item.decision_id: item.content for item in stores.journal.search(Filters(), limit=9)}
    assert listed == {first: ContentState.KEY_MISSING, second: ContentState.READABLE}
    barrier = threading.Barrier(2)

    def write(case: str) -> list[str]:
        barrier.wait()
        return stores.record(decision(case))

    with ThreadPoolExecutor(2) as pool:
        failing, passing = pool.submit(write, "A"), pool.submit(write, "B")
        assert len(passing.result()) == 1
        refused("KEY_MISSING", failing.result)


def test_the_key_of_a_case_opens_no_other(stores: Stores) -> None:
    ids = stores.record(decision("A"), decision("B"), decision("C"))
    keys = {row["case_id"]: row["wrapped_key"] for row in rows(stores.keys, "case_key")}
    one, other = (row["case_id"] for row in rows(stores.database, "journal")[:2])
    statement = text("UPDATE case_key SET wrapped_key = :bytes WHERE case_id = :case_id")
    with stores.keys.write() as connection:
        swapped = [{"bytes": keys[other], "case_id": one}, {"bytes": keys[one], "case_id": other}]
        connection.execute(statement, swapped)
    found = [stores.journal.get(decision_id).content for decision_id in ids]
    assert found == [ContentState.KEY_MISSING, ContentState.KEY_MISSING, ContentState.READABLE]
