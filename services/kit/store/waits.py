"""Waits for a database, all bounded: a connection that hangs is cut, few threads wait to write."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from services.kit.context import remaining, threads
from services.kit.errors import Unavailable

BACKGROUND_SECONDS = 5.0
"""How long a transaction may last that no call waits for."""

STUCK_SECONDS = 2.0
"""When every write under way is older than this, the store is stuck: whoever comes next is told at once."""

_LOOK_SECONDS = 0.1


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
