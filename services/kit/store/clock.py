"""Whether the hour of a machine may be believed: what a wrong clock deletes for good never comes back."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

WAIT_SECONDS = 24 * 3600
"""What is over waits that long, counted in running time, between its mark and its deletion."""

LONGEST_STOP = timedelta(days=45)
"""After a longer stop, nobody knows any more whether the clock or the calendar moved."""

JUMP = timedelta(minutes=5)
"""How far the clock may be moved, in all, since the machine or the process started."""

AHEAD_SECONDS = 5.0
"""How far the clock of a machine may be behind that of its store: replicas then disagree on the hour."""

GAP_SECONDS = 150
"""Marks further apart than two turns and a half: the service did not run in between."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Doubt(StrEnum):
    """Why the clock of a store is not believed until a named person confirms it."""

    JUMP = "JUMP"
    """It moved by what the time since the start of the machine does not explain."""
    BACKWARD = "BACKWARD"
    """After a restart, or on another machine, it is before what the store has seen."""
    LONG_STOP = "LONG_STOP"
    """The store was not marked for more than LONGEST_STOP."""


@dataclass(frozen=True)
class Reading:
    """What the clocks of a machine say: the hour, which start of which machine, and the seconds since.

    The last one (CLOCK_BOOTTIME) counts the sleep of the machine, and nobody can set it.
    """

    time: datetime
    boot: str
    since_boot: int

    @property
    def boot_time(self) -> datetime:
        """When the machine started, by its clock: it moves only if the clock is set."""
        return self.time - timedelta(seconds=self.since_boot)


@dataclass(frozen=True)
class Mark:
    """The last hour that a store has seen, and how long its service has run in all, in seconds.

    `boot_time` is what it was when this start of the machine was first seen, or confirmed; `waits_from` is
    the running time from which every wait is counted again, that of the last confirmation.
    """

    time: datetime
    boot: str
    boot_time: datetime
    since_boot: int
    running: int
    waits_from: int = 0
    confirmations: int = 0
    doubt: Doubt | None = None
    doubt_time: datetime | None = None
    """The hour that was not believed."""

    def behind(self, now: datetime) -> float:
        """Seconds by which a machine is behind the store."""
        return (self.time - now).total_seconds()

    def confirmed(self, now: Reading) -> Mark:
        """The mark once a person has confirmed the hour of a machine: every wait begins again."""
        return Mark(
            now.time,
            now.boot,
            now.boot_time,
            now.since_boot,
            self.running,
            waits_from=self.running,
            confirmations=self.confirmations + 1,
        )


def read_clocks() -> Reading:
    """The clocks of this machine."""
    since_boot = int(time.clock_gettime(time.CLOCK_BOOTTIME))
    return Reading(datetime.now(UTC), _BOOT.read_text().strip(), since_boot)


def advanced(mark: Mark | None, now: Reading, first: Reading) -> Mark:
    """The mark that follows a reading; `first` is an earlier reading of the same process.

    A doubt stays until it is confirmed. A machine that is behind another one's mark leaves it as it is.
    """
    if mark is None:
        return Mark(now.time, now.boot, now.boot_time, now.since_boot, running=0)
    if mark.doubt:
        return mark
    doubt = _doubt(mark, now, first)
    if doubt:
        return replace(mark, doubt=doubt, doubt_time=now.time)
    same = mark.boot == now.boot
    if not same and mark.behind(now.time) > 0:
        return mark
    elapsed = now.since_boot - mark.since_boot if same else int(-mark.behind(now.time))
    return replace(
        mark,
        time=now.time,
        boot=now.boot,
        boot_time=mark.boot_time if same else now.boot_time,
        since_boot=now.since_boot,
        running=mark.running + (elapsed if elapsed <= GAP_SECONDS else 0),
    )


def _doubt(mark: Mark, now: Reading, first: Reading) -> Doubt | None:
    if abs(now.boot_time - first.boot_time) > JUMP:
        return Doubt.JUMP
    if mark.boot == now.boot and abs(now.boot_time - mark.boot_time) > JUMP:
        return Doubt.JUMP
    if mark.time - now.time > JUMP:
        return Doubt.BACKWARD
    return Doubt.LONG_STOP if now.time - mark.time > LONGEST_STOP else None
