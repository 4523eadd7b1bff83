"""The clock of a store, on SQLite and on PostgreSQL alike: who marks, what is deleted, who confirms."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from services.kit.errors import FailedPrecondition, StartupError
from services.kit.store import (
    CLOCK_CHAIN,
    Database,
    DeletionTime,
    KeyPlan,
    StoreClock,
    create_clock_tables,
    create_key_tables,
    open_ring,
    prepare_ring,
    store_clock,
    verify_clock,
)
from services.kit.store.clock import WAIT_SECONDS, Doubt, Reading
from services.kit.store.store_clock import clock_audit
from tests.bank_registry_support import new_database

KEYS = KeyPlan("la base d’essai", (CLOCK_CHAIN,), chains={CLOCK_CHAIN: verify_clock})


def new_file(path: Path) -> str:
    """The address of an empty store."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of each kind, that has a clock."""
    if request.param == "sqlite":
        found = new_file(tmp_path / "store.sqlite3")
    else:
        found = new_database(request.getfixturevalue("postgres_url"))
    database = Database(found)
    with database.write() as connection:
        create_clock_tables(connection, None)
        create_key_tables(connection)
    prepare_ring(database, tmp_path / "master.key", KEYS)
    database.dispose()
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    found = Database(url)
    yield found
    found.dispose()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The file of the master key."""
    return tmp_path / "master.key"


@dataclass
class Machine:
    """A machine whose clocks a test holds: it deletes what it is let."""

    database: Database
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    since_boot: int = 10
    boot: str = "this"
    at: list[DeletionTime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = StoreClock(self.database, self._delete, read=self.read)

    def read(self) -> Reading:
        return Reading(self.now, self.boot, self.since_boot)

    def _delete(self, connection: Connection, at: DeletionTime) -> int:
        self.at.append(at)
        return 0

    def has_run(self, seconds: int) -> None:
        """The service ran that long before its last mark."""
        with self.database.write() as connection:
            connection.execute(update(store_clock._clock).values(running=seconds))

    def passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.since_boot += seconds


def is_refused(machine: Machine) -> bool:
    """Whether a deletion by date that a person asks for is refused."""
    with machine.database.write() as connection:
        try:
            machine.clock.check(connection)
        except FailedPrecondition as error:
            return error.reason == "CLOCK_IN_DOUBT"
    return False


def test_nothing_has_waited_before_a_day_of_running(database: Database) -> None:
    machine = Machine(database)
    machine.clock.mark()
    assert machine.at[-1].marked_until < 0
    machine.has_run(WAIT_SECONDS - 120)
    machine.passes(119)
    machine.clock.mark()
    assert machine.at[-1].marked_until < 0
    machine.passes(1)
    machine.clock.mark()
    assert (machine.at[-1].running, machine.at[-1].marked_until) == (WAIT_SECONDS, 0)


@pytest.mark.parametrize("days", [1, -10, 400, -3650])
def test_nothing_is_deleted_until_a_person_confirms(
    url: str, database: Database, key: Path, days: int
) -> None:
    machine = Machine(database)
    machine.clock.mark()
    assert not is_refused(machine)
    machine.now += timedelta(days=days)
    deletions = len(machine.at)
    assert is_refused(machine)
    assert machine.clock.mark().doubt is Doubt.JUMP
    assert Machine(database, machine.now, 1, "next").clock.mark().doubt is Doubt.JUMP
    assert machine.clock.detail() == "CLOCK_IN_DOUBT"
    assert (len(machine.at), is_refused(machine)) == (deletions, True)

    sentence = store_clock.confirm({url: CLOCK_CHAIN}, key, "Camille Le Goff", read=machine.read)
    assert sentence.startswith("Camille Le Goff confirme")
    assert "(Paris)" in sentence
    with pytest.raises(StartupError):
        store_clock.confirm({url: CLOCK_CHAIN}, key, "Camille Le Goff", read=machine.read)
    other = Machine(database, machine.now, machine.since_boot)
    # PostgreSQL has a clock of its own: nobody confirms against it that it is earlier.
    disagrees = days < 0 and not database.is_sqlite
    for each in (machine, other):
        assert each.clock.mark().doubt is None
        assert is_refused(each) is disagrees
        assert all(at.marked_until < 0 for at in each.at)
    with database.read() as connection:
        (entry,) = connection.execute(select(clock_audit)).all()
        assert (entry.actor, entry.method) == ("Camille Le Goff", "ConfirmClock")
        assert not verify_clock(connection, open_ring(database, key).seal(CLOCK_CHAIN)).broken_sequence


def test_a_confirmation_makes_every_wait_begin_again(url: str, database: Database, key: Path) -> None:
    machine = Machine(database)
    machine.clock.mark()
    machine.has_run(2 * WAIT_SECONDS)
    machine.clock.mark()
    assert machine.at[-1].marked_until > 0
    machine.now += timedelta(days=1)
    machine.clock.mark()
    store_clock.confirm({url: CLOCK_CHAIN}, key, "c", read=machine.read)
    machine.clock.mark()
    assert machine.at[-1].marked_until < 0


def test_a_machine_behind_the_store_says_so_and_deletes_nothing(database: Database) -> None:
    """Behind the mark of a replica, on both; behind the database itself, on PostgreSQL."""
    ahead, right = (
        Machine(database, datetime.now(UTC) + timedelta(seconds=60)),
        Machine(database, boot="right"),
    )
    ahead.clock.mark()
    right.clock.mark()
    assert right.clock.detail() == "CLOCK_BEHIND_STORE"
    assert (right.at, is_refused(right)) == ([], True)
    ahead.clock.mark()
    assert ahead.clock.detail() == ""
    if not database.is_sqlite:
        late = Machine(database, ahead.now - timedelta(seconds=90), boot="late")
        late.clock.mark()
        assert late.clock.detail() == "CLOCK_BEHIND_STORE"


def test_processes_that_begin_together_make_one_mark(url: str) -> None:
    databases = [Database(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        marks = list(pool.map(lambda one: StoreClock(one).mark(), databases))
    assert [mark.doubt for mark in marks] == [None] * 4
    for one in databases:
        one.dispose()


def test_a_store_with_a_past_begins_there(tmp_path: Path) -> None:
    database = Database(new_file(tmp_path / "old.sqlite3"))
    with database.write() as connection:
        create_clock_tables(connection, "2026-01-02T03:04:05.000000Z")
    late = Machine(database, datetime(2027, 3, 1, tzinfo=UTC))
    assert late.clock.mark().doubt is Doubt.LONG_STOP
    database.dispose()
