"""A store that hangs, is locked, moved or damaged: every wait ends, every state has its name."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import URL, make_url, text

from services.kit import context
from services.kit.context import limit
from services.kit.errors import DomainError, FailedPrecondition, Unavailable
from services.kit.store import waits
from services.kit.store.database import Database
from services.kit.store.sqlite_files import SqliteFiles
from services.kit.store.waits import Attempts, WritePlaces
from tests.proxy import Proxy
from tests.support import wait_until

GENEROUS = 30.0


@pytest.fixture
def postgresql(postgres_url: str) -> URL:
    """A database of its own, with one table."""
    name = f"hang_{uuid4().hex}"
    maintenance = make_url(postgres_url)
    plain = maintenance.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = maintenance.set(database=name)
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(False), autocommit=True) as own:
        own.execute("CREATE TABLE thing (id integer)")
    return url


@pytest.fixture
def proxy(postgresql: URL) -> Iterator[Proxy]:
    host = str(postgresql.query.get("host") or postgresql.host or "")
    port = postgresql.port or 5432
    if host.startswith("/"):
        made = Proxy(socket.AF_UNIX, f"{host}/.s.PGSQL.{port}")
    else:
        made = Proxy(socket.AF_INET, (host or "127.0.0.1", port))
    yield made
    made.thaw()
    made.close()


@pytest.fixture
def database(postgresql: URL, proxy: Proxy) -> Iterator[Database]:
    """The store, behind a proxy that may be frozen."""
    query = {key: value for key, value in postgresql.query.items() if key not in ("host", "port")}
    url = postgresql.set(host="127.0.0.1", port=proxy.port, query=query)
    made = Database(url.render_as_string(hide_password=False), bounded=True)
    yield made
    proxy.thaw()
    made.dispose()


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM thing")) or 0)


def insert(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES (1)"))


def test_a_command_takes_the_time_that_it_needs(postgresql: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import of a whole registry lasts longer than any call: nobody waits for it."""
    url = postgresql.render_as_string(hide_password=False)
    bounds = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    for serving, expected in ((False, ("0", "0")), (True, ("10s", "5s"))):
        monkeypatch.setattr(context, "serving", lambda told=serving: told)
        opened = Database(url)
        monkeypatch.setattr(waits, "BACKGROUND_SECONDS", GENEROUS if serving else 0.2)
        with opened.read() as connection:
            assert tuple(connection.execute(bounds).one()) == expected
            if not serving:
                connection.execute(text("SELECT pg_sleep(0.5)"))
        opened.dispose()


def test_a_server_that_hangs_costs_no_more_than_what_is_left_of_the_call(
    database: Database, proxy: Proxy
) -> None:
    assert count(database) == 0
    proxy.freeze()
    for act in (count, insert):
        with limit(0.3), pytest.raises(Unavailable, match="STORE_UNAVAILABLE"):
            act(database)
    with pytest.raises(Unavailable):
        database.data_version(fresh=True)
    proxy.thaw()
    with limit(GENEROUS):
        wait_until(lambda: not is_refused(lambda: insert(database)))
        assert count(database) >= 1
        database.data_version(fresh=True)


def test_a_server_that_hangs_as_it_is_reached_costs_no_more(
    database: Database, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy asks a few things of a new connection by itself."""
    dialect = database._engine.dialect
    connect = dialect.connect

    def reach(*arguments: Any, **named: Any) -> Any:
        connection = connect(*arguments, **named)
        proxy.freeze()
        return connection

    monkeypatch.setattr(dialect, "connect", reach)
    with limit(0.3), pytest.raises(Unavailable, match="STORE_UNAVAILABLE"):
        count(database)


def test_a_locked_table_ends_the_write_with_its_call(database: Database, postgresql: URL) -> None:
    plain = postgresql.set(drivername="postgresql").render_as_string(hide_password=False)
    count(database)  # it is connected
    with psycopg.connect(plain) as other:
        other.execute("LOCK TABLE thing IN EXCLUSIVE MODE")
        with limit(0.3), pytest.raises(Unavailable):
            insert(database)
        assert count(database) == 0
    with limit(GENEROUS):
        insert(database)


def test_a_mark_that_cannot_be_read_is_asked_by_one_read_at_a_time(database: Database, proxy: Proxy) -> None:
    database.data_version()
    proxy.freeze()
    with pytest.raises(Unavailable):
        database.data_version(fresh=True)
    with ThreadPoolExecutor(8) as pool, limit(GENEROUS):
        assert sum(pool.map(lambda _: is_refused(database.data_version), range(8))) >= 7


def test_connections_that_are_all_cut_are_a_database_that_does_not_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of a server that hangs: the pool tries a few, then gives up in words of its own."""

    def cut(_: object) -> bool:
        raise psycopg.OperationalError

    count(database)
    monkeypatch.setattr(database._engine.dialect, "do_ping", cut)
    assert is_refused(lambda: count(database))


def is_refused(act: object) -> bool:
    try:
        act()  # type: ignore[operator]
    except Unavailable:
        return True
    return False


def test_writers_that_wait_leave_threads_to_the_readers() -> None:
    places, leave = WritePlaces(lambda: 2), threading.Event()
    held = threading.Barrier(3)

    def write() -> None:
        with places.held():
            with places.held():  # a write within a write takes no second place
                held.wait()
            leave.wait(GENEROUS)

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write) for _ in range(2)]
        held.wait()
        with limit(0.05), pytest.raises(Unavailable, match="STORE_UNAVAILABLE"), places.held():
            pass
        leave.set()
        for writer in writers:
            writer.result()
    with places.held():
        pass


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[Database, Path]]:
    """A store in a file, with one table."""
    path = folder / "store.sqlite3"
    path.touch()
    database = Database(f"sqlite:///{path}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE thing (id integer)"))
    database.data_version()
    yield database, path
    database.dispose()


def test_a_database_that_cannot_be_reached_is_tried_by_one_thread_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(waits.time, "monotonic", lambda: now)
    attempts = Attempts()

    def is_let(*, fails: bool) -> bool:
        with suppress(psycopg.OperationalError), attempts.turn():
            reached.append(now)
            if fails:
                raise psycopg.OperationalError
            return True
        return False

    reached: list[float] = []
    with attempts.turn():
        assert is_let(fails=False)  # while none has failed, nobody waits for another
    for _ in range(1000):
        is_let(fails=True)
        now += 0.01
    assert 20 <= len(reached) <= 30  # twice a second, sooner at first
    now += 1.0
    with suppress(ZeroDivisionError), attempts.turn():
        assert not is_let(fails=False)
        raise ZeroDivisionError
    now += 1.0
    assert is_let(fails=False)
    assert is_let(fails=False)


def test_a_connection_is_awaited_no_longer_than_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a bound of ours, the test would last as long as psycopg waits: to the end of its time."""
    monkeypatch.setattr("services.kit.store.engine.POSTGRESQL_CONNECT_SECONDS", 3600)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        database = Database(url, bounded=True)
        with limit(0.1), pytest.raises(Unavailable):
            count(database)
        database.dispose()


def test_a_connection_that_comes_too_late_is_closed() -> None:
    late, closed = threading.Event(), threading.Event()

    def connect() -> SimpleNamespace:
        late.wait()
        return SimpleNamespace(close=closed.set)

    with limit(0), pytest.raises(psycopg.OperationalError):
        waits.connected(Attempts(), connect)
    late.set()
    wait_until(closed.is_set)


def test_another_writer_is_no_fault_until_a_write_would_have_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.store.database.PROBE_SECONDS", -1.0)
    with sqlite(tmp_path) as (database, path), closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with limit(0.01):
            database.check_writable()
            monkeypatch.setattr("services.kit.store.database.SQLITE_BUSY_SECONDS", 0.0)
            assert is_refused(database.check_writable)
        other.rollback()
        database.check_writable()


def reason(act: object) -> str:
    with pytest.raises(DomainError) as raised:
        act()  # type: ignore[operator]
    assert isinstance(raised.value, FailedPrecondition)
    assert raised.value.message.endswith("redémarrez.")
    return raised.value.reason


@pytest.mark.parametrize("fault", ["deleted", "replaced"])
def test_a_file_that_is_no_longer_there_takes_no_write(tmp_path: Path, fault: str) -> None:
    with sqlite(tmp_path) as (database, path):
        if fault == "deleted":
            path.unlink()
        else:
            shutil.copy(path, tmp_path / "other")
            os.replace(tmp_path / "other", path)
        for act in (count, insert, Database.data_version, Database.check_writable):
            assert reason(lambda act=act: act(database)) == "STORE_MOVED"


def put_another(path: Path) -> None:
    """The same content in another file, under the same name."""
    shutil.copy(path, f"{path}.copy")
    os.replace(f"{path}.copy", path)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_each_file_is_the_one_that_was_opened(tmp_path: Path, suffix: str) -> None:
    with sqlite(tmp_path) as (_, path):
        files = SqliteFiles(path)
        files.check()
        put_another(path.with_name(f"{path.name}{suffix}"))
        assert reason(files.check) == "STORE_MOVED"
        files.close()


def test_a_call_looks_at_the_file_itself_between_two_looks_at_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.store.sqlite_files.LOG_SECONDS", 3600)
    with sqlite(tmp_path) as (_, path):
        files = SqliteFiles(path)
        files.look()
        put_another(path)
        assert reason(files.look) == "STORE_MOVED"
        files.close()


def test_a_worker_that_is_replaced_does_not_take_up_another_file(tmp_path: Path) -> None:
    with sqlite(tmp_path) as (_, path):
        SqliteFiles(path).remember()
        put_another(path)
        assert reason(SqliteFiles(path).check) == "STORE_MOVED"


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    with sqlite(tmp_path) as (database, path):
        database.dispose()
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.write(b"\xff" * size)
        for act in (count, insert):
            assert reason(lambda act=act: act(database)) == "STORE_DAMAGED"
