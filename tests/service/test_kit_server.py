"""The server as a client sees it: errors, deadlines, limits, ids, probes; and what it logs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, LocalizedMessage
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from services.kit.serve.admission import Arrivals
from services.kit.serve.counts import Counts
from services.kit.serve.interceptor import Interceptor, Limits
from tests.service.kit_probe import NAME, SECRET
from tests.support import Launch, RunningServer, wait_until
from tools.contracts import CORE_REFUSALS

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KINDS = ["One", "Up", "Down", "Chat"]


@pytest.fixture(scope="module")
def server(launch: Launch) -> RunningServer:
    return launch("tests.service.kit_probe", "--workers", "1")


@pytest.fixture(scope="module")
def narrow(launch: Launch) -> RunningServer:
    """One call at a time, small messages."""
    limits = ("--max-receive-bytes=4096", "--max-send-bytes=4096")
    return launch("tests.service.kit_probe", "--workers=1", "--threads=1", *limits)


@pytest.fixture(scope="module")
def hurried(launch: Launch) -> RunningServer:
    """One thread, half a second per call or stream."""
    ceilings = ("--deadline-seconds=0.5", "--stream-seconds=0.5")
    return launch("tests.service.kit_probe", "--workers=1", "--threads=1", *ceilings)


@pytest.fixture
def channel(server: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as opened:
        yield opened


@pytest.fixture
def narrow_channel(narrow: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(narrow.address) as opened:
        yield opened


@pytest.fixture
def hurried_channel(hurried: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(hurried.address) as opened:
        yield opened


def call(channel: grpc.Channel, word: str, kind: str = "One", **options: Any) -> tuple[list[str], grpc.Call]:
    """The answers and the ended call of a method of any kind."""
    path, request, options = f"/{NAME}/{kind}", word.encode(), {"timeout": 10, **options}
    if kind in ("One", "Up"):
        unary: Any = channel.unary_unary(path) if kind == "One" else channel.stream_unary(path)
        answer, ended = unary.with_call(request if kind == "One" else iter([request]), **options)
        return [answer.decode()], ended
    stream: Any = channel.unary_stream(path) if kind == "Down" else channel.stream_stream(path)
    ended = stream(request if kind == "Down" else iter([request]), **options)
    return [answer.decode() for answer in ended], ended


def failure(channel: grpc.Channel, word: str, kind: str = "One", **options: Any) -> Any:
    """The error of a call that must fail."""
    with pytest.raises(grpc.RpcError) as raised:
        call(channel, word, kind, **options)
    return raised.value


def detail(error: Any, kind: type[Any]) -> Any:
    """The only detail of a kind in the status of an error."""
    status = rpc_status.from_call(error)
    assert status is not None
    (packed,) = (packed for packed in status.details if packed.Is(kind.DESCRIPTOR))
    message = kind()
    packed.Unpack(message)
    return message


def lines(server: RunningServer, request_id: str) -> list[dict[str, Any]]:
    """The log lines of a call; the last one may be written just after the answer."""

    def written() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in server.log.read_text().splitlines() if request_id in line]
        return found if any(line["event"] == "call" for line in found) else []

    return wait_until(written)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_is_answered_and_logged_once(server: RunningServer, channel: grpc.Channel, kind: str) -> None:
    metadata = (("x-request-id", f"ok-{kind}"), ("traceparent", TRACEPARENT))
    answers, ended = call(channel, "bonjour", kind, metadata=metadata)
    assert answers[-1] == "bonjour"
    assert ("x-request-id", f"ok-{kind}") in tuple(ended.trailing_metadata())
    (line,) = lines(server, f"ok-{kind}")
    assert line["ms"] > 0
    assert {key: line[key] for key in line.keys() - {"ms", "time"}} == {
        "level": "info",
        "service": "probe",
        "event": "call",
        "method": f"/{NAME}/{kind}",
        "code": "OK",
        "reason": "",
        "request_id": f"ok-{kind}",
        "traceparent": TRACEPARENT,
    }
    assert "bonjour" not in json.dumps(line)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unexpected_error_leaks_nothing(server: RunningServer, channel: grpc.Channel, kind: str) -> None:
    error = failure(channel, "crash", kind, metadata=(("x-request-id", f"crash-{kind}"),))
    assert error.code() is grpc.StatusCode.INTERNAL
    info = detail(error, ErrorInfo)
    assert (info.reason, info.domain) == ("INTERNAL", "probe.example")
    assert dict(info.metadata) == {"request_id": f"crash-{kind}"}
    assert detail(error, LocalizedMessage).locale == "fr-FR"
    assert SECRET not in str(error)
    exception, line = lines(server, f"crash-{kind}")
    assert exception["exception"] == ["builtins.KeyError", "builtins.ValueError"]
    assert any(frame.endswith(":crash_with_a_cause") for frame in exception["stack"])
    assert (line["level"], line["code"], line["reason"]) == ("error", "INTERNAL", "INTERNAL")


@pytest.mark.parametrize("kind", KINDS)
def test_every_violation_fits_in_a_trailer(channel: grpc.Channel, kind: str) -> None:
    error = failure(channel, "refuse", kind)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    listed = len(detail(error, BadRequest).field_violations)
    metadata = detail(error, ErrorInfo).metadata
    assert int(metadata["left_out"]) == 120 - listed
    assert sum(len(key) + len(value) for key, value in error.trailing_metadata()) < 8192


def test_a_worker_tells_how_many_calls_ended_and_how(launch: Launch) -> None:
    counted = launch("tests.service.kit_probe", "--workers=1", "--max-receive-bytes=4096")
    with grpc.insecure_channel(counted.address) as channel:
        for _ in range(3):
            call(channel, "bonjour")
        call(channel, "bonjour", "Down")
        for word, kind in (("crash", "One"), ("refuse", "One"), ("x", "Martin"), ("x" * 9000, "One")):
            failure(channel, word, kind)
    assert counted.stop() == 0
    (told,) = (
        line for line in map(json.loads, counted.log.read_text().splitlines()) if line["event"] == "calls"
    )
    assert (told["received"], told["running"]) == (8, 0)
    ended = {(each["method"], each["code"], each["reason"]): each["count"] for each in told["ended"]}
    # What is more than twice too large is refused by the core, which says of it that it is over, or empty.
    cores = ((f"/{NAME}/One", "CANCELLED", ""), (f"/{NAME}/One", "INVALID_ARGUMENT", "REQUEST_UNREADABLE"))
    assert sum(ended.pop(core, 0) for core in cores) == 1
    assert ended == {
        (f"/{NAME}/One", "OK", ""): 3,
        (f"/{NAME}/Down", "OK", ""): 1,
        (f"/{NAME}/One", "INTERNAL", "INTERNAL"): 1,
        (f"/{NAME}/One", "INVALID_ARGUMENT", "INVALID_FIELDS"): 1,
        ("unknown", "UNIMPLEMENTED", "METHOD_UNKNOWN"): 1,
    }
    assert "Martin" not in json.dumps(told)


def test_a_library_that_logs_an_exception_leaks_nothing(server: RunningServer, channel: grpc.Channel) -> None:
    call(channel, "library", metadata=(("x-request-id", "library"),))
    lines(server, "library")
    log = server.log.read_text()
    assert '"logger": "grpc._server"' in log
    assert SECRET not in log


@pytest.mark.parametrize("given", ["with space", "x" * 65, "é".encode().decode("latin-1"), '"}'])
def test_what_is_unsafe_in_a_header_is_replaced_or_left_out(
    server: RunningServer, channel: grpc.Channel, given: str
) -> None:
    metadata = () if not given.isascii() else (("x-request-id", given), ("traceparent", given))
    _, ended = call(channel, "x", metadata=metadata)
    (made,) = (value for key, value in ended.trailing_metadata() if key == "x-request-id")
    assert UUID(str(made)).version == 4
    assert lines(server, str(made))[-1]["traceparent"] == ""


def test_the_deadline_is_the_sooner_of_both(channel: grpc.Channel, hurried_channel: grpc.Channel) -> None:
    assert 5 < float(call(channel, "remaining", timeout=None)[0][0]) <= 10
    assert 0 < float(call(channel, "remaining", timeout=2)[0][0]) < 2.1
    assert 0 < float(call(hurried_channel, "remaining", timeout=60)[0][0]) <= 0.5


def test_a_stream_has_a_ceiling_of_its_own(channel: grpc.Channel) -> None:
    assert 200 < float(call(channel, "remaining", "Down", timeout=None)[0][1]) <= 240


def test_a_stream_learns_that_the_server_stops(launch: Launch) -> None:
    stopped = launch("tests.service.kit_probe", "--workers=1")
    with grpc.insecure_channel(stopped.address) as channel:
        method: Any = channel.unary_stream(f"/{NAME}/Down")
        stream = method(b"watch", timeout=20)
        assert next(stream) == b"first"
        assert stopped.stop() == 0
        assert list(stream) == [b"watch"]
        assert stream.code() is grpc.StatusCode.OK


@pytest.mark.parametrize(("declared", "seen"), [("a.martin", "a.martin"), (None, "")])
def test_the_actor_is_the_one_that_the_call_declares(
    channel: grpc.Channel, declared: str | None, seen: str
) -> None:
    metadata = () if declared is None else (("x-actor", declared),)
    assert call(channel, "actor", metadata=metadata)[0] == [seen]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("declared", [["x" * 101], [""], ["a.martin", "b.durand"]])
def test_an_actor_that_cannot_be_read_is_refused(
    channel: grpc.Channel, declared: list[str], kind: str
) -> None:
    error = failure(channel, "actor", kind, metadata=[("x-actor", name) for name in declared])
    assert (error.code(), detail(error, ErrorInfo).reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "ACTOR_MALFORMED",
    )


def test_headers_that_come_twice_are_weighed_twice(channel: grpc.Channel) -> None:
    error = failure(channel, "x", metadata=[("x-weight", "x" * 2048)] * 9)
    assert detail(error, ErrorInfo).reason == "METADATA_TOO_LARGE"


@pytest.mark.parametrize("kind", KINDS)
def test_the_ceiling_stops_a_long_call(hurried_channel: grpc.Channel, kind: str) -> None:
    for word in ("loop", "sleep 0.55"):
        error = failure(hurried_channel, word, kind)
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert detail(error, ErrorInfo).reason == "DEADLINE_EXCEEDED"


def test_a_call_that_waited_too_long_is_not_started(hurried_channel: grpc.Channel) -> None:
    begun = int(call(hurried_channel, "begun")[0][0])
    one: Any = hurried_channel.unary_unary(f"/{NAME}/One")
    late = [one.future(b"sleep 0.6", timeout=10) for _ in range(2)]
    codes = {call.code() for call in late}
    assert grpc.StatusCode.DEADLINE_EXCEEDED in codes
    assert codes <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}
    assert int(call(hurried_channel, "begun")[0][0]) == begun + 2


def test_one_machine_never_takes_all_the_streams(channel: grpc.Channel) -> None:
    method: Any = channel.unary_stream(f"/{NAME}/Down")
    held = [method(b"sleep 0.5", timeout=10) for _ in range(3)]
    assert [next(stream) for stream in held] == [b"first"] * 3
    refused = failure(channel, "x", "Down")
    assert refused.code() is grpc.StatusCode.UNAVAILABLE
    assert detail(refused, ErrorInfo).reason == "OVERLOADED"
    assert call(channel, "x")[0] == ["x"]
    assert [list(stream) for stream in held] == [[b"sleep 0.5"]] * 3
    assert call(channel, "x", "Down")[0] == ["first", "x"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [5000, 8000])
def test_messages_above_the_limit_are_refused_in_our_words(
    narrow_channel: grpc.Channel, kind: str, size: int
) -> None:
    error = failure(narrow_channel, "x" * size, kind)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert detail(error, ErrorInfo).reason == "MESSAGE_TOO_LARGE"


def cut_for_its_silence(channel: grpc.Channel) -> Any:
    """A call whose message never comes, once it has ended; a worker looks as other calls come."""
    over = threading.Event()

    def messages() -> Iterator[bytes]:
        over.wait()
        yield b""

    method: Any = channel.stream_unary(f"/{NAME}/One")
    never = method.future(messages(), timeout=60)

    def ended() -> bool:
        call(channel, "x", timeout=60)
        return bool(never.done())

    wait_until(ended)
    over.set()
    return never


def refused_by_the_core(narrow: RunningServer, hurried_channel: grpc.Channel) -> dict[str, Any]:
    """What the core refuses by itself, made to happen: the error of each case."""
    with grpc.insecure_channel(narrow.address) as channel, grpc.insecure_channel("127.0.0.1:1") as nobody:
        return {
            "request": failure(channel, "x" * 9000),
            "answer": failure(channel, "big 5000"),
            "metadata": failure(channel, "x", metadata=(("x-long", "x" * 40_000),)),
            "late": cut_for_its_silence(hurried_channel),
            "no server": failure(nobody, "x"),
        }


def test_the_page_of_errors_has_what_the_core_alone_refuses(
    narrow: RunningServer, hurried_channel: grpc.Channel
) -> None:
    found = refused_by_the_core(narrow, hurried_channel)
    listed = {refusal.case: refusal for refusal in CORE_REFUSALS}
    assert listed.keys() == found.keys()
    for case, refusal in listed.items():
        assert (found[case].code().name, refusal.text in found[case].details()) == (refusal.code, True), case


def test_a_call_that_ends_without_its_message_is_refused_in_our_words(channel: grpc.Channel) -> None:
    without: Any = channel.stream_unary(f"/{NAME}/One")
    with pytest.raises(grpc.RpcError) as raised:
        without(iter([]), timeout=10)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert detail(raised.value, ErrorInfo).reason == "REQUEST_UNREADABLE"


@pytest.mark.parametrize("method", ["Health/Check", "Health/Watch"])
def test_bytes_that_are_no_message_of_health_are_the_fault_of_their_sender(
    channel: grpc.Channel, method: str
) -> None:
    ask: Any = channel.unary_stream(f"/grpc.health.v1.{method}")
    with pytest.raises(grpc.RpcError) as raised:
        list(ask(b"\xff", timeout=10))
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert detail(raised.value, ErrorInfo).reason == "REQUEST_UNREADABLE"


def test_bytes_that_are_no_message_of_reflection_are_the_fault_of_their_sender(channel: grpc.Channel) -> None:
    ask: Any = channel.stream_stream(f"/{reflection.SERVICE_NAME}/ServerReflectionInfo")
    with pytest.raises(grpc.RpcError) as raised:
        list(ask(iter([b"\xff"]), timeout=10))
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert detail(raised.value, ErrorInfo).reason == "REQUEST_UNREADABLE"


def test_a_watch_of_health_is_told_of_the_state(channel: grpc.Channel) -> None:
    watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=10)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


def test_a_client_that_leaves_a_stream_is_logged_as_cancelled(
    server: RunningServer, channel: grpc.Channel
) -> None:
    metadata = (("x-request-id", "left"),)
    method: Any = channel.unary_stream(f"/{NAME}/Down")
    stream = method(b"sleep 0.2", timeout=10, metadata=metadata)
    next(stream)
    stream.cancel()
    (line,) = lines(server, "left")
    assert line["code"] == "CANCELLED"


def test_an_unknown_method_is_unimplemented(channel: grpc.Channel) -> None:
    error = failure(channel, "x", "One2")
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert detail(error, ErrorInfo).reason == "METHOD_UNKNOWN"


def test_health_and_reflection(server: RunningServer, channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", NAME):
        assert health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5).status == 1
    with pytest.raises(grpc.RpcError) as raised:
        health.Check(health_pb2.HealthCheckRequest(service="absent"), timeout=5)
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    services = set(ProtoReflectionDescriptorDatabase(channel).get_services())
    assert services == {NAME, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    written = [json.loads(line) for line in server.log.read_text().splitlines() if '"/grpc.' in line]
    assert {line["reason"] for line in written} <= {
        "REQUEST_UNREADABLE"
    }  # of another test: what is served is not


def test_a_server_that_stops_tells_each_kind_of_call_when_to_come_back() -> None:
    """Which calls come in that moment is chance in a server of its own process: here it lasts."""
    arrivals = Arrivals()
    interceptor = Interceptor("test", Limits(1, 10, 10, 4096, 4096, 1, False), None, Counts(), arrivals)
    made: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "One": grpc.unary_unary_rpc_method_handler(lambda *_: b"served"),
        "Up": grpc.stream_unary_rpc_method_handler(lambda *_: b"served"),
        "Down": grpc.unary_stream_rpc_method_handler(lambda *_: iter([b"served"])),
        "Chat": grpc.stream_stream_rpc_method_handler(lambda *_: iter([b"served"])),
    }
    stopping = grpc.server(ThreadPoolExecutor(4), interceptors=[interceptor])
    stopping.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(NAME, made)])
    port = stopping.add_insecure_port("127.0.0.1:0")
    stopping.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert [call(channel, "x", kind)[0] for kind in KINDS] == [["served"]] * 4
            arrivals.close(0)
            for error in [failure(channel, "x", kind) for kind in KINDS]:
                assert error.code() is grpc.StatusCode.UNAVAILABLE
                assert detail(error, ErrorInfo).reason == "SERVER_STOPPING"
                assert dict(error.trailing_metadata())["grpc-retry-pushback-ms"] == "1000"
    finally:
        stopping.stop(None).wait()
