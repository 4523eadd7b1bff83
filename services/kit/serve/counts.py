"""How many calls a worker has received, and how each has ended: kept in memory, told by the log."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

import structlog

from services.kit import context

REPORT_SECONDS = 60.0
"""How often a worker tells what it has counted since the last time."""

UNKNOWN = "unknown"
"""Stands for every method that no service has: a client may invent as many as it likes."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Totals:
    """Calls received, how they ended, by (method, code, reason), and alarms; those not ended are running."""

    received: int
    ended: Counter[tuple[str, str, str]]
    alarms: Counter[str]


class Counts:
    """The counts of a worker since its start; labels are names of the contract, never what a client wrote."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._ended: Counter[tuple[str, str, str]] = Counter()
        self._told = self.totals()

    def receive(self) -> None:
        """The headers of a call have come."""
        with self._lock:
            self._received += 1

    def end(self, method: str, code: str, reason: str) -> None:
        """A call has ended."""
        with self._lock:
            self._ended[method, code, reason] += 1

    def totals(self) -> Totals:
        """What has been counted since the start."""
        with self._lock:
            return Totals(self._received, self._ended.copy(), context.alarms())

    def tell(self) -> None:
        """Writes a line of what was counted since the last one, if there is anything to tell."""
        before, now = self._told, self.totals()
        self._told = now
        if now != before:
            log.info(
                "calls",
                received=now.received - before.received,
                running=now.received - now.ended.total(),
                ended=[
                    {"method": method, "code": code, "reason": reason, "count": count}
                    for (method, code, reason), count in sorted((now.ended - before.ended).items())
                ],
                alarms=dict(sorted((now.alarms - before.alarms).items())),
            )

    def tell_regularly(self) -> None:
        """Starts the thread that tells, until the process stops."""

        def loop() -> None:
            while not context.stopping():
                pause.wait(REPORT_SECONDS)
                self.tell()

        pause = threading.Event()
        threading.Thread(target=loop, name="counts", daemon=True).start()
