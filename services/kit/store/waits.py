"""Waits for a database, all bounded: a connection that hangs is cut, few threads wait to write."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from typing import Any

from psycopg import OperationalError
from sqlalchemy import URL

from services.kit.context import remaining, threads
from services.kit.errors import Unavailable

BACKGROUND_SECONDS = 5.0
"""How long a transaction may last that no call waits for."""

STUCK_SECONDS = 2.0
"""When every write under way is older than this, the store is stuck: whoever comes next is told at once."""

_LOOK_SECONDS = 0.1

_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.05, 0.5


def seconds_left() -> float:
    """How long the caller may still wait for the database: what is left of its call."""
    left = remaining()
    return BACKGROUND_SECONDS if left == float("inf") else max(0.0, left)


class Watchdog:
    """Cuts the connections of one process that are held longer than their call may last.

    The timeouts of the server do nothing when it is the server, or the machine between, that hangs.
    """

    def __init__(self) -> None:
        self._ends: dict[Any, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, connection: Any, seconds: float) -> None:
        """Cuts a psycopg connection unless it is left within that time."""
        with self._changed:
            self._ends[connection] = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            self._changed.notify()

    def leave(self, connection: Any) -> None:
        """The connection is held no longer."""
        with self._changed:
            self._ends.pop(connection, None)

    def stop(self) -> None:
        """Ends the thread, until another connection is watched: nothing may be forked beside it."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        me = threading.current_thread()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ends or self._thread is not me)
                if self._thread is not me:
                    return
                now = time.monotonic()
                late = [connection for connection, end in self._ends.items() if end <= now]
                for connection in late:
                    del self._ends[connection]
                    _cut(connection)
                self._changed.wait_for(lambda: self._thread is not me, _LOOK_SECONDS)


def _cut(connection: Any) -> None:
    """Ends the socket under a connection: the thread that waits on it gets an error at once."""
    # A connection that is already closed has no descriptor left.
    with suppress(Exception), socket.socket(fileno=os.dup(connection.pgconn.socket)) as held:
        held.shutdown(socket.SHUT_RDWR)


class Attempts:
    """The attempts of a process to connect to one database. While they fail there is one at a time, and none
    before a delay that grows: a server that starts again is not met by a crowd, nor are all the threads kept
    by one that hangs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._trying = False
        self._next = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One attempt; OperationalError, at once, when it is not the time for one."""
        with self._lock:
            if self._failures and (self._trying or time.monotonic() < self._next):
                raise OperationalError
            self._trying = True
        try:
            yield
        except Exception:
            self._end(self._failures + 1)
            raise
        self._end(0)

    def _end(self, failures: int) -> None:
        with self._lock:
            self._failures, self._trying = failures, False
            delay = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** min(failures, 9))
            self._next = time.monotonic() + delay


def connected(attempts: Attempts, connect: Callable[[], Any]) -> Any:
    """A psycopg connection, in what is left of the call; OperationalError. It is made in a thread of its own,
    for psycopg waits two seconds at least, for each address of a server; one that comes late is closed."""
    waited: Future[Any] = Future()

    def run() -> None:
        try:
            with attempts.turn():
                connection = connect()
        except Exception as error:
            if waited.set_running_or_notify_cancel():
                waited.set_exception(error)
            return
        if waited.set_running_or_notify_cancel():
            waited.set_result(connection)
        else:
            connection.close()

    threading.Thread(target=run, name="connect", daemon=True).start()
    try:
        return waited.result(seconds_left())
    except TimeoutError:
        if waited.cancel():
            raise OperationalError from None
        return waited.result()


@cache
def attempts_at(url: URL) -> Attempts:
    """Those of this process at one database, whoever asks for it."""
    return Attempts()


class WritePlaces:
    """The threads of a process that may write, or wait to: reads have the others, whatever locks it."""

    def __init__(self, places: Callable[[], int]) -> None:
        self._places = places
        self._since: dict[int, float] = {}
        self._left = threading.Condition()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds a place, once for nested writes; Unavailable / STORE_UNAVAILABLE if none is free in time."""
        if _writing.get():
            yield
            return
        self._take()
        token = _writing.set(True)
        try:
            yield
        finally:
            _writing.reset(token)
            with self._left:
                del self._since[threading.get_ident()]
                self._left.notify()

    def _take(self) -> None:
        end = time.monotonic() + seconds_left()
        with self._left:
            while len(self._since) >= self._places():
                now = time.monotonic()
                if now >= end or now - max(self._since.values()) > STUCK_SECONDS:
                    raise Unavailable("STORE_UNAVAILABLE", "La base de données ne répond pas.")
                self._left.wait(_LOOK_SECONDS)
            self._since[threading.get_ident()] = time.monotonic()


_writing: ContextVar[bool] = ContextVar("writing", default=False)
write_places = WritePlaces(lambda: max(1, threads() // 2))
"""Those of this process: half of its threads."""
