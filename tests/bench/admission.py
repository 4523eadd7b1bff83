"""What admission costs a call, and what it gives under four times what a service can do."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from services.kit.serve.admission import Places
from tests.bench import overload
from tests.service.kit_probe import NAME
from tests.support import start_server

ROUNDS, CALLS = 15, 400


def median_ms(call: Callable[[bytes], Any]) -> float:
    """The median duration of a call, one after the other, in milliseconds."""
    durations = []
    for _ in range(CALLS):
        start = time.perf_counter()
        call(b"x")
        durations.append(time.perf_counter() - start)
    return statistics.median(durations) * 1000


def cost_lines() -> list[str]:
    """The same method with a place and without one, in turn on one server; then the place alone."""
    server = start_server(
        "tests.service.kit_probe", Path(tempfile.mkdtemp(prefix="bench-")), {}, "--workers=1"
    )
    try:
        with grpc.insecure_channel(server.address) as channel, overload.apart():
            methods: list[Any] = [channel.unary_unary(f"/{NAME}/{name}") for name in ("One", "Free")]
            rounds = [[median_ms(method) for method in methods] for _ in range(ROUNDS)]
    finally:
        server.stop()
    placed, free = (statistics.median(column) for column in zip(*rounds, strict=True))
    difference = statistics.median(placed - free for placed, free in rounds) * 1000
    places = Places(8)
    start = time.perf_counter()
    for _ in range(100_000):
        with places.held(float("inf")):
            pass
    alone = (time.perf_counter() - start) * 10
    return [
        f"appel avec place : p50 {placed:.3f} ms ; sans : p50 {free:.3f} ms ; écart {difference:.0f} µs",
        f"une place prise et rendue, sans appel : {alone:.1f} µs",
    ]


def main() -> int:
    """Prints the cost of a place, then what an overload of twenty seconds gives."""
    for line in (*cost_lines(), *overload.report(overload.run())):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
