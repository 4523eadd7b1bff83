"""SQLAlchemy engines for the two databases, set up so that both behave alike."""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg.errors import ReadOnlySqlTransaction, UndefinedColumn, UndefinedTable
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

from services.kit.errors import StartupError
from services.kit.store.waits import Watchdog, attempts_at, connected, seconds_left

SQLITE_BUSY_SECONDS = 5
POSTGRESQL_CONNECT_SECONDS = 2
POSTGRESQL_LOCK_SECONDS = 5
POSTGRESQL_STATEMENT_SECONDS = 10
POOL_SECONDS = 2

_SQLITE_RETRY_SECONDS = 0.001

WRITE = "kit_write"
"""Execution option of a connection that is about to write."""

ANY_TEXT = "kit_any_text"
"""Execution option of a connection whose reader judges by itself text that is not UTF-8."""

_PASSING_SQLITE_ERRORS = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CANTOPEN")
_DAMAGES = (
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
    "SQLITE_READONLY_DBMOVED",
    # A page or a frame that is announced and is not there: a file that was cut.
    "SQLITE_IOERR_SHORT_READ",
)


def parse_url(url: str) -> URL:
    """The URL of a SQLite file or of a PostgreSQL database; anything else is a StartupError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StartupError("L’adresse de la base de données est illisible.") from None
    if parsed.get_backend_name() == "sqlite" and _is_file(parsed.database):
        return parsed.set(drivername="sqlite+pysqlite")
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise StartupError(
        "La base de données doit être un fichier (sqlite:///chemin) ou un serveur PostgreSQL (postgresql://…)."
    )


def _is_file(database: str | None) -> bool:
    """A path: a URI of SQLite could say how to open it, which is ours to say."""
    return bool(database) and database != ":memory:" and not str(database).startswith("file:")


def create(url: URL, pool_size: int, *, bounded: bool = True) -> Engine:
    """The engine of a URL returned by `parse_url`; its waits end with the call, unless not `bounded`. Without
    pool, each transaction opens a SQLite file anew."""
    if url.get_backend_name() == "postgresql":
        return _create_postgresql(url, pool_size, bounded=bounded)
    path = Path(str(url.database))
    pool = {"pool_size": pool_size} if pool_size else {"poolclass": NullPool}
    engine = create_engine(url, creator=lambda: connect_sqlite(path), **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def connect_sqlite(path: Path) -> sqlite3.Connection:
    """A connection to a file that exists: SQLite would otherwise make an empty one in the place of a lost
    one, and answer from it."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(
        address, uri=True, timeout=SQLITE_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _create_postgresql(url: URL, pool_size: int, *, bounded: bool) -> Engine:
    arguments = {
        "connect_timeout": POSTGRESQL_CONNECT_SECONDS,
        "tcp_user_timeout": POSTGRESQL_STATEMENT_SECONDS * 1000,
    }
    if not bounded:
        return create_engine(url, pool_size=pool_size, pool_pre_ping=True, connect_args=arguments)
    settings = {
        "lock_timeout": POSTGRESQL_LOCK_SECONDS,
        "statement_timeout": POSTGRESQL_STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": 2 * POSTGRESQL_STATEMENT_SECONDS,
    }
    own = " ".join(f"-c {name}={seconds}s" for name, seconds in settings.items())
    options = f"{own} {url.query.get('options', '')}".strip()  # what the address says comes last, and wins
    engine = create_engine(
        url, pool_size=pool_size, pool_timeout=POOL_SECONDS, connect_args={**arguments, "options": options}
    )
    watchdog, attempts = Watchdog(), attempts_at(url)

    def connect(dialect: Any, _record: object, arguments: Any, named: Any) -> Any:
        connection = connected(attempts, lambda: dialect.connect(*arguments, **named))
        # Already: SQLAlchemy asks a few things of a new connection before it gives it.
        watchdog.watch(connection, seconds_left())
        return connection

    def check_out(connection: Any, _record: object, _proxy: object) -> None:
        """A connection is watched from before it is tried: one to a server that hangs hangs there already."""
        watchdog.watch(connection, seconds_left())
        try:
            engine.dialect.do_ping(connection)
        except Exception:
            watchdog.leave(connection)
            if not seconds_left():  # another connection would be asked for in vain, and be waited for
                raise PoolTimeout from None
            raise DisconnectionError from None

    def check_in(connection: Any, _record: object) -> None:
        watchdog.leave(connection)
        if connection is not None and not connection.closed:
            # After a read, SQLAlchemy leaves an explicit READ WRITE, which would write into a database that
            # its administrator has made read-only.
            connection.read_only = None

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", check_out)
    event.listen(engine, "checkin", check_in)
    event.listen(engine, "engine_disposed", lambda _: watchdog.stop())
    return engine


def is_damage(error: BaseException | None) -> bool:
    """True if SQLite says that the file is no longer a sound database, or no longer the one it opened."""
    name = getattr(error, "sqlite_errorname", "")
    # Text that is not UTF-8 is no error of SQLite but of the module, which gives it no code.
    return name.startswith(_DAMAGES) or str(error).startswith("Could not decode to UTF-8")


def is_busy(error: BaseException | None) -> bool:
    """True if another connection writes into the SQLite file."""
    cause = getattr(error, "orig", error)
    return getattr(cause, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def is_read_only(error: BaseException | None) -> bool:
    """True if the store takes no write: rights of files, a volume, a server that follows another."""
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith("SQLITE_READONLY") or isinstance(error, ReadOnlySqlTransaction)


def is_without_our_tables(error: BaseException | None) -> bool:
    """True if a table or a column that the migrations made is not there."""
    if isinstance(error, sqlite3.Error):
        # SQLite has one code for all that is wrong in a statement; these two texts alone say what is absent.
        return str(error).startswith(("no such table", "no such column"))
    return isinstance(error, UndefinedTable | UndefinedColumn)


def is_passing(error: BaseException | None) -> bool:
    """True if the same transaction may succeed later; SQLite reports wrong SQL by the same class."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorname", "").startswith(_PASSING_SQLITE_ERRORS)
    return isinstance(error, psycopg.OperationalError)


_ANY_TEXT = partial(str, encoding="utf-8", errors="surrogateescape")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes = options.get(WRITE, False)
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - of this very engine
    driver.text_factory = _ANY_TEXT if options.get(ANY_TEXT) else str
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    if writes:
        _begin_sqlite_write(connection, driver)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_sqlite_write(connection: Connection, driver: sqlite3.Connection) -> None:
    """Takes the write lock, asked for at each millisecond: the wait of SQLite itself grows up to 100 ms, so
    that writers without pause starve the others."""
    limit = time.monotonic() + min(SQLITE_BUSY_SECONDS, seconds_left())
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while _is_locked(driver) and time.monotonic() < limit:
            time.sleep(_SQLITE_RETRY_SECONDS)
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_SECONDS * 1000}")


def _is_locked(driver: sqlite3.Connection) -> bool:
    """Begins to write, unless another connection does; any other error is left to the next statement."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return is_busy(error)
    return False
