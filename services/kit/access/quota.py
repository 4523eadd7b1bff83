"""How often each service account has called, counted once for all the workers of a server."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 60

_ROW = struct.Struct("<16sdq")
"""The digest of an application, when its minute began, and its calls since."""

_ROWS = 512
"""Applications counted at once; the one that called longest ago gives its row to a new one."""


class Quotas:
    """The calls of the present minute by application; made before the fork, it is shared by the workers."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # POSIX locks of a memory file: a worker that dies leaves its own, where a semaphore would stay taken.
        self._file = os.memfd_create("quotas")
        os.ftruncate(self._file, _ROW.size * _ROWS)
        self._memory = mmap.mmap(self._file, _ROW.size * _ROWS)
        self._threads = threading.Lock()

    def take(self, application: str, calls_per_minute: int) -> bool:
        """Counts one call more, unless the application has made as many as it may in this minute."""
        name = hashlib.blake2b(application.encode(), digest_size=16).digest()
        with self._locked():
            now = self._clock()
            place, start, calls = self._row(name)
            if now - start >= SECONDS:
                start, calls = now, 0
            if calls >= calls_per_minute:
                return False
            _ROW.pack_into(self._memory, place, name, start, calls + 1)
            return True

    def _row(self, name: bytes) -> tuple[int, float, int]:
        """The place of an application, the start of its minute and its calls; the oldest row if it is new."""
        oldest, least = 0, float("inf")
        for place in range(0, _ROW.size * _ROWS, _ROW.size):
            found, start, calls = _ROW.unpack_from(self._memory, place)
            if found == name:
                return place, start, calls
            if not any(found):
                return place, float("-inf"), 0  # rows are filled in order: this one and the next are free
            if start < least:
                oldest, least = place, start
        return oldest, float("-inf"), 0

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
