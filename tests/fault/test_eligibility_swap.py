"""Rules changed under load: no answer fails or mixes two versions, memory is flat, every process follows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bank_registry_support import new_database
from tests.eligibility_support import summary
from tests.ruleset_support import (
    Rules,
    each_worker,
    resident_bytes,
    shared_store,
    start,
    variant,
    with_ceiling,
)
from tests.support import MORE, Launch, RunningServer, wait_until

CLIENTS = 4
ACTIVATIONS, WARM = (500, 100) if MORE else (60, 20)
MAX_GROWTH = 24 * 1024 * 1024
FOLLOW_SECONDS = 20.0
OTHER = with_ceiling(variant("2026.2"), 4000)
REFUSED = {"2026.1": ["AMOUNT_ABOVE_MAX"], "2026.2": []}
"""What each version says of 3,500 €."""


class Load:
    """Clients that ask without pause, and note what is wrong with the answers."""

    def __init__(self, address: str) -> None:
        self.wrong: list[str] = []
        self.versions: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(address,)) for _ in range(CLIENTS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, address: str) -> None:
        try:
            with Rules(address) as client:
                while not self._stop.is_set():
                    self._note(client)
        except Exception as error:
            self.wrong.append(repr(error))

    def _note(self, client: Rules) -> None:
        answer = client.assess(amount="3500.00")
        self.versions.append(answer.ruleset.version)
        if summary(answer)[1] != REFUSED[answer.ruleset.version]:
            self.wrong.append(f"{answer.ruleset.version}: {summary(answer)}")


def test_activations_under_load(launch: Launch) -> None:
    server = start(launch, workers=2)
    with Rules(server.address) as author:
        author.publish(OTHER)
    with Rules(server.address) as author, Load(server.address) as load:
        memory: list[int] = []
        for number in range(1, ACTIVATIONS + 1):
            author.activate(("2026.1", "2026.2")[number % 2], "2026-12-01")
            if number in (WARM, ACTIVATIONS):
                memory.append(sum(map(resident_bytes, server.workers())))
    assert load.wrong == []
    assert set(load.versions) == {"2026.1", "2026.2"}
    assert memory[1] - memory[0] < MAX_GROWTH
    assert server.stop() == 0


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, launch: Launch, tmp_path: Path) -> Iterator[list[RunningServer]]:
    """Two servers of two workers on one store."""
    env = shared_store(tmp_path)
    if request.param == "postgresql":
        maintenance = request.getfixturevalue("postgres_url")
        env["ELIGIBILITY_DATABASE_URL"] = new_database(maintenance)
        env["ELIGIBILITY_KEYS_DATABASE_URL"] = new_database(maintenance)
    servers = [start(launch, workers=2, env=env) for _ in range(2)]
    yield servers
    assert [server.stop() for server in servers] == [0, 0]


def test_every_worker_of_every_server_follows(pair: list[RunningServer]) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(client) for server in pair for client in each_worker(server)]
        author = clients[0]
        wait_for(clients, author.publish(OTHER).version.state_number, seconds=20)
        for version in ("2026.2", "2026.1", "2026.2"):
            made = author.activate(version, "2026-12-01").event.state_number
            wait_for(clients, made, seconds=FOLLOW_SECONDS)
            assert {client.assess(amount="3500.00").ruleset.version for client in clients} == {version}


def wait_for(clients: list[Rules], state_number: int, *, seconds: float) -> None:
    """Waits until every worker applies a state."""
    wait_until(
        lambda: all(client.status().loaded_state_number >= state_number for client in clients), seconds
    )
