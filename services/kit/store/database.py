"""The store of a service, SQLite or PostgreSQL by URL: transactions, migrations, marks of change."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.kit import context
from services.kit.context import limit
from services.kit.errors import DomainError, FailedPrecondition, StartupError, Unavailable
from services.kit.store import states
from services.kit.store.engine import (
    ANY_TEXT,
    SQLITE_BUSY_SECONDS,
    WRITE,
    connect_sqlite,
    create,
    is_busy,
    is_damage,
    is_passing,
    is_read_only,
    is_without_our_tables,
    parse_url,
)
from services.kit.store.private import close_file, keep_private_file, keep_private_folder
from services.kit.store.sqlite_files import SqliteFiles
from services.kit.store.waits import write_places

POSTGRESQL_POLL_SECONDS = 0.5
"""How long a PostgreSQL mark may be reused: half of the second within which a write must be seen."""

POSTGRESQL_MARK_SECONDS = 1.0
"""How long a read waits for the mark before it does with what it has."""

_revisions: dict[str, str] = {}
"""The last revision of each store that this process, or the one it was forked from, has migrated."""

_REVISION = text("SELECT version_num FROM alembic_version")
PROBE_SECONDS = 0.1
"""How long what a look at the store found is told again to the other services of the process."""

_POSTGRESQL_READ_ONLY = text(
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"
)
_POSTGRESQL_MARK = text("SELECT pg_current_snapshot()::text")
_POSTGRESQL_LOCK = text(
    "SELECT pg_advisory_xact_lock(7883954460925354289)"
)  # the same number in every process


class Database:
    """A pool of connections, to be opened after the fork only.

    Unless told, waits are bounded in a process that serves: a start that seals a long past anew, or the
    import of a whole registry, takes the time that it needs.
    """

    def __init__(self, url: str, *, pool_size: int = 5, bounded: bool | None = None) -> None:
        bounded = context.serving() if bounded is None else bounded
        self._url = parse_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._engine = create(self._url, pool_size, bounded=bounded)
        self._apart = create(self._url, 0 if self.is_sqlite else 1, bounded=bounded)
        self._files = SqliteFiles(Path(str(self._url.database))) if self.is_sqlite else None
        self._revision = _revisions.get(url, "")
        self._refusal: DomainError | None = None
        self._probe_lock = threading.Lock()
        self._problem: DomainError | None = None
        self._probed = float("-inf")
        self._busy_since: float | None = None
        self._mark_lock = threading.Lock()
        self._mark = (b"", float("-inf"))
        self._failed = float("-inf")
        _databases.add(self)

    @contextmanager
    def read(self, *, any_text: bool = False, fresh: bool = False) -> Iterator[Connection]:
        """A read-only transaction that sees one state of the store throughout.

        Text that is not UTF-8, which SQLite keeps as it is, is damage; with `any_text` its reader judges it,
        and finds each wrong byte as a lone surrogate. One that is `fresh` sees what became of the file.
        """
        options: dict[str, Any] = {ANY_TEXT: any_text}
        if not self.is_sqlite:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._transaction(options, self._apart if fresh and self.is_sqlite else None) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction, committed at the end; on SQLite a second writer waits at its beginning.

        At most half of the threads of a process write or wait to: see `WritePlaces`.
        """
        with write_places.held(), self._transaction({WRITE: True}) as connection:
            yield connection

    def check_writable(self) -> None:
        """Raises the state in which nothing can be written. One that no wait ends is kept: nothing more is
        read or written until the service is started again.

        Another writer, for as long as a write would wait for it, is none. The services of a process that ask
        within PROBE_SECONDS have one answer: each look costs a connection.
        """
        with self._probe_lock:
            if time.monotonic() - self._probed > PROBE_SECONDS:
                self._problem = self._probe()
                self._probed = time.monotonic()
            if self._problem:
                raise type(self._problem)(self._problem.reason, self._problem.message)

    def _probe(self) -> DomainError | None:
        began = time.monotonic()
        busy_since, self._busy_since = self._busy_since, None
        try:
            # A connection of its own, which has nothing of the file in memory, sees what became of it; no
            # place of its own, for it waits beside the calls.
            with self._transaction({WRITE: True}, self._apart) as connection:
                if not self.is_sqlite and connection.scalar(_POSTGRESQL_READ_ONLY):
                    raise states.read_only()
                self.check_tables(connection)
        except FailedPrecondition as refusal:
            return self.refuse(refusal)
        except DomainError as problem:
            if is_busy(problem.__cause__):
                self._busy_since = busy_since or began
                if time.monotonic() - self._busy_since < SQLITE_BUSY_SECONDS:
                    return None
            return problem
        return None

    def check_tables(self, connection: Connection) -> None:
        """Raises the state of a store that has not the tables that this process migrated."""
        found = connection.scalar(_REVISION) if self._revision else ""
        if found is None:
            raise states.of_another_service()
        if found != self._revision:
            raise states.of_newer_version()

    def refuse(self, refusal: FailedPrecondition) -> FailedPrecondition:
        """Keeps a state that no wait ends: this process reads and writes nothing more of the store until the
        service is started again; gives it back, to be raised."""
        for database in (self, *_databases):
            if database._url == self._url:
                database._refusal = refusal
        return refusal

    def check_state(self) -> None:
        """Raises the state in which nothing may be read or written, as far as it is known."""
        self._check_refusal()
        if self._files:
            self._files.check()

    def look(self) -> None:
        """Raises the same at a lower price: what a call asks before it is answered from memory."""
        self._check_refusal()
        if self._files:
            self._files.look()

    def _check_refusal(self) -> None:
        if self._refusal:
            raise FailedPrecondition(self._refusal.reason, self._refusal.message)

    @contextmanager
    def _transaction(self, options: dict[str, Any], engine: Engine | None = None) -> Iterator[Connection]:
        self.check_state()
        try:
            with (
                self._connect(engine or self._engine).execution_options(**options) as connection,
                connection.begin(),
            ):
                yield connection
        except (DBAPIError, sqlite3.Error) as error:
            # What fails as a connection opens or begins comes as SQLite says it.
            cause = error.orig if isinstance(error, DBAPIError) else error
            state = _state(cause, writes=WRITE in options)
            if state is None:
                raise
            raise state from error
        except PoolTimeout as error:
            raise states.unavailable() from error

    def _connect(self, engine: Engine) -> Connection:
        try:
            return engine.connect()
        except InvalidRequestError as error:  # the pool gives up: the connections that it tried were cut
            raise states.unavailable() from error

    def data_version(self, *, fresh: bool = False) -> bytes:
        """An opaque mark: equal marks mean that no process committed anything in between.

        Read it before the data. It is exact on SQLite; on PostgreSQL it may be POSTGRESQL_POLL_SECONDS old,
        unless `fresh`.
        """
        if self._files:
            self._check_refusal()
            return self._files.mark()
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

    def empty_log(self) -> bool:
        """Puts the log of a SQLite file into it and cuts it: former pages are gone. False, at once, while a
        reader keeps one of them, or someone writes."""
        if not self.is_sqlite:
            return True
        self.check_state()
        try:
            with closing(connect_sqlite(Path(str(self._url.database)))) as file:
                file.execute("PRAGMA busy_timeout = 0")
                # It does not fail when it could not: it says so in the row that it gives.
                busy, _, _ = file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
        except sqlite3.Error:
            return False

    def dispose(self) -> None:
        """Closes every connection."""
        _databases.discard(self)
        self._engine.dispose()
        self._apart.dispose()
        if self._files:
            self._files.close()


_databases: WeakSet[Database] = WeakSet()


_missing: list[FailedPrecondition] = []


def say_missing(problem: FailedPrecondition | None) -> None:
    """Says what is missing beside the stores of this process, where nothing is read or written until it is
    back; None once it is."""
    _missing[:] = [problem] if problem else []


def check_states() -> None:
    """Raises the state of the first store of this process in which nothing may be read or written."""
    for problem in _missing:
        raise FailedPrecondition(problem.reason, problem.message)
    for database in list(_databases):
        database.look()


def check_answers() -> None:
    """Raises the state of the first store that this process, or the one it was forked from, has migrated and
    that does not answer, or is another: what a process asks that is about to open them."""
    for url in _revisions:
        store = Database(url, pool_size=1)
        try:
            with store.read() as connection:
                store.check_tables(connection)
        finally:
            store.dispose()


def _state(error: BaseException | None, *, writes: bool) -> DomainError | None:
    """The state of a store that an error of its driver tells; None for wrong SQL and broken constraints."""
    if is_damage(error):
        return states.damaged()
    if is_without_our_tables(error):
        return states.of_another_service()
    if writes and is_read_only(error):
        return states.read_only()
    return states.unavailable() if is_passing(error) else None


def migrate(url: str, script_location: Path) -> None:
    """Brings the store to the last revision of `script_location`/versions, one process at a time.

    Raises StartupError if the store cannot be reached or written, or comes from a newer version.
    """
    parsed = parse_url(url)
    database = Database(url)
    try:
        with _sqlite_file(parsed):
            _open(database, parsed)
            with database.write() as connection:
                if not database.is_sqlite:
                    connection.execute(_POSTGRESQL_LOCK)
                _revisions[url] = _upgrade(connection, script_location)
    except CommandError as error:
        raise StartupError(states.of_newer_version().message) from error
    except Unavailable as error:
        raise StartupError(_sentence(error, parsed)) from error
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
    except (FailedPrecondition, Unavailable) as error:
        raise StartupError(_sentence(error, url)) from error
    except DBAPIError as error:
        raise StartupError(states.unusable(url)) from error


def _sentence(error: DomainError, url: URL) -> str:
    """What is said at a start of a store in a state: one that does not answer has its address first."""
    return states.unusable(url) if error.reason == states.unavailable().reason else error.message


def _upgrade(connection: Connection, script_location: Path) -> str:
    """Brings the store to the last revision, and gives it."""
    config = Config()
    config.set_main_option("script_location", str(script_location))
    scripts = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, scripts, fn=lambda now, _: scripts._upgrade_revs("head", now)) as context:
        context.configure(connection=connection)
        context.run_migrations()
    return str(scripts.get_current_head())


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
        SqliteFiles(path).remember()
        yield
