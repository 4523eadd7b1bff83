"""Writes of the registry when processes are killed in the middle of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from google.type import date_pb2, money_pb2
from sqlalchemy import Engine, event

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as editing
from microcredit.bankregistry.v1 import envelope_service_pb2 as envelope
from microcredit.bankregistry.v1.registry_admin_service_pb2 import VerifyAuditRequest
from services.bank_registry.api.admin import Auditor
from services.bank_registry.api.editing import BankEditingServicer
from services.bank_registry.registry.geography import Geography
from services.kit.store.database import Database
from tests.bank_registry_support import agreement, bank, import_banks, new_database, opened_store
from tests.support import ROOT

BANK = "banks/a"
AGREEMENT = f"{BANK}/agreements/fcs"
DAY = date_pb2.Date(year=2026, month=12, day=1)
CALLS, KILLS = 40, 3
REQUEST_ID = "8d0c6a52-1f0e-4b6e-9a55-0d6f1a9d7c11"


def reservation(request_id: str) -> envelope.ReserveEnvelopeRequest:
    euro = money_pb2.Money(currency_code="EUR", units=1)
    return envelope.ReserveEnvelopeRequest(parent=AGREEMENT, amount=euro, on_date=DAY, request_id=request_id)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store with a lender whose envelope is 1,000 €."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path}/registry.sqlite3"
    else:
        found = new_database(request.getfixturevalue("postgres_url"))
    import_banks(found, tmp_path, bank("a", 1, agreement(envelope="1000.00", end=None)))
    return found


def audit_of(url: str) -> tuple[bool, int]:
    """Whether the audit is whole and the registry what it says, and the state_number."""
    database = Database(url)
    try:
        store = opened_store(url, database)
        return Auditor(store).verify(VerifyAuditRequest()).whole, store.registry().state_number
    finally:
        database.dispose()


def test_a_write_killed_at_any_step_is_whole_or_not_at_all(url: str) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "build/gen")))}
    command = [sys.executable, str(Path(__file__)), url]
    printed = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    steps = json.loads(printed)
    assert len(steps) > 10
    assert all(whole for _, (whole, _) in steps)
    revisions = [state_number for _, (_, state_number) in steps]
    assert revisions == sorted(revisions)
    assert set(revisions) == {1, 2}
    assert [killed for killed, _ in steps] == [True] * (len(steps) - 1) + [False]


def strike(step: int) -> None:
    """Dies at a step: at the n-th statement of a write, or at its commit before it is done."""
    steps = count(1)

    def count_down(*_: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", count_down)
    event.listen(Engine, "commit", count_down)


def run_killed(url: str, step: int) -> bool:
    """Suspends the lender in a child that dies at a step of it; says whether it was killed."""
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL)
        return status != 0
    editor = BankEditingServicer(opened_store(url, Database(url)), Geography.load())
    request = editing.SuspendBankRequest(name=BANK, effective_date=DAY, reason="x", request_id=REQUEST_ID)
    strike(step)
    editor.SuspendBank(request, None)  # type: ignore[arg-type]
    os._exit(0)


def main(url: str) -> None:
    """Kills an edit at each of its steps, under one request id; prints the state of the store after each."""
    Geography.load()
    steps = []
    for step in count(1):
        killed = run_killed(url, step)
        steps.append((killed, audit_of(url)))
        if not killed:
            break
    sys.stdout.write(json.dumps(steps))


if __name__ == "__main__":
    main(sys.argv[1])
