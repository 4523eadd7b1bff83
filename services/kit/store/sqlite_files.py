"""The files of a SQLite store, which an open service must find as it left them, and the mark of its state."""

from __future__ import annotations

import mmap
import os
import sqlite3
import struct
import threading
import time
from pathlib import Path
from typing import BinaryIO

from services.kit.store import states
from services.kit.store.engine import connect_sqlite, is_damage, is_read_only

_INDEX_HEADER_BYTES = 48
_LOG_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24

Identity = tuple[int, int]

LOG_SECONDS = 0.1
"""How long a call trusts the log and the index: each look at a file lets every other thread run first. The
file itself is looked at by every call and every mark, all three by every transaction."""

_opened: dict[Path, Identity] = {}
"""The files that this process, or the one it was forked from, made ready: a worker that is replaced later
must not take up another file in their place."""


class SqliteFiles:
    """FILE, FILE-wal and FILE-shm: what is written into a deleted or replaced one is gone at the stop."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._names = [f"{self._path}{suffix}" for suffix in ("", "-wal", "-shm")]
        self._lock = threading.Lock()
        self._found: list[Identity] = []
        self._keeper: sqlite3.Connection | None = None
        self._index_file: BinaryIO | None = None
        self._index: mmap.mmap | None = None
        self._next_check = 0.0

    def remember(self) -> None:
        """The file that is there is the one to serve, in this process and in those forked from it."""
        _opened[self._path] = _identity(os.stat(self._names[0]))

    def check(self) -> None:
        """Raises STORE_MOVED if one of the files is no longer the one that was opened, STORE_DAMAGED if one
        was cut."""
        found = self._found or self._open()
        before = self._index and self._index[:_INDEX_HEADER_BYTES]
        try:
            now = [os.stat(name) for name in self._names]
        except FileNotFoundError:
            raise states.moved() from None
        if [_identity(each) for each in now] != found:
            raise states.moved()
        if not now[0].st_size or (before and self._is_cut(before, now[1].st_size)):
            raise states.damaged()

    def look(self) -> None:
        """Raises the same of the file, and of all three once in LOG_SECONDS."""
        now = time.monotonic()
        if now >= self._next_check or not self._found or not self._is_there():
            self.check()
            self._next_check = now + LOG_SECONDS

    def _is_cut(self, header: bytes, log_bytes: int) -> bool:
        """True if the log is shorter than the index says, which did not change while both were read: SQLite
        would write on after the hole, and commits would be lost."""
        page, frames = struct.unpack_from("=HI", header, 14)
        whole = _LOG_HEADER_BYTES + frames * (_FRAME_HEADER_BYTES + (page if page > 1 else 65536))
        same = self._index is not None and self._index[:_INDEX_HEADER_BYTES] == header
        return frames > 0 and log_bytes < whole and same

    def mark(self) -> bytes:
        """The header of the index, which changes with each commit (sqlite.org/walformat.html, 2.1): reading
        it costs no system call, where asking SQLite would let every other thread of the process run first."""
        self.look()
        index = self._index or self._map()
        return index[:_INDEX_HEADER_BYTES]

    def _is_there(self) -> bool:
        """Whether the file is the one that was opened, and not empty."""
        try:
            found = os.stat(self._names[0])
        except FileNotFoundError:
            return False
        return found.st_size > 0 and _identity(found) == self._found[0]

    def close(self) -> None:
        """Leaves the files, which may be other ones at the next opening."""
        with self._lock:
            if self._keeper:
                self._keeper.close()
            if self._index and self._index_file:
                self._index.close()
                self._index_file.close()
            self._found, self._keeper, self._index, self._index_file = [], None, None, None

    def _open(self) -> list[Identity]:
        """A connection of its own, once it has read, keeps the log and the index from being removed and made
        again by whoever else opens the store."""
        with self._lock:
            if not self._found:
                try:
                    found = _identity(os.stat(self._names[0]))
                    if _opened.setdefault(self._path, found) != found:
                        raise states.moved()
                    keeper = connect_sqlite(self._path)
                    keeper.execute("PRAGMA journal_mode = WAL")
                    keeper.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                    self._keeper = keeper
                    self._found = [found, *(_identity(os.stat(name)) for name in self._names[1:])]
                except FileNotFoundError:
                    raise states.moved() from None
                except sqlite3.Error as error:
                    raise _state(error) from error
            return self._found

    def _map(self) -> mmap.mmap:
        with self._lock:
            if self._index is None:
                # Left open: closing any descriptor of a file drops the locks that SQLite holds on it for the
                # whole process, and the next one to open the store would cut the file under our map (SIGBUS).
                self._index_file = Path(self._names[2]).open("rb")  # noqa: SIM115
                self._index = mmap.mmap(self._index_file.fileno(), mmap.PAGESIZE, access=mmap.ACCESS_READ)
            return self._index


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _state(error: sqlite3.Error) -> Exception:
    if is_damage(error):
        return states.damaged()
    return states.read_only() if is_read_only(error) else states.unavailable()
