"""One check at a time over the workers of a server: what is heavy waits its turn, away from the answers."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.kit.context import check_awaited, remaining
from services.kit.serve import overloaded

LEAST_SECONDS = 1.0
"""With less time left to the call, a turn is of no use: the caller is told while it still listens."""

WAITING = 16
"""Turns that the threads of one worker may wait for; whoever comes next is told at once."""

_POLL_SECONDS = 0.02


class Turns:
    """Turns taken by the threads and the workers of a server; made before the fork, so that they share it."""

    def __init__(self) -> None:
        self._file = os.memfd_create("turns")
        self._thread = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Waits for a turn, and has it; Unavailable if none comes in the time that the call has, or if too
        many wait."""
        if not self._waiting.acquire(blocking=False):
            raise overloaded()
        try:
            with self._turn():
                yield
        finally:
            self._waiting.release()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        seconds = min(remaining() - LEAST_SECONDS, threading.TIMEOUT_MAX)
        if not self._thread.acquire(timeout=max(0.0, seconds)):
            raise overloaded()
        try:
            self._wait_for_the_other_workers()
            try:
                check_awaited()
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
        finally:
            self._thread.release()

    def _wait_for_the_other_workers(self) -> None:
        # A record lock belongs to the process and dies with it: a worker that is killed holds no turn. A
        # semaphore in shared memory would stay taken for ever.
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if remaining() <= LEAST_SECONDS:
                    raise overloaded() from None
                time.sleep(_POLL_SECONDS)
            else:
                return
