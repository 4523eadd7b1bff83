"""The store of a service, SQLite or PostgreSQL by URL: transactions, migrations, marks of change."""

from __future__ import annotations

import fcntl
import mmap
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.kit.context import limit
from services.kit.errors import FailedPrecondition, StartupError, Unavailable
from services.kit.store import states
from services.kit.store.engine import (
    WRITE,
    connect_sqlite,
    create,
    is_damage,
    is_passing,
    is_without_our_tables,
    parse_url,
)
from services.kit.store.private import close_file, keep_private_file, keep_private_folder
from services.kit.store.waits import write_places

POSTGRESQL_POLL_SECONDS = 0.5
"""How long a PostgreSQL mark may be reused: half of the second within which a write must be seen."""

POSTGRESQL_MARK_SECONDS = 1.0
"""How long a read waits for the mark before it does with what it has."""

_SQLITE_INDEX_HEADER_BYTES = 48
_POSTGRESQL_READ_ONLY = text(
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"
)
_POSTGRESQL_MARK = text("SELECT pg_current_snapshot()::text")
_POSTGRESQL_LOCK = text(
    "SELECT pg_advisory_xact_lock(7883954460925354289)"
)  # the same number in every process


class Database:
    """A pool of connections, to be opened after the fork only."""

    def __init__(self, url: str, *, pool_size: int = 5, bounded: bool = True) -> None:
        self._url = parse_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._engine = create(self._url, pool_size, bounded=bounded)
        self._mark_lock = threading.Lock()
        self._sqlite_index: mmap.mmap | None = None
        self._index_file: BinaryIO | None = None
        self._index_keeper: sqlite3.Connection | None = None
        self._mark = (b"", float("-inf"))
        self._failed = float("-inf")
        self._file: tuple[int, int] | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only transaction that sees one state of the store throughout."""
        options = (
            {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        with self._transaction(options) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction, committed at the end; on SQLite a second writer waits at its beginning.

        At most half of the threads of a process write or wait to: see `WritePlaces`.
        """
        with write_places.held(), self._transaction({WRITE: True}) as connection:
            yield connection

    def check_writable(self) -> None:
        """Raises Unavailable while nothing can be written."""
        with self.write() as connection:
            if not self.is_sqlite and connection.scalar(_POSTGRESQL_READ_ONLY):
                raise states.unavailable()

    def _check_file(self) -> None:
        """Raises if the file of the store is no longer the one that was opened: what is written into a file
        without a name is gone at the stop."""
        if not self.is_sqlite:
            return
        try:
            found = os.stat(str(self._url.database))
        except FileNotFoundError:
            raise states.moved() from None
        identity = (found.st_dev, found.st_ino)
        if self._file is None:
            self._file = identity
        elif self._file != identity:
            raise states.moved()

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Connection]:
        self._check_file()
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            if is_damage(error.orig):
                raise states.damaged() from error
            if is_without_our_tables(error):
                raise states.of_another_service() from error
            if is_passing(error, writes=WRITE in options):
                raise states.unavailable() from error
            raise
        except PoolTimeout as error:
            raise states.unavailable() from error

    def data_version(self, *, fresh: bool = False) -> bytes:
        """An opaque mark: equal marks mean that no process committed anything in between.

        Read it before the data. It is exact on SQLite; on PostgreSQL it may be POSTGRESQL_POLL_SECONDS old,
        unless `fresh`.
        """
        if self.is_sqlite:
            index = self._sqlite_index or self._map_sqlite_index()
            self._check_file()
            return index[:_SQLITE_INDEX_HEADER_BYTES]
        with self._mark_lock:
            now = time.monotonic()
            if fresh or now - self._mark[1] > POSTGRESQL_POLL_SECONDS:
                if not fresh and now - self._failed < POSTGRESQL_POLL_SECONDS:
                    raise states.unavailable()  # one read at a time waits for a server that hangs
                try:
                    with limit(POSTGRESQL_MARK_SECONDS), self._transaction({}) as connection:
                        self._mark = (str(connection.scalar(_POSTGRESQL_MARK)).encode(), now)
                except Unavailable:
                    self._failed = time.monotonic()
                    raise
            return self._mark[0]

    def _map_sqlite_index(self) -> mmap.mmap:
        """The file FILE-shm, whose header changes with each commit (sqlite.org/walformat.html, 2.1): reading
        it costs no system call, where asking SQLite would let every other thread of the process run first.

        A connection of its own, once it has read, keeps that file from being removed and made again.
        """
        with self._mark_lock:
            if self._sqlite_index is None:
                path = str(self._url.database)
                keeper = connect_sqlite(Path(path))
                keeper.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                # Left open: closing any descriptor of a file drops the locks that SQLite holds on it for the
                # whole process, and the next one to open the store would cut the file under our map (SIGBUS).
                self._index_file = Path(f"{path}-shm").open("rb")  # noqa: SIM115
                self._sqlite_index = mmap.mmap(
                    self._index_file.fileno(), mmap.PAGESIZE, access=mmap.ACCESS_READ
                )
                self._index_keeper = keeper
            return self._sqlite_index

    def empty_log(self) -> bool:
        """Puts the log of a SQLite file into it and cuts it: former pages are gone. False, at once, while a
        reader keeps one of them, or someone writes."""
        if not self.is_sqlite:
            return True
        with self.read() as connection:
            path = connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
        try:
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as file:
                # It does not fail when it could not: it says so in the row that it gives.
                busy, _, _ = file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
        except sqlite3.Error:
            return False

    def dispose(self) -> None:
        """Closes every connection."""
        self._engine.dispose()
        with self._mark_lock:
            if self._sqlite_index and self._index_keeper and self._index_file:
                self._index_keeper.close()
                self._sqlite_index.close()
                self._index_file.close()
                self._sqlite_index = self._index_keeper = self._index_file = None


def migrate(url: str, script_location: Path) -> None:
    """Brings the store to the last revision of `script_location`/versions, one process at a time.

    Raises StartupError if the store cannot be reached or written, or comes from a newer version.
    """
    parsed = parse_url(url)
    database = Database(url, bounded=False)
    try:
        with _sqlite_file(parsed):
            _open(database, parsed)
            with database.write() as connection:
                if not database.is_sqlite:
                    connection.execute(_POSTGRESQL_LOCK)
                _upgrade(connection, script_location)
    except CommandError as error:
        raise StartupError(
            "La base de données vient d’une version plus récente du service ; installez cette version."
        ) from error
    except Unavailable as error:
        raise StartupError(states.unusable(parsed)) from error
    except DBAPIError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise StartupError(states.unusable(parsed)) from error
        raise
    finally:
        database.dispose()


def _open(database: Database, url: URL) -> None:
    try:
        with database.write():
            pass
    except FailedPrecondition as error:
        raise StartupError(error.message) from error
    except (Unavailable, DBAPIError) as error:
        raise StartupError(states.unusable(url)) from error


def _upgrade(connection: Connection, script_location: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(script_location))
    scripts = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, scripts, fn=lambda now, _: scripts._upgrade_revs("head", now)) as context:
        context.configure(connection=connection)
        context.run_migrations()


@contextmanager
def _sqlite_file(url: URL) -> Iterator[None]:
    """Creates a SQLite file and locks it: two first openings would both switch it to WAL."""
    if url.get_backend_name() != "sqlite":
        yield
        return
    path = Path(str(url.database))
    try:
        keep_private_folder(path.parent)
        keep_private_file(path)
        for suffix in ("-wal", "-shm"):  # SQLite gives a new one the mode of the file
            with suppress(FileNotFoundError):
                close_file(path.with_name(f"{path.name}{suffix}"))
        lock = keep_private_file(path.with_name(f"{path.name}.lock")).open("w")
    except OSError as error:
        raise StartupError(states.unusable(url)) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
