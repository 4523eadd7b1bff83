"""What admission costs a call, and what it gives under four times what a service can do."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import grpc

from services.kit.serve.admission import Places
from tests.bench import overload
from tests.service.kit_probe import NAME
from tests.support import start_server

CALLS = 6000


def durations(methods: list[Any]) -> list[list[float]]:
    """Seconds of each call of each method: one after the other, in turn, so that all see the same machine."""
    found: list[list[float]] = [[] for _ in methods]
    for _ in range(CALLS):
        for method, seconds in zip(methods, found, strict=True):
            start = time.perf_counter()
            method(b"x")
            seconds.append(time.perf_counter() - start)
    return found


def taken(places: Places) -> float:
    """Processor seconds to take and give back a place, whatever other programs take of the machine."""
    start = time.thread_time()
    for _ in range(1000):
        with places.held(float("inf")):
            pass
    return (time.thread_time() - start) / 1000


def cost_lines() -> list[str]:
    """The same method with a place and without one, in turn on one server; then the place alone."""
    server = start_server(
        "tests.service.kit_probe", Path(tempfile.mkdtemp(prefix="bench-")), {}, "--workers=1"
    )
    try:
        with grpc.insecure_channel(server.address) as channel, overload.apart():
            methods: list[Any] = [channel.unary_unary(f"/{NAME}/{name}") for name in ("One", "Free")]
            placed, free = durations(methods)
    finally:
        server.stop()
    medians = [statistics.median(seconds) * 1000 for seconds in (placed, free)]
    alone = statistics.median(taken(Places(8)) for _ in range(100)) * 1e6
    with_place, without = medians
    difference = (with_place - without) * 1000
    return [
        f"appel avec place : p50 {with_place:.3f} ms ; sans : {without:.3f} ms ; écart {difference:.0f} µs",
        f"une place prise et rendue, sans appel : {alone:.1f} µs",
    ]


def main() -> int:
    """Prints the cost of a place, then what an overload of twenty seconds gives."""
    for line in (*cost_lines(), *overload.report(overload.run())):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
