"""What goes wrong under the journal: killed processes, full disk, locked file, stopped PostgreSQL. What was
answered is recorded, what is not recorded is not answered."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import grpc
import pytest

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from services.kit.store import vault
from tests import warm
from tests.eligibility_reglement import BASE
from tests.eligibility_support import TIMEOUT, Client, application
from tests.journal_support import new_urls
from tests.support import Launch, RunningServer, throwaway_stores
from tests.writes import DECISION, Load, check

REQUEST = AssessEligibilityRequest(application=application(BASE), case_reference="MC-1")


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
    load = Load(DECISION, [first.address, second.address])
    with load.running():
        load.wait(20)
        os.kill(first.workers()[0], signal.SIGKILL)
        load.wait(20)
        second.process.kill()
        load.wait(20)
    assert first.stop() == 0
    third = start(launch, env, workers=1)
    check(DECISION, third.address, load.answered)
    with Client(third.address) as client:
        name = f"decisions/{load.answered[-1]}"
        assert client.decisions.ReplayDecision(pb.ReplayDecisionRequest(name=name)).identical


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
        assert client.decisions.GetDecision(asked).decision.content == pb.DECISION_CONTENT_KEY_MISSING
        assert assess(client).decision_id
    assert server.stop() == 0
