"""The store on both databases: transactions, marks, migrations, audit chain."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import MetaData, delete, func, make_url, select, text, update
from sqlalchemy.exc import DBAPIError

from services.kit.canonical import Head
from services.kit.errors import StartupError, Unavailable
from services.kit.store import Audit, ChainSeal, audit_table
from services.kit.store.database import Database, migrate

MIGRATION = """
import sqlalchemy as sa
from alembic import op
from services.kit.store import audit_table

revision, down_revision = "{revision}", {down_revision}

def upgrade():
    {body}
"""
FIRST = """op.create_table("thing", sa.Column("id", sa.Integer, primary_key=True))
    audit_table(sa.MetaData()).create(op.get_bind())"""
SECOND = 'op.add_column("thing", sa.Column("label", sa.Text))'
AUDIT = audit_table(MetaData())
LOG = Audit(AUDIT, ChainSeal(b"k" * 32))

PLAIN = Audit(AUDIT, ChainSeal(None))
FROZEN = "69946f1a4f88c7f2d169126e91187bf512f6735cf7f1b4168b610500fa593d33"
PLAIN_FROZEN = "5fa43d236db549d2cc10540eda94f7590c694440abc444eb1c6b93e254d38b7c"


def write_migrations(folder: Path, *bodies: str) -> Path:
    """A folder of migrations, one for each body."""
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(bodies, 1):
        down = repr(f"{number - 1:04d}") if number > 1 else "None"
        source = MIGRATION.format(revision=f"{number:04d}", down_revision=down, body=body)
        (folder / "versions" / f"{number:04d}.py").write_text(source)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/deep/store.db"
    maintenance = make_url(request.getfixturevalue("postgres_url"))
    name = f"kit_{uuid4().hex}"
    plain = maintenance.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return maintenance.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    return write_migrations(tmp_path / "scripts", FIRST)


@pytest.fixture
def database(url: str, scripts: Path) -> Iterator[Database]:
    migrate(url, scripts)
    opened = Database(url)
    yield opened
    opened.dispose()


def add_then_fail(database: Database) -> None:
    """A write transaction that fails after its statements."""
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES (2)"))
        LOG.append(connection, actor="a", method="m", resource="r", before=None, after={})
        raise ZeroDivisionError


def count(database: Database) -> int:
    """The number of things that a new reader sees."""
    with database.read() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM thing")) or 0)


def test_a_write_is_committed_or_leaves_no_trace(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES (1)"))
    with pytest.raises(ZeroDivisionError):
        add_then_fail(database)
    assert count(database) == 1


def test_a_read_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as connection:
        connection.execute(text("INSERT INTO thing VALUES (1)"))
    assert count(database) == 0


def test_a_reader_sees_one_state_throughout(database: Database) -> None:
    with database.read() as connection:
        before = connection.scalar(text("SELECT count(*) FROM thing"))
        with database.write() as other:
            other.execute(text("INSERT INTO thing VALUES (1)"))
        assert connection.scalar(text("SELECT count(*) FROM thing")) == before == 0
    assert count(database) == 1


def test_concurrent_writers_wait_for_one_another(database: Database) -> None:
    def add(number: int) -> None:
        with database.write() as connection:
            LOG.append(connection, actor="a", method="m", resource=str(number), before=None, after={})

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert LOG.head(connection).sequence == 8
        assert not LOG.verify(connection).broken_sequence


def test_the_mark_changes_with_every_commit_and_only_then(url: str, database: Database) -> None:
    other = Database(url)
    first = database.data_version(fresh=True)
    with other.read() as connection:
        connection.execute(text("SELECT count(*) FROM thing"))
    assert database.data_version(fresh=True) == first
    with other.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES (1)"))
    second = database.data_version(fresh=True)
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES (2)"))
    third = database.data_version(fresh=True)
    assert len({first, second, third}) == 3
    if database.is_sqlite:
        assert database.data_version() == third
    other.dispose()


def test_a_second_migration_keeps_the_data(url: str, database: Database, scripts: Path) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES (1)"))
    database.dispose()
    migrate(url, write_migrations(scripts, FIRST, SECOND))
    migrate(url, scripts)
    with database.read() as connection:
        assert connection.execute(text("SELECT id, label FROM thing")).all() == [(1, None)]
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0002"


def test_a_failed_migration_changes_nothing(url: str, database: Database, scripts: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        migrate(url, write_migrations(scripts, FIRST, f"{SECOND}; 1 / 0"))
    migrate(url, write_migrations(scripts, FIRST, SECOND))
    with database.read() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0002"


def test_a_store_of_a_newer_version_is_refused(url: str, tmp_path: Path, scripts: Path) -> None:
    migrate(url, write_migrations(tmp_path / "newer", FIRST, SECOND))
    with pytest.raises(StartupError, match="version plus récente"):
        migrate(url, scripts)


def test_servers_that_start_together_migrate_once(url: str, scripts: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=migrate, args=(url, scripts)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0, 0]


def fill(database: Database, log: Audit = LOG) -> Head:
    """Three audited writes; returns the head."""
    for number in range(3):
        with database.write() as connection:
            head = log.append(
                connection,
                actor="agent",
                method="Create",
                resource=f"things/{number}",
                before=None if number == 0 else {"label": "é", "amount": "1.50"},
                after={"nested": [1, {"b": 2, "a": None}]},
                time=datetime(2026, 11, 23, 8, 0, number, tzinfo=UTC),
            )
    return head


@pytest.mark.parametrize(("log", "frozen"), [(LOG, FROZEN), (PLAIN, PLAIN_FROZEN)])
def test_the_sealed_form_is_frozen(database: Database, log: Audit, frozen: str) -> None:
    assert fill(database, log) == Head(3, frozen)
    with database.read() as connection:
        assert not log.verify(connection, Head(3, frozen)).broken_sequence
        assert log.verify(connection, Head(2, "0" * 64)).broken_sequence == 2
        assert log.head(connection) == Head(3, frozen)


@pytest.mark.parametrize(
    ("tampering", "row"),
    [
        (update(AUDIT).where(AUDIT.c.seq == 2).values(actor="autre"), 2),
        (update(AUDIT).where(AUDIT.c.seq == 2).values(time="2026-11-23T09:00:00.000000Z"), 2),
        (update(AUDIT).where(AUDIT.c.seq == 1).values(after=None), 1),
        (update(AUDIT).where(AUDIT.c.seq == 3).values(hash="f" * 64), 3),
        (delete(AUDIT).where(AUDIT.c.seq == 1), 1),
        (delete(AUDIT).where(AUDIT.c.seq == 2), 2),
        (delete(AUDIT).where(AUDIT.c.seq == 3), 3),
        (update(AUDIT).where(AUDIT.c.seq > 1).values(seq=AUDIT.c.seq + 10), 2),
    ],
)
def test_tampering_is_found(database: Database, tampering: object, row: int) -> None:
    head = fill(database)
    with database.write() as connection:
        connection.execute(tampering)  # type: ignore[call-overload]
    with database.read() as connection:
        assert LOG.verify(connection, head).broken_sequence == row


@pytest.mark.parametrize("value", ["CAST(x'41ff' AS TEXT)", "x'ff'", "1.5", "NULL"])
def test_a_row_beyond_reading_is_named_and_the_others_are_read(database: Database, value: str) -> None:
    """PostgreSQL refuses such values by itself, except that nothing was done."""
    head = fill(database)
    column = "before" if value == "NULL" else "actor"
    if database.is_sqlite or value == "NULL":
        with database.write() as connection:
            connection.execute(text(f'UPDATE audit SET "{column}" = {value} WHERE seq = 2'))
        with database.read(any_text=True) as connection:
            found = LOG.verify(connection, head)
        assert (found.broken_sequence, found.record_count, found.head) == (2, 3, head)


def test_a_refused_write_leaves_no_audit(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        add_then_fail(database)
    with pytest.raises(TypeError), database.write() as connection:
        LOG.append(connection, actor="a", method="m", resource="r", before=None, after={"x": [1.5]})
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(AUDIT)) == 0


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://agent:oiseau@127.0.0.1:1/base",
        "sqlite:////proc/absent/store.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:/tmp/store.db?mode=rwc&uri=true",
        "mysql://agent:oiseau@serveur/base",
        "oiseau",
    ],
)
def test_an_unusable_store_is_one_french_sentence(address: str, scripts: Path) -> None:
    with pytest.raises(StartupError, match="base de données") as raised:
        migrate(address, scripts)
    assert "oiseau" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_account_without_rights_is_one_french_sentence(postgres_url: str, scripts: Path) -> None:
    maintenance = make_url(postgres_url)
    name = f"kit_{uuid4().hex}"
    plain = maintenance.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'oiseau'")
        connection.execute(f"CREATE DATABASE {name}")
    with pytest.raises(StartupError, match="droits du compte") as raised:
        migrate(
            maintenance.set(database=name, username=name, password="oiseau").render_as_string(False), scripts
        )
    assert "oiseau" not in str(raised.value)


def test_a_damaged_file_is_one_french_sentence(tmp_path: Path, scripts: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StartupError, match="est abîmé"):
        migrate(f"sqlite:///{tmp_path}/store.db", scripts)


def test_a_store_that_stops_answering_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kit.store.engine.SQLITE_BUSY_SECONDS", 0.05)
    (tmp_path / "store.db").touch()
    database = Database(f"sqlite:///{tmp_path}/store.db")
    with database.write():
        rival = sqlite3.connect(tmp_path / "store.db", timeout=0)
        with pytest.raises(Unavailable), database.write():
            pass
        rival.close()
    database.dispose()
    absent = Database("postgresql://agent:oiseau@127.0.0.1:1/base")
    with pytest.raises(Unavailable), absent.read():
        pass
    with pytest.raises(Unavailable):
        absent.data_version()
    absent.dispose()


def test_wrong_sql_is_a_bug_not_an_unavailability(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as connection:
        connection.execute(text("SELECT FROM FROM thing"))


def test_a_closed_store_leaves_no_thread(url: str, tmp_path: Path) -> None:
    """The master of workers refuses to fork beside one."""
    before = set(threading.enumerate())
    migrate(url, write_migrations(tmp_path / "migrations", FIRST))
    assert set(threading.enumerate()) <= before
