"""The processes of a server: start, refusal to start, drain, death of a worker, death of the master."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.kit.serve.prefork import REPEAT_SECONDS, RESTART_DELAYS
from tests import warm
from tests.service.kit_probe import NAME, SECRET
from tests.support import ROOT, Launch, RunningServer, start_server, wait_until

MODULE = "tests.service.kit_probe"
PATIENCE = 60.0


def run(*options: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A server that must end by itself."""
    return warm.run(MODULE, *options, env=env)


def ask(address: str, word: str) -> str:
    """The answer to a word, on a connection of its own; one that reached a dying worker is tried again."""
    limit = time.monotonic() + PATIENCE
    while True:
        with grpc.insecure_channel(address) as channel:
            method: Any = channel.unary_unary(f"/{NAME}/One")
            try:
                return str(method(word.encode(), timeout=PATIENCE, wait_for_ready=True).decode())
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > limit:
                    raise


def begun(method: Any, word: bytes) -> Any:
    """A call that a worker has begun to serve; the probe counts its calls, those that ask it included."""
    before = int(method(b"begun", timeout=PATIENCE))
    call, asked = method.future(word, timeout=PATIENCE), count(before + 1)
    wait_until(lambda: int(method(b"begun", timeout=PATIENCE)) > next(asked))
    return call


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def await_death(pid: int) -> None:
    wait_until(lambda: not is_running(pid))


def events(server: RunningServer, name: str) -> list[dict[str, Any]]:
    return [
        line for line in map(json.loads, server.log.read_text().splitlines()) if line.get("event") == name
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_announces_itself_once_every_worker_serves(launch: Launch) -> None:
    server = launch(MODULE, "--workers", "2")
    (ready,) = events(server, "ready")
    assert (ready["address"], ready["workers"]) == (server.address, 2)
    assert len(server.workers()) == 2
    answers = {ask(server.address, "pid") for _ in range(60)}
    assert answers == {str(pid) for pid in server.workers()}
    assert server.stop() == 0
    assert not (server.log.parent / "ready").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_call_in_flight_ends_before_the_server_does(launch: Launch, number: signal.Signals) -> None:
    server = launch(MODULE, "--workers", "2", "--notice-seconds", "2")
    with grpc.insecure_channel(server.address) as channel:
        method: Any = channel.unary_unary(f"/{NAME}/One")
        assert method(b"pid", timeout=PATIENCE)
        call = begun(method, b"sleep 1")
        server.process.send_signal(number)
        health = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest()
        wait_until(lambda: health.Check(request, timeout=PATIENCE).status == 2)
        assert method(b"encore", timeout=PATIENCE) == b"encore"
        assert call.result() == b"sleep 1"
    assert server.process.wait(PATIENCE) == 0


def test_a_second_signal_does_not_wait(launch: Launch) -> None:
    server = launch(MODULE, "--workers", "1")
    with grpc.insecure_channel(server.address) as channel:
        method: Any = channel.unary_unary(f"/{NAME}/One")
        assert method(b"pid", timeout=PATIENCE)
        call = begun(method, b"sleep 9")
        asked = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: events(server, "stopping"))
        server.process.send_signal(signal.SIGTERM)
        if time.monotonic() - asked > REPEAT_SECONDS / 2:
            pytest.skip("the machine is too slow for two signals to be one wish")
        asked = time.monotonic()
        wait_until(lambda: time.monotonic() > asked + 2 * REPEAT_SECONDS)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 1
        assert call.code() is grpc.StatusCode.UNAVAILABLE


def test_a_killed_worker_is_replaced_at_once_then_later(launch: Launch) -> None:
    server = launch(MODULE, "--workers", "1")
    for _ in range(2):
        (before,) = server.workers()
        killed = time.monotonic()
        os.kill(before, signal.SIGKILL)
        await_death(before)
        assert ask(server.address, "pid") not in ("", str(before))
    assert time.monotonic() - killed >= RESTART_DELAYS[1]
    assert [line["restart_in_seconds"] for line in events(server, "worker_died")] == [0.0, 0.5]
    assert server.stop() == 0


def test_workers_die_with_their_master(launch: Launch) -> None:
    server = launch(MODULE, "--workers", "2")
    workers = server.workers()
    server.process.kill()
    server.process.wait(PATIENCE)
    for pid in workers:
        await_death(pid)


def test_a_used_port_is_refused_with_one_sentence(launch: Launch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = run("--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Le port {port} est déjà utilisé sur 127.0.0.1\u00a0: arrêtez le programme qui l’occupe ou "
        "choisissez un autre port avec --port.\n"
    )
    server = launch(MODULE, "--workers", "1")
    assert run("--port", server.address.rpartition(":")[2]).returncode == 1


def test_of_two_servers_that_start_together_one_serves(tmp_path: Path) -> None:
    port = str(free_port())
    command = [sys.executable, "-m", MODULE, "--port", port, "--workers", "1"]
    pair = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    wait_until(lambda: sum(process.poll() is not None for process in pair) == 1)
    loser, winner = sorted(pair, key=lambda process: process.poll() is None)
    assert loser.returncode == 1
    assert ask(f"127.0.0.1:{port}", "bonjour") == "bonjour"
    winner.terminate()
    for process in pair:
        process.communicate(timeout=PATIENCE)
    assert winner.returncode == 0


def test_a_server_restarts_at_once_on_the_port_it_left(tmp_path: Path) -> None:
    port = str(free_port())
    for attempt in ("first", "second"):
        server = start_server(MODULE, tmp_path / attempt, {}, "--port", port, "--workers", "1")
        with grpc.insecure_channel(server.address) as channel:
            method: Any = channel.unary_unary(f"/{NAME}/One")
            assert method(b"x", timeout=PATIENCE) == b"x"
            assert server.stop() == 0


@pytest.mark.parametrize("step", ["prepare", "build"])
def test_a_refusal_to_start_is_one_sentence(step: str) -> None:
    refused = run("--port", "0", "--workers", "2", PROBE_BROKEN=f"{step}:refusal")
    assert (refused.returncode, refused.stderr) == (1, f"Rien ne va dans {step}.\n")


def test_a_crash_at_start_says_where_and_leaks_nothing() -> None:
    refused = run("--port", "0", "--workers", "2", PROBE_BROKEN="build:crash")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("Un processus du serveur s’est arrêté")
    assert "kit_probe.py" in refused.stderr
    assert SECRET not in refused.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--host", "0.0.0.0"], "Le serveur refuse d’écouter sans savoir qui appelle sur 0.0.0.0"),
        (["--host", "127.0.0.1", "--tls-key-file=k"], "TLS demande trois fichiers à la fois"),
        (["--port", "0", "--ready-file", "/proc/absent/ready"], "Le fichier /proc/absent/ready ne peut pas"),
        (["--prot", "0"], "Configuration refusée"),
    ],
)
def test_wrong_settings_are_refused(options: list[str], sentence: str) -> None:
    refused = run(*options)
    assert refused.returncode == 1
    assert refused.stderr.startswith(sentence)
    assert "Traceback" not in refused.stderr


def test_print_config_starts_nothing() -> None:
    printed = run("--print-config", "--port", "0", PROBE_BROKEN="prepare:crash")
    assert printed.returncode == 0
    assert "PROBE_PORT=0\n" in printed.stdout
    assert printed.stderr == ""


def worker_pids(server: RunningServer) -> set[int]:
    """The processes that a server forked and that still run."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return {int(pid) for pid in children if is_running(int(pid))}


@pytest.mark.parametrize("fault", ["stopped", "thread", "interpreter"])
def test_a_worker_that_lives_but_does_not_serve_is_replaced(launch: Launch, fault: str) -> None:
    server = launch(MODULE, "--workers=1")
    (first,) = worker_pids(server)
    if fault == "stopped":
        os.kill(first, signal.SIGSTOP)
    else:
        with grpc.insecure_channel(server.address) as channel, suppress(grpc.RpcError):
            one: Any = channel.unary_unary(f"/{NAME}/One")
            one(f"lose the {fault}".encode(), timeout=0.5)
    wait_until(lambda: not is_running(first))
    assert int(ask(server.address, "pid")) != first
    expected = "thread_died" if fault == "thread" else "worker_silent"
    assert events(server, expected)


def test_the_socket_of_a_worker_serves_its_call_to_itself_alone(launch: Launch) -> None:
    server = launch(MODULE, "--workers=1")
    (worker,) = server.workers()
    held = {os.readlink(link) for link in Path(f"/proc/{worker}/fd").iterdir()}
    lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    names = {line[-1] for line in lines if f"socket:[{line[6]}]" in held and line[-1].startswith("@")}
    addresses = [f"unix-abstract:{name.removeprefix('@')}" for name in names]
    assert addresses
    for address in addresses:
        with grpc.insecure_channel(address) as channel:
            one: Any = channel.unary_unary(f"/{NAME}/One")
            with pytest.raises(grpc.RpcError) as raised:
                one(b"x", timeout=5)
        assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert ask(server.address, "x") == "x"


def test_readiness_follows_what_the_service_says(launch: Launch, tmp_path: Path) -> None:
    mark = tmp_path / "broken"
    server = launch(MODULE, "--workers=1", f"--not-ready-while={mark}")
    with grpc.insecure_channel(server.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)

        def state(service: str) -> int:
            return int(health.Check(health_pb2.HealthCheckRequest(service=service), timeout=PATIENCE).status)

        assert (state(""), state(NAME)) == (1, 1)
        mark.touch()
        wait_until(lambda: state(NAME) == 2)
        assert state("") == 1
        mark.unlink()
        wait_until(lambda: state(NAME) == 1)
