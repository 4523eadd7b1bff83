"""Connections that bring nothing good, a worker short of descriptors or of memory: the service goes on."""

from __future__ import annotations

import os
import resource
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.kit.serve.core import CONNECTIONS
from tests.raw_http2 import PREFACE, SETTINGS, RawConnection, frame
from tests.service.kit_probe import NAME
from tests.support import Launch, RunningServer, wait_until
from tests.writes import channel_to

MODULE = "tests.service.kit_probe"
PATIENCE = 60.0
GARBAGE, IDLE = 1500, 1000


def ask(channel: grpc.Channel, word: bytes = b"pid") -> str:
    one: Any = channel.unary_unary(f"/{NAME}/One")
    return str(one(word, timeout=PATIENCE).decode())


def ask_anew(server: RunningServer) -> str:
    """On a connection of its own."""
    with channel_to(server.address) as channel:
        return ask(channel)


def connected(server: RunningServer) -> socket.socket:
    host, _, port = server.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def garbage() -> list[bytes]:
    """Random bytes, HTTP/1.1, the hello of TLS, frames that are wrong, a window that is too large."""
    return [
        os.urandom(64),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        bytes.fromhex("16030100050100000100") + os.urandom(32),
        PREFACE + frame(SETTINGS, 0, 0, b"\x00" * 5),
        PREFACE + frame(SETTINGS, 0, 0) + frame(8, 0, 0, struct.pack(">I", 0)),
        PREFACE + b"\xff" * 9,
    ]


@pytest.fixture(scope="module")
def server(launch: Launch) -> RunningServer:
    return launch(MODULE, "--workers", "1")


@contextmanager
def answering(server: RunningServer) -> Iterator[None]:
    """The same worker answers before, on the same connection meanwhile, and gives everything back after."""
    (worker,) = server.workers()
    with channel_to(server.address) as channel:
        assert ask(channel) == str(worker)
        before = descriptors(worker)
        yield
        assert ask(channel) == str(worker)
        wait_until(lambda: descriptors(worker) <= before + 4)
    assert ask_anew(server) == str(worker)
    assert server.workers() == [worker]


def test_garbage_costs_nobody_an_answer(server: RunningServer) -> None:
    with answering(server):
        for number in range(GARBAGE):
            kinds = garbage()
            with connected(server) as connection:
                connection.sendall(kinds[number % len(kinds)])


@pytest.mark.parametrize("speaks", [False, True], ids=["tcp", "http2"])
def test_connections_that_say_nothing_hold_nothing(server: RunningServer, speaks: bool) -> None:
    with answering(server), ExitStack() as idle:
        for _ in range(IDLE):
            if speaks:
                idle.enter_context(RawConnection(server.address))
            else:
                idle.enter_context(connected(server))
        for _ in range(5):
            ask_anew(server)


@pytest.mark.more("connexions : plus qu’un processus n’en accepte")
def test_connections_above_the_limit_are_turned_away(server: RunningServer) -> None:
    with answering(server), ExitStack() as idle:
        for _ in range(CONNECTIONS):
            idle.enter_context(RawConnection(server.address))
        turned_away = idle.enter_context(connected(server))
        turned_away.sendall(PREFACE + frame(SETTINGS, 0, 0))
        with suppress(ConnectionResetError):
            assert not turned_away.recv(1)


def test_a_worker_without_descriptors_serves_those_who_are_there(launch: Launch) -> None:
    """Whoever comes meanwhile waits; everything goes on once the others have left."""
    server = launch(MODULE, "--workers", "1")
    (worker,) = server.workers()
    with channel_to(server.address) as channel:
        assert ask(channel) == str(worker)
        limit = descriptors(worker) + 8
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (limit, limit))
        with ExitStack() as idle:
            for _ in range(40):
                idle.enter_context(connected(server))
            for _ in range(5):
                assert ask(channel) == str(worker)
    assert ask_anew(server) == str(worker)


def test_a_worker_without_memory_is_replaced_or_serves(launch: Launch) -> None:
    """Nothing more can be allocated: threads and answers fail, until the master puts another in its place."""
    server = launch(MODULE, "--workers", "1")
    (worker,) = server.workers()
    ask_anew(server)
    used = int(Path(f"/proc/{worker}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.prlimit(worker, resource.RLIMIT_AS, (used, resource.RLIM_INFINITY))

    def served() -> bool:
        try:
            with channel_to(server.address) as channel:
                return ask(channel, b"big 3000000")[:1] == "x"
        except grpc.RpcError:
            return False

    wait_until(served)
    for _ in range(10):
        wait_until(served)
