"""The lines of the journal of accesses on their way to the disk: queued before an answer leaves, then written
within a second."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from copy import copy
from datetime import UTC, datetime
from pathlib import Path

import structlog

from services.kit.errors import DomainError, Unavailable
from services.kit.store import AccessLine, AccessLog, accesses

WRITE_SECONDS = 0.25
"""How long a line waits for others to be written with it."""

LATE_SECONDS = 5.0
"""A line that waits longer than this shows that the journal cannot be written: calls are refused."""

CAPACITY = 10_000
"""The lines that may wait in one process."""

UNAVAILABLE = "ACCESS_JOURNAL_UNAVAILABLE"
"""Why a call that could not be noted is refused."""

log = structlog.get_logger()


class AccessJournal:
    """Queues the lines of one process, which a thread writes; refuses calls while it cannot."""

    def __init__(self, store: AccessLog, capacity: int = CAPACITY) -> None:
        self._store = store
        self._capacity = capacity
        self._process = process_name()
        self._number = 0
        self._waiting: deque[tuple[float, AccessLine]] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._write_for_ever, name="accesses", daemon=True)

    def start(self) -> None:
        """Says in the journal that this process begins, and which ones died; starts the writing thread."""
        line = AccessLine(datetime.now(UTC), self._process, 0, accesses.START)
        for process in self._store.begin(line, is_dead):
            log.error("accesses_lost", process=process, seconds=1)
        self._thread.start()

    def stop(self) -> None:
        """Writes what waits, and says in the journal that nothing of this process is missing."""
        with self._changed:
            self._number += 1
            line = AccessLine(datetime.now(UTC), self._process, self._number, accesses.STOP)
            self._waiting.append((time.monotonic(), line))
            self._ended = True
            self._changed.notify_all()
        self._thread.join()

    def check(self) -> None:
        """Unavailable when a call could not be noted: too many lines wait, or the journal is not written."""
        with self._changed:
            if not self._waiting:
                return
            waited = time.monotonic() - self._waiting[0][0]
            if len(self._waiting) < self._capacity and waited < LATE_SECONDS:
                return
        raise Unavailable(
            UNAVAILABLE,
            "Le journal des accès ne peut pas être écrit : rien n’est fait sans y être noté. Réessayez, puis "
            "prévenez l’exploitant.",
        )

    def note(self, line: AccessLine, tags: Sequence[str]) -> None:
        """Queues a line for each case of a call, by its tag; one line without a case when there is none.

        The line is the journal's from then on. A call that is refused because it cannot be noted has none:
        the queue would grow as long as the journal cannot be written.
        """
        if line.reason == UNAVAILABLE:
            return
        now = time.monotonic()
        with self._changed:
            if not self._waiting:  # else the writer is at work: each wake costs a call
                self._changed.notify_all()
            for rank, tag in enumerate(tags or [""]):
                self._number += 1
                each = copy(line) if rank else line
                each.process, each.number, each.case_tag = self._process, self._number, tag
                self._waiting.append((now, each))

    def _write_for_ever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                self._changed.wait_for(lambda: self._ended, WRITE_SECONDS)
                lines = [line for _, line in self._waiting]
            if self._written(lines):
                with self._changed:
                    for _ in lines:
                        self._waiting.popleft()
            elif self._ended:
                log.error("accesses_lost", process=self._process, lines=len(lines))
                return

    def _written(self, lines: Sequence[AccessLine]) -> bool:
        try:
            self._store.append(lines)
        except DomainError as error:
            log.error("accesses_not_written", reason=error.reason, lines=len(lines))
            time.sleep(WRITE_SECONDS)
            return False
        return True


def process_name() -> str:
    """A name for this process that no other one has, on this machine or another."""
    pid = os.getpid()
    return f"{os.uname().nodename}/{pid}/{_start(pid)}/{secrets.token_hex(4)}"


def is_dead(process: str) -> bool:
    """True for a process of this machine that has ended; those of another one are that one's to judge."""
    machine, pid, start, _ = process.rsplit("/", 3)
    return machine == os.uname().nodename and _start(int(pid)) != start


def _start(pid: int) -> str:
    """When a process started, in ticks since the machine did: another process of the same number differs."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
