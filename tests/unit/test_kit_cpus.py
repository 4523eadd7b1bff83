"""Workers and pins from the affinity set and the cgroup quota."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.kit.serve.cpus import Grant, grant

TWO = (0, 1)


@pytest.mark.parametrize(
    ("granted", "workers", "pins"),
    [
        (Grant((0, 1, 2, 3), None), 4, (0, 1, 2, 3)),
        (Grant((5, 7), None), 2, (5, 7)),
        (Grant((0, 1, 2, 3), 2.5), 2, ()),
        (Grant((0, 1, 2, 3), 0.5), 1, ()),
        (Grant((0,), 8.0), 1, ()),
    ],
)
def test_workers_and_pins(granted: Grant, workers: int, pins: tuple[int, ...]) -> None:
    assert granted.workers() == workers
    assert granted.pins(workers) == pins


def test_more_workers_than_cores_are_not_pinned() -> None:
    assert Grant(TWO, None).pins(3) == ()


@pytest.mark.parametrize(
    ("membership", "files", "quota"),
    [
        ("0::/a/b\n", {"a/cpu.max": "150000 100000", "a/b/cpu.max": "max 100000"}, 1.5),
        ("0::/a/b\n", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "200000 100000"}, 2.0),
        ("0::/elsewhere\n", {"cpu.max": "100000 100000"}, 1.0),
        ("0::/\n", {}, None),
        (
            "4:memory:/m\n3:cpu,cpuacct:/c\n0::/\n",
            {"cpu,cpuacct/c/cpu.cfs_quota_us": "50000", "cpu,cpuacct/c/cpu.cfs_period_us": "100000"},
            0.5,
        ),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
    ],
)
def test_quota_of_both_versions_of_cgroups(
    tmp_path: Path, membership: str, files: dict[str, str], quota: float | None
) -> None:
    (tmp_path / "self").write_text(membership)
    for name, text in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = grant(tmp_path / "root", tmp_path / "self")
    assert found.quota == quota
    assert set(found.cores) == os.sched_getaffinity(0)
