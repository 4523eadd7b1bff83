"""The lines of the journal of accesses on their way to the disk: queued before an answer leaves, then written
within a second."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import structlog

from services.kit.caller import Caller
from services.kit.dates import from_microseconds
from services.kit.errors import DomainError, Unavailable
from services.kit.store import AccessLine, AccessLog, accesses

WRITE_SECONDS = 0.25
"""How often what waits is written."""

LATE_SECONDS = 5.0
"""A line that waits longer than this shows that the journal cannot be written: calls are refused."""

CAPACITY = 10_000
"""The calls that may wait in one process."""

UNAVAILABLE = "ACCESS_JOURNAL_UNAVAILABLE"
"""Why a call that could not be noted is refused."""

log = structlog.get_logger()


class Ended(NamedTuple):
    """A call that has ended, or a part of one, as its line will say it; the writer makes the line, which the
    call need not wait for."""

    arrived: float
    """time.monotonic() when it was queued."""
    time: int
    """The same instant, in nanoseconds of Unix time."""
    caller: Caller
    peer: str
    method: str
    resource: str
    mark: str
    code: str
    reason: str
    statement: str
    request_id: str
    cases: Sequence[str]
    """What stands for its cases: each has a line; a call without any has one."""


class AccessJournal:
    """Queues the calls of one process, whose lines a thread writes; refuses calls while it cannot."""

    def __init__(self, store: AccessLog, capacity: int = CAPACITY) -> None:
        self._store = store
        self._capacity = capacity
        self._process = process_name()
        self._number = 0
        # Calls add at its end, the writer alone takes from its start: neither waits for a lock.
        self._waiting: deque[Ended] = deque()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_for_ever, name="accesses", daemon=True)

    def start(self) -> None:
        """Says in the journal that this process begins, and which ones died; starts the writing thread."""
        line = AccessLine(datetime.now(UTC), self._process, 0, accesses.START)
        for process in self._store.begin(line, is_dead):
            log.error("accesses_lost", process=process, seconds=1)
        self._thread.start()

    def stop(self) -> None:
        """Writes what waits, and says in the journal that nothing of this process is missing."""
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """Unavailable when a call could not be noted: too many wait, or the journal is not written."""
        try:
            first = self._waiting[0]
        except IndexError:
            return
        if len(self._waiting) < self._capacity and time.monotonic() - first.arrived < LATE_SECONDS:
            return
        raise Unavailable(
            UNAVAILABLE,
            "Le journal des accès ne peut pas être écrit : rien n’est fait sans y être noté. Réessayez, puis "
            "prévenez l’exploitant.",
        )

    def note(self, call: Ended) -> None:
        """Queues a call.

        One that is refused because it cannot be noted has no line: the queue would grow as long as the
        journal cannot be written.
        """
        if call.reason != UNAVAILABLE:
            self._waiting.append(call)

    def _write_for_ever(self) -> None:
        while not self._ended.wait(WRITE_SECONDS):
            self._write()
        if not self._write(last=True):
            log.error("accesses_lost", process=self._process, lines=len(self._waiting))

    def _write(self, *, last: bool = False) -> bool:
        """Writes the lines of what waits, which goes on waiting if they cannot be."""
        calls = [self._waiting[rank] for rank in range(len(self._waiting))]
        lines = [line for call in calls for line in _lines(call, self._process)]
        if last:
            lines.append(AccessLine(datetime.now(UTC), self._process, 0, accesses.STOP))
        for number, line in enumerate(lines, self._number + 1):
            line.number = number
        if lines and not self._written(lines):
            return False
        self._number += len(lines)
        for _ in calls:
            self._waiting.popleft()
        return True

    def _written(self, lines: Sequence[AccessLine]) -> bool:
        try:
            self._store.append(lines)
        except DomainError as error:
            log.error("accesses_not_written", reason=error.reason, lines=len(lines))
            return False
        return True


def _lines(call: Ended, process: str) -> Iterator[AccessLine]:
    """The lines of a call, one for each of its cases; they have no number yet."""
    caller, instant = call.caller, from_microseconds(call.time // 1000)
    for tag in call.cases or [""]:
        yield AccessLine(
            instant,
            process,
            number=0,
            application=caller.application,
            subject=caller.identity if caller.subject else "",
            team=caller.team,
            peer=_machine(call.peer),
            method=call.method,
            resource=call.resource,
            case_tag=tag,
            mark=call.mark,
            code=call.code,
            reason=call.reason,
            statement=call.statement,
            request_id=call.request_id,
            siret=caller.siret or None,
            acr=caller.acr or None,
        )


def _machine(peer: str) -> str:
    """The address of a peer ("ipv4:192.0.2.1:50000", "ipv6:%5B::1%5D:50000") without its port."""
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")


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
