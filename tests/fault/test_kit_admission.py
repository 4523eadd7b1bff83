"""One client shuts nobody out: half-sent requests, crowds, answers that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from tests.raw_http2 import RawConnection
from tests.service.kit_probe import NAME
from tests.service.test_kit_server import detail
from tests.support import Launch, RunningServer, wait_until

ONE = f"/{NAME}/One"
HEALTH = "/grpc.health.v1.Health/Check"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@pytest.fixture(scope="module")
def server(launch: Launch) -> RunningServer:
    return launch("tests.service.kit_probe", "--workers=1", "--threads=1", "--stream-seconds=1")


@pytest.fixture
def channel(server: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as opened:
        yield opened


def ended(stream: Any) -> grpc.StatusCode:
    """How a stream ends once it has been read."""
    with suppress(grpc.RpcError):
        list(stream)
    code: grpc.StatusCode = stream.code()
    return code


def answered(channel: grpc.Channel) -> None:
    """A call of the service and a probe have their answer."""
    one: Any = channel.unary_unary(ONE)
    assert one(b"x", timeout=10) == b"x"
    health = health_pb2_grpc.HealthStub(channel)
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=10).status == 1


@pytest.mark.parametrize(
    ("path", "message", "sent"),
    [(ONE, None, None), (ONE, b"bonjour", 7), (HEALTH, b"\n\x01x", 3), (REFLECTION, None, None)],
    ids=["headers", "seven-bytes", "health", "reflection"],
)
@pytest.mark.parametrize(("connections", "streams"), [(2, 16), (10, 32), (40, 32)])
def test_half_sent_requests_hold_no_place(
    server: RunningServer,
    channel: grpc.Channel,
    path: str,
    message: bytes | None,
    sent: int | None,
    connections: int,
    streams: int,
) -> None:
    with ExitStack() as stack:
        for _ in range(connections):
            raw = stack.enter_context(RawConnection(server.address))
            for _ in range(streams):
                raw.begin(path, message, sent)
        answered(channel)
        answered(channel)


def test_calls_of_one_connection_above_the_limit_wait_in_the_client(launch: Launch) -> None:
    """The core must not refuse the calls of a client that keeps to the limit of streams."""
    patient = launch("tests.service.kit_probe", "--workers=1", "--patience-seconds=60")
    with grpc.insecure_channel(patient.address) as channel:
        one: Any = channel.unary_unary(ONE)
        for _ in range(3):
            calls = [one.future(b"x", timeout=60) for _ in range(200)]
            assert {call.code() for call in calls} == {grpc.StatusCode.OK}


def test_calls_begun_and_abandoned_in_a_burst_cost_nothing_that_lasts(
    server: RunningServer, channel: grpc.Channel
) -> None:
    (worker,) = server.workers()
    before = resident(worker)
    for _ in range(5):
        with RawConnection(server.address) as raw:
            for _ in range(2000):
                with suppress(OSError):  # the core closes a connection that goes on like this
                    raw.begin(ONE, None)
                    raw.reset()
            answered(channel)
    assert server.workers() == [worker]
    assert resident(worker) - before < 64


def resident(pid: int) -> int:
    """The memory of a process, in MiB."""
    (line,) = (each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in each)
    return int(line.split()[1]) // 1024


def test_what_cannot_be_served_in_time_is_refused_with_when_to_come_back(
    channel: grpc.Channel, tmp_path: Path
) -> None:
    one: Any = channel.unary_unary(ONE)
    held = tmp_path / "held"
    busy = one.future(f"hold {held}".encode(), timeout=30)
    health = health_pb2_grpc.HealthStub(channel)
    wait_until(held.exists)
    late = [one.future(b"x", timeout=30) for _ in range(3)]
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=10).status == 1
    assert {call.code() for call in late} == {grpc.StatusCode.UNAVAILABLE}
    for call in late:
        assert detail(call, ErrorInfo).reason == "OVERLOADED"
        assert detail(call, RetryInfo).retry_delay.ToTimedelta().total_seconds() > 0
    held.unlink()
    assert busy.code() is grpc.StatusCode.OK
    assert one(b"x", timeout=10) == b"x"


def test_a_call_whose_client_has_gone_is_not_served_when_its_turn_comes(
    launch: Launch, tmp_path: Path
) -> None:
    probe = launch("tests.service.kit_probe", "--workers=1", "--threads=1", "--patience-seconds=60")
    held = tmp_path / "held"
    with grpc.insecure_channel(probe.address) as channel:
        one: Any = channel.unary_unary(ONE)
        first = one.future(f"hold {held}".encode(), timeout=60)
        wait_until(held.exists)
        waiting = [one.future(b"x", timeout=60) for _ in range(3)]
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())  # came after them
        for call in waiting:
            call.cancel()
        held.unlink()
        first.result()
        assert one(b"begun", timeout=60) == b"2"
    wait_until(lambda: probe.log.read_text().count('"code": "CANCELLED"') == 3)
    assert '"event": "exception"' not in probe.log.read_text()


def test_a_stream_that_nobody_reads_gives_its_place_back(
    server: RunningServer, channel: grpc.Channel
) -> None:
    method: Any = channel.unary_stream(f"/{NAME}/Down")
    with RawConnection(server.address, window=1) as raw:
        raw.begin(f"/{NAME}/Down", b"big 100000", end=True)
        wait_until(lambda: ended(method(b"big 10", timeout=10)) is grpc.StatusCode.OK)


def test_bytes_that_are_no_message_are_the_fault_of_their_sender(channel: grpc.Channel) -> None:
    typed: Any = channel.unary_unary(f"/{NAME}/Typed")
    with pytest.raises(grpc.RpcError) as raised:
        typed(b"\xff\xff", timeout=10)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert detail(raised.value, ErrorInfo).reason == "REQUEST_UNREADABLE"


OURS, THE_CORE, ANSWER = "ours", "the core", "an answer"


def judged(channel: grpc.Channel, message: bytes, metadata: Sequence[tuple[str, str]] = ()) -> str:
    """Who refuses a call for what it weighs."""
    one: Any = channel.unary_unary(ONE)
    try:
        one(message, timeout=120, metadata=metadata)
    except grpc.RpcError as error:
        refused: Any = error
        assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        if rpc_status.from_call(refused) is None:
            return THE_CORE
        assert detail(refused, ErrorInfo).reason in ("METADATA_TOO_LARGE", "MESSAGE_TOO_LARGE")
        return OURS
    return ANSWER


def cut_short(server: RunningServer) -> int:
    """How many calls the log says were cut short: those that the core refuses, too."""
    return server.log.read_text().count('"code": "CANCELLED"')


@pytest.mark.parametrize(
    ("kilobytes", "who"),
    [(1, ANSWER), (16, ANSWER), (17, OURS), (31, OURS), (33, THE_CORE), (200, THE_CORE), (1000, THE_CORE)],
)
def test_headers_of_any_size_are_answered_or_refused(
    server: RunningServer, channel: grpc.Channel, kilobytes: int, who: str
) -> None:
    """Ours first; the core at twice ours (docs/erreurs.md)."""
    before = cut_short(server)
    assert judged(channel, b"x", [("x-long", "x" * kilobytes * 1000)]) == who
    answered(channel)
    wait_until(lambda: cut_short(server) == before + (who == THE_CORE))


@pytest.mark.parametrize(
    ("mebibytes", "who"),
    [
        (3.9, ANSWER),
        (4.1, OURS),
        (7.9, OURS),
        (8.1, THE_CORE),
        pytest.param(300, THE_CORE, marks=pytest.mark.more("un message de 300 Mio")),
    ],
)
def test_messages_of_any_size_are_answered_or_refused(
    server: RunningServer, mebibytes: float, who: str
) -> None:
    """The same of the message."""
    before = cut_short(server)
    with grpc.insecure_channel(server.address, options=[("grpc.max_send_message_length", -1)]) as channel:
        assert judged(channel, bytes(int(mebibytes * 1024**2))) == who
        answered(channel)
    wait_until(lambda: cut_short(server) == before + (who == THE_CORE))
