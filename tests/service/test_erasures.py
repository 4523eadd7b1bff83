"""Erasures on running servers: under way while a reader is there, ended by themselves, nobody waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from microcredit.documents.v1 import store_service_pb2 as documents
from microcredit.eligibility.v1 import decision_service_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from tests.documents_services import SECONDS, connected
from tests.documents_support import REFUSAL, example, request
from tests.eligibility_reglement import BASE
from tests.eligibility_support import TIMEOUT, Client, application
from tests.support import Launch, throwaway_stores, wait_until

CASE = "MC-2026-0404"


@contextmanager
def reading(*paths: Path) -> Iterator[None]:
    """Readers that keep the state which they saw, as a backup does."""
    opened = [sqlite3.connect(path, isolation_level=None) for path in paths]
    for each in opened:
        each.execute("BEGIN")
        each.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    try:
        yield
    finally:
        for each in opened:
            each.close()


def stored(path: Path, query: str) -> list[bytes]:
    with closing(sqlite3.connect(path)) as file:
        return [bytes(row[0]) for row in file.execute(query)]


def holding(folder: Path, pieces: list[bytes]) -> list[str]:
    """The files of a store in which one of these is."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(piece in path.read_bytes() for piece in pieces)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_an_erased_case_is_under_way_while_someone_reads(launch: Launch, folder: Path) -> None:
    env = throwaway_stores(folder)
    server = launch("services.eligibility", "--workers", "2", env=env)
    keys = folder / "eligibility-keys.sqlite3"
    asked = AssessEligibilityRequest(case_reference=CASE, application=application(BASE))
    status = pb.GetErasureStatusRequest()
    with Client(server.address) as client:
        client.eligibility.AssessEligibility(asked, timeout=TIMEOUT)
        wrapped = stored(keys, "SELECT wrapped_key FROM case_key")
        with reading(keys):
            answer = client.decisions.EraseCase(pb.EraseCaseRequest(case_reference=CASE), timeout=TIMEOUT)
            assert (answer.decision_count, answer.state) == (1, pb.ERASURE_STATE_IN_PROGRESS)
            assert "en cours" in answer.summary
            assert client.decisions.GetErasureStatus(status, timeout=TIMEOUT).HasField("pending_time")
            again = client.eligibility.AssessEligibility(asked, timeout=TIMEOUT).assessment
        wait_until(
            lambda: client.decisions.GetErasureStatus(status, timeout=TIMEOUT).state == pb.ERASURE_STATE_DONE
        )
        assert holding(folder, wrapped) == []
        name = f"decisions/{again.decision_id}"
        found = client.decisions.GetDecision(pb.GetDecisionRequest(name=name), timeout=TIMEOUT).decision
        assert found.content == pb.DECISION_CONTENT_READABLE
        repeated = client.decisions.EraseCase(
            pb.EraseCaseRequest(case_reference=CASE, validate_only=True), timeout=TIMEOUT
        )
        assert repeated.decision_count == 2
        verified = client.decisions.VerifyJournal(pb.VerifyJournalRequest(), timeout=TIMEOUT)
        assert (verified.intact, verified.erased_count, verified.key_missing_count) == (True, 1, 0)


def test_a_deleted_case_is_under_way_while_someone_reads(launch: Launch, folder: Path) -> None:
    env = {**throwaway_stores(folder), "DOCUMENTS_RETENTION_DAYS": "30"}
    server = launch("services.documents", "--workers", "1", env=env)
    data = example("refus-budget")
    data["case"]["reference"] = CASE
    status = documents.GetErasureStatusRequest()
    base = folder / "documents.sqlite3"
    with connected(server.address) as stubs:
        message = request(REFUSAL, data)
        message.store = True
        stubs.documents.GenerateDocument(message, timeout=SECONDS)
        sealed = [piece[:200] for piece in stored(base, "SELECT sealed FROM document")]
        sealed += stored(folder / "documents-keys.sqlite3", "SELECT wrapped_key FROM case_key")
        assert len(sealed) == 2
        with reading(base):
            answer = stubs.store.DeleteCase(documents.DeleteCaseRequest(case_reference=CASE), timeout=SECONDS)
            assert (answer.deleted_count, answer.state) == (1, documents.ERASURE_STATE_IN_PROGRESS)
        wait_until(
            lambda: (
                stubs.store.GetErasureStatus(status, timeout=SECONDS).state == documents.ERASURE_STATE_DONE
            )
        )
        assert holding(folder, sealed) == []
    assert server.stop() == 0
    assert holding(folder, sealed) == []
