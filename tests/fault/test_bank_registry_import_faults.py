"""Imports through a server that dies, and files made to exhaust it."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import grpc
import pytest
from google.type.date_pb2 import Date

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import RegistryAdminServiceStub
from services.kit.store.database import Database
from tests.bank_registry_support import agreement, bank, opened_store, status_of
from tests.fault.test_bank_registry_faults import NEVER_ENDING, is_locked
from tests.support import Launch, RunningServer

TODAY = Date(year=2026, month=11, day=25)
MEBIBYTE = 1024 * 1024


def messages(data: bytes, **options: object) -> Iterator[pb.ImportBanksRequest]:
    yield pb.ImportBanksRequest(effective_date=TODAY, **options)  # type: ignore[arg-type]
    for start in range(0, len(data), MEBIBYTE):
        yield pb.ImportBanksRequest(chunk=data[start : start + MEBIBYTE])


def summary(server: RunningServer, data: bytes, **options: object) -> pb.ImportSummary:
    with grpc.insecure_channel(server.address) as channel:
        *_, last = RegistryAdminServiceStub(channel).ImportBanks(messages(data, **options))
    found: pb.ImportSummary = last.summary
    return found


def test_a_server_killed_while_it_imports_has_written_nothing(launch: Launch, tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite3"
    url = f"sqlite:///{path}"
    env = {"BANK_REGISTRY_DATABASE_URL": url}
    server = launch("services.bank_registry", "--workers", "1", env=env)
    data = "\n".join(
        json.dumps(bank(name, number, agreement())) for number, name in enumerate("abz")
    ).encode()
    digest = summary(server, data, validate_only=True).difference_hash
    with closing(sqlite3.connect(path)) as file:
        file.execute(NEVER_ENDING)

    def write() -> None:
        with suppress(grpc.RpcError):
            summary(server, data, difference_hash=digest, reason="x")

    writing = threading.Thread(target=write)
    writing.start()
    while not is_locked(path):
        assert writing.is_alive()
    os.kill(server.process.pid, signal.SIGKILL)  # its workers die with it
    writing.join(30)
    with closing(sqlite3.connect(path, timeout=30)) as file:
        file.execute("DROP TRIGGER never_ending")
    database = Database(url)
    assert opened_store(url, database).registry().state_number == 0
    again = launch("services.bank_registry", "--workers", "1", env=env)
    assert summary(again, data, difference_hash=digest, reason="x").created_count == 3
    with database.read() as connection:
        assert not opened_store(url, database).audit.verify(connection).broken_sequence
    database.dispose()


def test_another_program_may_open_the_store_while_it_is_served(launch: Launch, tmp_path: Path) -> None:
    """A backup, a shell: the last to close the store must not cut the files that the workers map."""
    path = tmp_path / "registry.sqlite3"
    server = launch("services.bank_registry", "--workers", "1", "--database-url", f"sqlite:///{path}")
    workers = server.workers()
    data = json.dumps(bank("a", 1)).encode()
    digest = summary(server, data, validate_only=True).difference_hash
    for _ in range(3):
        with closing(sqlite3.connect(path)) as file:
            file.execute("SELECT count(*) FROM bank").fetchone()
    assert summary(server, data, difference_hash=digest, reason="x").state_number == 1
    assert server.workers() == workers


def zipped(content: bytes) -> bytes:
    """A workbook whose only sheet is this."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", content)
    return stream.getvalue()


HOSTILE = {
    "separators": b";" * (30 * MEBIBYTE),
    "short lines": b"identifiant;nom\n" + b"a;b\n" * (7 * MEBIBYTE),
    "wide rows": b"identifiant;nom\n" + (b"xy;" * 199 + b"z\n") * 45_000,
    "one cell": b'identifiant;nom\n"' + b"a" * (30 * MEBIBYTE),
    "empty objects": b'{"format": "registre-preteurs/1", "banks": [' + b"{}," * (10 * MEBIBYTE) + b"{}]}",
    "json lines": b'{"id": "a"}\n' * (2 * MEBIBYTE),
    "zip bomb": zipped(b"<worksheet>" + b"0" * (200 * MEBIBYTE)),
    "cells without end": zipped(b"<worksheet><sheetData><row>" + b"<c/>" * (15 * MEBIBYTE)),
    "garbage": os.urandom(MEBIBYTE) * 30,
}


@pytest.fixture(scope="module")
def server(launch: Launch) -> RunningServer:
    return launch("services.bank_registry", "--workers", "1")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_an_answer_and_little_memory(server: RunningServer, name: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        summary(server, HOSTILE[name], validate_only=True)
    assert status_of(caught.value)[0].reason == "FILE_UNREADABLE"
    (worker,) = server.workers()
    status = Path(f"/proc/{worker}/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak < 700 * 1024
