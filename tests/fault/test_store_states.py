"""What becomes of a store under each service has its name: no call is INTERNAL, none is answered."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from tests.fault.test_contract_fuzz import plausible
from tests.right_requests import call, methods
from tests.support import ROOT, Launch, RunningServer, wait_until

STORES = {
    "services.eligibility": "eligibility.sqlite3",
    "services.documents": "documents.sqlite3",
    "services.bank_registry": "bank_registry.sqlite3",
}


def asked(server: RunningServer, module: str) -> dict[str, Counter[str]]:
    """The reasons that each RPC gives to a likely request, and to those of the examples; `` is an answer."""
    found: dict[str, Counter[str]] = {}
    with grpc.insecure_channel(server.address) as channel:
        for method in methods(module):
            for request in (plausible(method.input_type), *examples(method.input_type)):
                given = reason(channel, method, request.SerializeToString())
                found.setdefault(method.full_name, Counter())[given] += 1
    return found


def examples(descriptor: Descriptor) -> list[Message]:
    """Two requests of the examples that are of this type."""
    found = []
    for path in sorted((ROOT / "examples/requests").glob("*.json")):
        with suppress(json_format.ParseError):
            found.append(json_format.Parse(path.read_text(encoding="utf-8"), GetMessageClass(descriptor)()))
    return found[:2]


def reason(channel: grpc.Channel, method: MethodDescriptor, raw: bytes) -> str:
    """The reason of a refusal; empty for an answer."""
    try:
        call(channel, method, raw)
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        for detail in status.details if status else ():
            if detail.Is(ErrorInfo.DESCRIPTOR):
                return ErrorInfo.FromString(detail.value).reason
        code: Any = error
        return str(code.code().name)
    return ""


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    shutil.copy(path, f"{path}.copy")
    os.replace(f"{path}.copy", path)


def delete_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def delete_index(path: Path) -> None:
    Path(f"{path}-shm").unlink()


def corrupt(path: Path) -> None:
    os.truncate(f"{path}-wal", 0)  # first: a server that finds the file strange closes it, and its log goes
    with path.open("r+b") as file:
        file.write(b"\xff" * path.stat().st_size)


def cut(path: Path) -> None:
    os.truncate(f"{path}-wal", 0)
    os.truncate(path, 0)


def cut_log(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:  # a commit that is in the log alone
        other.execute("CREATE TABLE later (id integer)")
    os.truncate(f"{path}-wal", 0)


def overwrite(path: Path) -> None:
    """Another database in its place; no commit is in the log alone, which would be cut (see `cut_log`)."""
    with closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    strange = path.with_name("other.sqlite3")
    with closing(sqlite3.connect(strange)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE thing (id integer)")
    os.truncate(f"{path}-wal", 0)
    path.write_bytes(strange.read_bytes())


def upgrade(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")


FAULTS: dict[Callable[[Path], None], set[str]] = {
    delete: {"STORE_MOVED"},
    replace: {"STORE_MOVED"},
    delete_log: {"STORE_MOVED"},
    delete_index: {"STORE_MOVED"},
    corrupt: {"STORE_DAMAGED"},
    cut: {"STORE_DAMAGED"},
    cut_log: {"STORE_DAMAGED"},
    overwrite: {"STORE_OF_ANOTHER_SERVICE"},
    upgrade: {"STORE_OF_NEWER_VERSION"},
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("module", STORES)
def test_each_state_has_its_name(
    launch: Launch, tmp_path: Path, module: str, fault: Callable[[Path], None]
) -> None:
    server = launch(module, "--workers=1")
    path = server.log.parent / STORES[module]
    fault(path)
    wait_until(lambda: not_serving(server, module) == names(module))
    found = asked(server, module)
    assert {reason for reasons in found.values() for reason in reasons} == FAULTS[fault]
    assert Path(server.log).read_text().count('"event": "exception"') == 0


@pytest.mark.parametrize("fault", [delete, corrupt, upgrade], ids=lambda fault: fault.__name__)
def test_a_worker_that_starts_on_it_says_the_same(launch: Launch, fault: Callable[[Path], None]) -> None:
    module = "services.bank_registry"
    server = launch(module, "--workers=1")
    (first,) = server.workers()
    fault(server.log.parent / STORES[module])
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: "stores_awaited" in server.log.read_text())
    assert not_serving(server, module) == names(module)
    found = asked(server, module)
    assert {reason for reasons in found.values() for reason in reasons} == FAULTS[fault]
    assert server.log.read_text().count('"event": "exception"') == 0


PARTS = [
    pytest.param(
        module,
        marks=[]
        if module == "services.bank_registry"
        else [pytest.mark.more("clé maîtresse ou empreintes perdues : les deux autres services")],
    )
    for module in STORES
]


def refused(server: RunningServer, module: str) -> bool:
    """Whether every service says that it cannot serve, and one of its calls that a part is missing."""
    if not_serving(server, module) != names(module):
        return False
    found = asked(server, module)
    assert {reason for reasons in found.values() for reason in reasons} == {"STORE_INCOMPLETE"}
    return True


def serves(server: RunningServer, module: str) -> bool:
    """Whether every service says that it serves; a connection may be cut as one server replaces another."""
    try:
        return not not_serving(server, module)
    except grpc.RpcError:
        return False


def replace_worker(server: RunningServer) -> None:
    """Kills a worker; returns once the next one waits for what it lacks."""
    before = server.log.read_text().count("stores_awaited")
    os.kill(server.workers()[0], signal.SIGKILL)
    wait_until(lambda: server.log.read_text().count("stores_awaited") > before)


@pytest.mark.parametrize("module", PARTS)
def test_a_part_that_is_lost_beside_the_database_is_named_until_it_is_back(
    launch: Launch, module: str
) -> None:
    """Each file under the service, a key that is another too; then each when a worker starts."""
    server = launch(module, "--workers=1")
    (heads,), (key,) = (list(server.log.parent.glob(kind)) for kind in ("*-heads.jsonl", "*-master.key"))
    away = server.log.parent / "away"

    for part in (heads, key):
        part.rename(away)
        wait_until(lambda: refused(server, module))
        assert not part.exists()
        away.rename(part)
        wait_until(lambda: not not_serving(server, module))
    own = key.read_bytes()
    key.write_bytes(b64encode(bytes(32)))
    wait_until(lambda: refused(server, module))
    key.write_bytes(own)
    wait_until(lambda: not not_serving(server, module))
    log = server.log.read_text()
    assert [log.count(f'"event": "store_{state}"') for state in ("incomplete", "complete")] == [3, 3]

    for part in (key, heads):
        part.rename(away)
        part.mkdir()
        replace_worker(server)
        assert refused(server, module)
        part.rmdir()
        away.rename(part)
        wait_until(lambda: serves(server, module))
    log = server.log.read_text()
    assert '"event": "exception"' not in log
    assert server.stop() == 0


def names(module: str) -> set[str]:
    return {method.containing_service.full_name for method in methods(module)}


def not_serving(server: RunningServer, module: str) -> set[str]:
    """The services that the probes say cannot serve."""
    with grpc.insecure_channel(server.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        found = {
            name: stub.Check(health_pb2.HealthCheckRequest(service=name)).status for name in names(module)
        }
    return {name for name, status in found.items() if status != health_pb2.HealthCheckResponse.SERVING}
