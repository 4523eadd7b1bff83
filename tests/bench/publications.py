"""What applicants wait for while twelve authors publish at once: AssessEligibility, before and meanwhile."""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.ruleset_support import Rules, variant
from tests.support import start_server

AUTHORS, PAUSE, BEFORE_CALLS, MOST_SECONDS = 12, 0.05, 200, 600.0


def asked(client: Rules, goes_on: Callable[[int], bool]) -> list[float]:
    """Seconds of each call of one client, which pauses between two."""
    found: list[float] = []
    while goes_on(len(found)):
        start = time.perf_counter()
        client.assess()
        found.append(time.perf_counter() - start)
        time.sleep(PAUSE)
    return found


def line(label: str, seconds: list[float]) -> str:
    """The centiles of a phase, in milliseconds."""
    p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
    return f"{label} : {len(seconds)} appels, p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms\n"


def main() -> int:
    """Prints both phases, and how many of the versions are published."""
    options = (
        "--workers=2",
        f"--deadline-seconds={MOST_SECONDS:.0f}",
        f"--patience-seconds={MOST_SECONDS:.0f}",
    )
    server = start_server("services.eligibility", Path(tempfile.mkdtemp(prefix="bench-")), {}, *options)
    published: list[int] = []

    def publish(number: int) -> None:
        with Rules(server.address) as author:
            published.append(author.publish(variant(f"2027.{number}")).version.state_number)

    authors = [threading.Thread(target=publish, args=(number,), daemon=True) for number in range(AUTHORS)]
    try:
        with Rules(server.address) as client:
            client.assess()
            before = asked(client, lambda calls: calls < BEFORE_CALLS)
            for author in authors:
                author.start()
            meanwhile = asked(client, lambda _: any(author.is_alive() for author in authors))
    finally:
        server.stop()
    sys.stdout.write(line("avant", before) + line("pendant", meanwhile))
    sys.stdout.write(f"{len(published)} publications sur {AUTHORS}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
