"""The registry when processes die in the middle of their work."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from sqlalchemy import create_engine, make_url, text

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from services.kit.store.database import POSTGRESQL_POLL_SECONDS, Database
from tests.bank_registry_support import (
    agreement,
    bank,
    import_banks,
    import_command,
    loan,
    new_database,
    opened_store,
    run_import,
    status_of,
    write_file,
)
from tests.support import ROOT, Launch, registry_keys, wait_until

NEVER_ENDING = """
CREATE TRIGGER never_ending AFTER INSERT ON audit WHEN NEW.resource = 'banks/z' BEGIN
  SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n);
END
"""


def is_locked(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def wait_until_writing(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Waits until the import is stuck in its transaction: the migrations before it are short."""
    free = time.monotonic()

    def stuck() -> bool:
        nonlocal free
        assert process.poll() is None
        if not is_locked(path):
            free = time.monotonic()
        return time.monotonic() >= free + 0.5

    wait_until(stuck)


def test_a_killed_import_leaves_nothing_half_written(launch: Launch, tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite3"
    url = f"sqlite:///{path}"
    import_banks(url, tmp_path, bank("a", 1, agreement()))
    server = launch("services.bank_registry", "--workers", "1", env={"BANK_REGISTRY_DATABASE_URL": url})
    with sqlite3.connect(path) as connection:
        connection.execute(NEVER_ENDING)
    file = write_file(
        tmp_path / "b.json", [bank("a", 1), *(bank(f"m{n}", 2 + n) for n in range(99)), bank("z", 200)]
    )
    env = {**os.environ, "BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)}
    process = subprocess.Popen(import_command(file, "--confirm-ending-all", "--correct"), cwd=ROOT, env=env)
    wait_until_writing(path, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER never_ending")
    with grpc.insecure_channel(server.address) as channel:
        stub = BankRegistryServiceStub(channel)
        answer = stub.ListSelectableBanks(pb.ListSelectableBanksRequest(loan_request=loan()), timeout=10)
        assert (answer.state_number, [check.selectable for check in answer.checks]) == (1, [True])
        assert run_import(url, file, "--confirm-ending-all", "--correct").returncode == 0
        answer = stub.ListSelectableBanks(pb.ListSelectableBanksRequest(loan_request=loan()), timeout=10)
        assert (answer.state_number, len(answer.checks), answer.selectable_count) == (2, 50, 0)
    database = Database(url)
    assert len(opened_store(url, database).registry().current) == 101
    with database.read() as connection:
        assert not opened_store(url, database).audit.verify(connection).broken_sequence
        assert opened_store(url, database).audit.head(connection).sequence == 2 + 102
    database.dispose()


def test_a_new_worker_answers_as_the_dead_one(launch: Launch, tmp_path: Path) -> None:
    """Page tokens included: their key is in the store."""
    url = f"sqlite:///{tmp_path}/registry.sqlite3"
    import_banks(url, tmp_path, *(bank(f"b{n}", n) for n in range(4)))
    server = launch("services.bank_registry", "--workers", "1", env={"BANK_REGISTRY_DATABASE_URL": url})
    request = pb.ListSelectableBanksRequest(loan_request=loan(), page_size=3)
    with grpc.insecure_channel(server.address) as channel:
        answer = BankRegistryServiceStub(channel).ListSelectableBanks(request, timeout=10)
        request.page_token = answer.next_page_token
    (worker,) = server.workers()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: server.workers() not in ([], [worker]))
    with grpc.insecure_channel(server.address) as channel:
        answer = BankRegistryServiceStub(channel).ListSelectableBanks(
            request, timeout=10, wait_for_ready=True
        )
    assert [check.bank.name for check in answer.checks] == ["banks/b3"]


def test_a_store_that_does_not_answer_leaves_the_last_state_and_its_age(
    launch: Launch, postgres_url: str
) -> None:
    """What must be newer than the last state that was read is refused, and may be asked again."""
    url = new_database(postgres_url)
    name = make_url(url).database
    server = launch("services.bank_registry", "--workers", "1", env={"BANK_REGISTRY_DATABASE_URL": url})
    request = pb.ListSelectableBanksRequest(loan_request=loan())
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as administrator, grpc.insecure_channel(server.address) as channel:
        stub = BankRegistryServiceStub(channel)
        stub.ListSelectableBanks(request, timeout=10)
        administrator.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        administrator.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": name},
        )
        read = time.monotonic()
        wait_until(
            lambda: time.monotonic() > read + POSTGRESQL_POLL_SECONDS
        )  # what was read may serve so long
        _, call = stub.ListSelectableBanks.with_call(request, timeout=10)
        assert "x-state-age" in dict(call.trailing_metadata())
        newer = pb.ListSelectableBanksRequest(loan_request=loan(), min_state_number=1)
        with pytest.raises(grpc.RpcError) as caught:
            stub.ListSelectableBanks(newer, timeout=10)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert status_of(caught.value)[0].reason == "STORE_UNAVAILABLE"
        administrator.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        assert stub.ListSelectableBanks(request, timeout=10).state_number == 0
    engine.dispose()
