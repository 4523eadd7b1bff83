"""Processes killed, stopped, or out of disk in the middle of every kind of write: nothing answered is lost,
nothing is done twice."""

from __future__ import annotations

import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from tests.bank_registry_support import new_database, status_of
from tests.support import Launch, RunningServer, throwaway_stores, wait_until
from tests.writes import (
    ACTIVATION,
    IMPORT,
    KINDS,
    ONE_OF_EACH_SERVICE,
    PUBLICATION,
    Kind,
    Load,
    channel_to,
    check,
)

WRITES = 6


@dataclass(frozen=True)
class Scale:
    """How many writes between two kills, and how many kills of a worker, then of the master."""

    writes: int
    kills: int
    master_kills: int


SHORT, LONG = Scale(WRITES, 1, 1), Scale(40, 8, 3)
scales = [
    pytest.param(SHORT, id="short"),
    pytest.param(LONG, id="long", marks=pytest.mark.more("longues séries de processus tués")),
]
SLOW_WRITES = 2
"""Of a kind that takes seconds: what is killed is killed in the middle of one."""

SLOW = pytest.mark.more("une publication tuée en plein contrôle")
each_kind = pytest.mark.parametrize("kind", [*KINDS, pytest.param(PUBLICATION, marks=SLOW)], ids=str)
each_service = pytest.mark.parametrize("kind", ONE_OF_EACH_SERVICE, ids=str)


def reason_of(error: grpc.RpcError) -> str:
    return status_of(error)[0].reason


def start(launch: Launch, kind: Kind, env: dict[str, str], workers: int = 2) -> RunningServer:
    return launch(kind.module, f"--workers={workers}", env=env)


def environment(folder: Path) -> dict[str, str]:
    return {**throwaway_stores(folder), "DOCUMENTS_RETENTION_DAYS": "30"}


def begun(launch: Launch, kind: Kind, env: dict[str, str], folder: Path, workers: int = 2) -> RunningServer:
    """A server whose store holds what the writes ask for."""
    kind.begin(env, folder)
    server = start(launch, kind, env, workers)
    with channel_to(server.address) as channel:
        kind.ready(channel)
    return server


@each_kind
@pytest.mark.parametrize("scale", scales)
def test_killed_processes_lose_and_double_no_write(
    launch: Launch, tmp_path: Path, kind: Kind, scale: Scale
) -> None:
    """A worker (all of them for an import), then the master; the next server finds all that was answered."""
    env = environment(tmp_path)
    server = begun(launch, kind, env, tmp_path)
    writes = SLOW_WRITES if kind in (PUBLICATION, ACTIVATION, IMPORT) else scale.writes
    load = Load(kind, [server.address])
    with load.running():
        load.wait(writes)
        for _ in range(scale.kills):
            workers = wait_until(server.workers)
            for pid in workers if kind is IMPORT else workers[:1]:
                os.kill(pid, signal.SIGKILL)
            load.wait(writes)
        for _ in range(scale.master_kills):
            server.process.kill()
            server.process.wait()
            server = start(launch, kind, env)
            load.addresses = [server.address]
            load.wait(writes)
    check(kind, server.address, load.answered)
    assert server.stop() == 0


@each_service
def test_a_killed_replica_leaves_the_other(
    launch: Launch, tmp_path: Path, kind: Kind, postgres_url: str
) -> None:
    """On PostgreSQL: what the dead one had not answered is asked of the other, under the same request id."""
    names = ("ELIGIBILITY_DATABASE_URL", "ELIGIBILITY_KEYS_DATABASE_URL", "DOCUMENTS_DATABASE_URL")
    databases = {name: new_database(postgres_url) for name in (*names, "BANK_REGISTRY_DATABASE_URL")}
    env = {**environment(tmp_path), **databases}
    first = begun(launch, kind, env, tmp_path, workers=1)
    second = start(launch, kind, env, workers=1)
    load = Load(kind, [first.address, second.address])
    with load.running():
        load.wait(WRITES)
        first.process.kill()
        load.wait(WRITES)
    check(kind, second.address, load.answered)


@each_service
def test_a_stop_under_load_cuts_no_call(launch: Launch, tmp_path: Path, kind: Kind) -> None:
    env = environment(tmp_path)
    server = begun(launch, kind, env, tmp_path)
    load = Load(kind, [server.address])
    with load.running():
        load.wait(WRITES)
        assert server.stop() == 0
        assert load.cut == []
        server = start(launch, kind, env)
        load.addresses = [server.address]
        load.wait(WRITES)
    check(kind, server.address, load.answered)


@each_service
def test_a_full_disk_refuses_writes_and_reads_go_on(launch: Launch, tmp_path: Path, kind: Kind) -> None:
    """No file of the worker may grow any more, then may again."""
    server = begun(launch, kind, environment(tmp_path), tmp_path, workers=1)
    (worker,) = server.workers()
    with channel_to(server.address) as channel:
        answered = [kind.ask(channel, "", 1)]
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        for number in range(3):
            with pytest.raises(grpc.RpcError) as refused:
                kind.ask(channel, "", 2 + number)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            assert reason_of(refused.value) == "STORE_UNAVAILABLE"
        assert kind.stored(channel) == answered
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        answered.append(kind.ask(channel, "", 9))
    check(kind, server.address, answered)
    assert server.workers() == [worker]
