"""The stored keys: what an earlier version left is taken over, and another master key takes its place."""

from __future__ import annotations

import os
import shutil
import signal
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from services.bank_registry.store import STORE_KEYS, migrate, tables
from services.eligibility.answer.decisions import ContentState
from services.kit.canonical import Head
from services.kit.errors import StartupError
from services.kit.store import (
    Audit,
    ChainSeal,
    Database,
    open_ring,
    prepare_keys,
    prepare_ring,
    rotate_master_key,
    vault,
)
from services.kit.store.ring import MasterKeyFile
from tests.bank_registry_support import new_database
from tests.journal_support import Stores, decision, new_urls, opened, tamper

AUDIT_CHAIN = "audit chain"
PLAIN = Audit(tables.audit, ChainSeal(None))
NOBODY = "sqlite:///nowhere/accesses.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A registry of each kind that has no key yet."""
    sqlite = f"sqlite:///{tmp_path}/registry.sqlite3"
    url = sqlite if request.param == "sqlite" else new_database(request.getfixturevalue("postgres_url"))
    migrate(url)
    database = Database(url)
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """A journal and its keys, of each kind."""
    with opened(new_urls(request.param, tmp_path, request), tmp_path) as found:
        yield found


def write(database: Database, log: Audit, count: int = 1) -> Head:
    """Some audited writes; the head after them."""
    for _ in range(count):
        with database.write() as connection:
            head = log.append(connection, actor="a", method="m", resource="r", before=None, after={})
    return head


def broken(database: Database, log: Audit) -> int:
    """The first record that is not as it was written."""
    with database.read() as connection:
        return log.verify(connection).broken_sequence


def rehashed(database: Database, log: Audit) -> None:
    """Changes an actor, then makes every seal again, as one who writes the database can."""
    with database.write() as connection:
        rows = [dict(row) for row in connection.execute(text("SELECT * FROM audit ORDER BY seq")).mappings()]
    tamper(database, "DELETE FROM audit")
    rows[0]["actor"] = "un autre"
    with database.write() as connection:
        log._chain.append(connection, Head(0, "0" * 64), rows)


@pytest.mark.parametrize("forger", [PLAIN, Audit(tables.audit, ChainSeal(b"x" * 32))])
def test_an_audit_rewritten_without_the_key_is_found(
    registry: Database, tmp_path: Path, forger: Audit
) -> None:
    prepare_ring(registry, tmp_path / "master.key", STORE_KEYS)
    log = Audit(tables.audit, open_ring(registry, tmp_path / "master.key").seal(AUDIT_CHAIN))
    write(registry, log, 3)
    assert broken(registry, log) == 0
    rehashed(registry, forger)
    assert broken(registry, log) == 1


def test_a_chain_of_yesterday_goes_on_under_a_key_that_seals_its_end(
    registry: Database, tmp_path: Path
) -> None:
    head = write(registry, PLAIN, 3)
    prepare_ring(registry, tmp_path / "master.key", STORE_KEYS)
    log = Audit(tables.audit, open_ring(registry, tmp_path / "master.key").seal(AUDIT_CHAIN))
    write(registry, log, 2)
    with registry.read() as connection:
        found = log.verify(connection, head)
    assert (found.broken_sequence, found.record_count) == (0, 5)
    # The former part, rewritten whole with its public hash, no longer ends where the key says.
    rehashed(registry, PLAIN)
    assert broken(registry, log) == 3


def test_a_broken_chain_of_yesterday_is_not_taken_over(registry: Database, tmp_path: Path) -> None:
    write(registry, PLAIN, 3)
    tamper(registry, "UPDATE audit SET actor = 'b' WHERE seq = 2")
    with pytest.raises(StartupError, match="rompue à la ligne 2"):
        prepare_ring(registry, tmp_path / "master.key", STORE_KEYS)
    with registry.read() as connection:
        assert connection.execute(text("SELECT * FROM stored_key")).all() == []


@pytest.mark.parametrize("change", ["after_sequence = after_sequence + 1", "purpose = 'x'"])
def test_a_stored_key_that_was_altered_opens_nothing(registry: Database, tmp_path: Path, change: str) -> None:
    """Moving the end of the plain records would pass off forged ones as older than the key."""
    prepare_ring(registry, tmp_path / "master.key", STORE_KEYS)
    tamper(registry, f"UPDATE stored_key SET {change} WHERE purpose = 'audit chain'")
    with pytest.raises(StartupError, match="a été altérée"):
        open_ring(registry, tmp_path / "master.key")


def test_what_was_derived_keeps_its_value(stores: Stores) -> None:
    """Tags and wrapped keys of yesterday are still found."""
    master = vault.load(stores.master_key)
    with stores.keys.write() as connection:
        connection.execute(text("DELETE FROM stored_key"))
    from services.kit.store.keys import KEY_PLAN

    prepare_ring(stores.keys, stores.master_key, KEY_PLAN)
    ring = open_ring(stores.keys, stores.master_key)
    assert {purpose: ring.key(purpose) for purpose in KEY_PLAN.purposes} == {
        purpose: master.derived(purpose) for purpose in KEY_PLAN.purposes
    }


def test_the_stored_keys_are_random(stores: Stores) -> None:
    master, ring = vault.load(stores.master_key), open_ring(stores.keys, stores.master_key)
    assert ring.key("case keys") != master.derived("case keys")


def rotated(stores: Stores) -> str:
    """The sentence of a rotation of both databases."""
    databases = {"la base du journal": stores.url, "la base des clés": stores.keys_url}
    return rotate_master_key(databases, NOBODY, stores.master_key, "Camille")


def test_after_a_rotation_everything_opens_and_the_former_key_opens_nothing(stores: Stores) -> None:
    running = stores.other_process()
    (before,) = stores.record(decision())
    former = stores.master_key.read_bytes()
    assert "Camille a changé" in rotated(stores)
    assert stores.master_key.read_bytes() != former
    (during,) = [done.decision_id for done in running.record([decision()]) if hasattr(done, "decision_id")]
    journal = stores.other_process()
    for one in (before, during):
        assert journal.get(one).content is ContentState.READABLE
    assert journal.verify().broken_sequence == 0
    previous = stores.master_key.with_name("master.key.previous")
    assert previous.read_bytes() == former
    for database in (stores.database, stores.keys):
        with pytest.raises(StartupError, match="n’est pas celle"):
            open_ring(database, previous)


def test_a_running_service_knows_the_key_that_took_the_place_of_its_own(stores: Stores) -> None:
    here, elsewhere = (MasterKeyFile(stores.keys, stores.master_key, "la base des clés") for _ in range(2))
    former = stores.master_key.read_bytes()
    rotated(stores)
    here.check()
    stores.master_key.write_bytes(former)  # as on another server, until it is given the new one
    elsewhere.check()
    with pytest.raises(StartupError, match="n’est pas celle"):
        here.check()
    stores.master_key.unlink()
    for one in (here, elsewhere):
        with pytest.raises(StartupError, match="absente"):
            one.check()


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """This process is killed at its n-th statement or commit."""
    steps = count(1)

    def strike(*_: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", strike)
    event.listen(Engine, "commit", strike)
    yield


def test_a_rotation_killed_anywhere_leaves_a_service_that_starts_and_ends_when_asked_again(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with opened(new_urls("sqlite", tmp_path, request), tmp_path) as stores:
        (known,) = stores.record(decision())
        killed = 0
        for step in count(1):
            child = os.fork()
            if not child:
                with killed_at(step):
                    rotated(stores)
                os._exit(0)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert status in (0, -signal.SIGKILL)
            assert stores.other_process().get(known).content is ContentState.READABLE
            if status == 0:
                break
            killed += 1
        assert killed > 8
        rotated(stores)
        assert not vault.successor(stores.master_key).exists()
        assert stores.other_process().verify().broken_sequence == 0
        assert len(b64decode(stores.master_key.read_bytes())) == vault.KEY_BYTES


def test_a_copy_of_the_folder_of_epochs_is_not_the_folder(stores: Stores, tmp_path: Path) -> None:
    """It has the same keys, and would keep those that the other destroys."""
    copy = tmp_path / "copy"
    shutil.copytree(stores.epochs, copy)
    with pytest.raises(StartupError, match="est une copie"):
        prepare_keys(stores.keys_url, stores.master_key, copy)
    moved = stores.epochs.rename(tmp_path / "moved")
    for _ in range(2):
        prepare_keys(stores.keys_url, stores.master_key, moved)
    (copy / "place").unlink()  # as the refusal says, once it is the only one
    prepare_keys(stores.keys_url, stores.master_key, copy)
