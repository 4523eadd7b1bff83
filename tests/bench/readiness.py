"""How soon the probes of the three services say that their PostgreSQL is gone, and that it is back.

Each proto service is asked without pause over several connections, so that each worker is heard.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests import postgres
from tests.bank_registry_support import new_database
from tests.support import start_server, throwaway_stores, wait_until

CONNECTIONS, ROUNDS = 8, 5
LOOK_SECONDS = 0.02
WRITERS = {
    "eligibility": [
        "microcredit.eligibility.v1.EligibilityService",
        "microcredit.eligibility.v1.RulesetService",
        "microcredit.eligibility.v1.DecisionService",
        "microcredit.releases.v1.ReleaseService",
    ],
    "documents": ["microcredit.documents.v1.DocumentStoreService", "microcredit.releases.v1.ReleaseService"],
    "bank_registry": [
        "microcredit.bankregistry.v1.BankEditingService",
        "microcredit.bankregistry.v1.EnvelopeService",
        "microcredit.bankregistry.v1.RegistryAdminService",
    ],
}
"""The proto services that must write."""

DATABASES = [
    "ELIGIBILITY_DATABASE_URL",
    "ELIGIBILITY_KEYS_DATABASE_URL",
    "DOCUMENTS_DATABASE_URL",
    "DOCUMENTS_KEYS_DATABASE_URL",
    "BANK_REGISTRY_DATABASE_URL",
    "BANK_REGISTRY_KEYS_DATABASE_URL",
]

Fault = Callable[[], AbstractContextManager[None]]
SERVING, UNKNOWN = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.UNKNOWN


@dataclass
class Watch:
    """When each connection to a service last said each state of a proto service."""

    name: str
    channel: grpc.Channel
    last: dict[int, float] = field(default_factory=dict)
    now: int = UNKNOWN

    def look(self) -> None:
        """Asks once; a probe that does not answer is one that says that nothing is served."""
        asked = health_pb2.HealthCheckRequest(service=self.name)
        begun = time.monotonic()
        try:
            status = health_pb2_grpc.HealthStub(self.channel).Check(asked, timeout=5).status
        except grpc.RpcError:
            status = UNKNOWN
        self.last[status] = begun
        self.now = status


@contextmanager
def watched(addresses: dict[str, str]) -> Iterator[list[Watch]]:
    """Looks at every writer from threads, until the block ends."""
    with ExitStack() as stack:
        over = threading.Event()
        watches: list[Watch] = []
        options = (("grpc.use_local_subchannel_pool", 1),)
        for service, address in addresses.items():
            for _ in range(CONNECTIONS):
                channel = stack.enter_context(grpc.insecure_channel(address, options))
                watches += [Watch(name, channel) for name in WRITERS[service]]

        def loop(mine: list[Watch]) -> None:
            while not over.is_set():
                for watch in mine:
                    watch.look()
                over.wait(LOOK_SECONDS)

        threads = [threading.Thread(target=loop, args=(watches[start::6],)) for start in range(6)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: all(watch.now == SERVING for watch in watches))
            yield watches
        finally:
            over.set()
            for thread in threads:
                thread.join()


def round_of(watches: list[Watch], fault: Fault) -> tuple[float, float]:
    """The seconds until the last probe said NOT_SERVING, then until the last said SERVING."""
    with fault():
        gone = time.monotonic()
        wait_until(lambda: all(watch.now not in (UNKNOWN, SERVING) for watch in watches))
        told = max(watch.last[SERVING] for watch in watches) - gone
    back = time.monotonic()
    wait_until(lambda: all(watch.now == SERVING for watch in watches))
    other = max(stamp for watch in watches for status, stamp in watch.last.items() if status != SERVING)
    # A server that is stopped is gone before it has ended.
    return max(0.0, told), max(0.0, other - back)


@contextmanager
def stopped(server: postgres.Own, mode: signal.Signals) -> Iterator[None]:
    """The server ends, and starts again."""
    server.stop(mode)
    yield
    server.start()


def started(url: str, stack: ExitStack) -> dict[str, str]:
    """The three services over a PostgreSQL: their addresses."""
    folder = Path(tempfile.mkdtemp(prefix="readiness-"))
    env = {**throwaway_stores(folder), **{name: new_database(url) for name in DATABASES}}
    addresses = {}
    for name in WRITERS:
        running = start_server(f"services.{name}", folder / name, env, "--workers=2")
        stack.callback(running.stop)
        addresses[name] = running.address
    return addresses


def main() -> int:
    """Prints the shortest and the longest of each."""
    with postgres.own() as server, ExitStack() as stack:
        addresses = started(server.url, stack)
        faults: dict[str, Fault] = {
            "figé": server.hung,
            "tué": lambda: stopped(server, signal.SIGKILL),
            "arrêté": lambda: stopped(server, signal.SIGINT),
        }
        for label, fault in faults.items():
            with watched(addresses) as watches:
                found = [round_of(watches, fault) for _ in range(ROUNDS)]
            told, back = zip(*found, strict=True)
            sys.stdout.write(
                f"{label} : NOT_SERVING en {min(told):.2f} à {max(told):.2f} s, "
                f"SERVING en {min(back):.2f} à {max(back):.2f} s après le retour\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
