"""How many workers the machine grants, and on which cores they may be pinned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Grant:
    """The cores of the affinity set, and the CPU quota of the cgroup (None without one)."""

    cores: tuple[int, ...]
    quota: float | None

    def workers(self) -> int:
        """One worker per core, no more than the whole CPUs of the quota, at least one."""
        allowed = len(self.cores) if self.quota is None else int(self.quota)
        return max(1, min(len(self.cores), allowed))

    def pins(self, workers: int) -> tuple[int, ...]:
        """The core of each worker; none under a quota, which does not say where, or with too few cores."""
        return self.cores[:workers] if self.quota is None and workers <= len(self.cores) else ()


def grant(root: Path = _ROOT, membership: Path = _SELF) -> Grant:
    """What this process was granted; the paths are those of the kernel unless told otherwise."""
    quotas = list(_quotas(root, membership))
    return Grant(tuple(sorted(os.sched_getaffinity(0))), min(quotas, default=None))


def _quotas(root: Path, membership: Path) -> Iterator[float]:
    """The CPU quotas of the cgroups of this process and of their parents, version 2 then version 1."""
    for line in _words(membership, lines=True):
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        for base in (root, root / "unified") if not controllers else (root / "cpu", root / controllers):
            for folder in _parents(base, path):
                yield from _quota(folder)


def _parents(base: Path, path: str) -> Iterator[Path]:
    folder = base / path.strip("/")
    yield folder
    while folder != base:
        folder = folder.parent
        yield folder


def _quota(folder: Path) -> Iterator[float]:
    limits = _words(folder / "cpu.max") or [
        *_words(folder / "cpu.cfs_quota_us"),
        *_words(folder / "cpu.cfs_period_us"),
    ]
    if len(limits) == 2 and limits[0] not in ("max", "-1"):
        yield int(limits[0]) / int(limits[1])


def _words(path: Path, *, lines: bool = False) -> list[str]:
    try:
        text = path.read_text()
    except OSError:
        return []
    return text.splitlines() if lines else text.split()
