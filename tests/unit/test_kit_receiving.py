"""Who waits for a message, and who is cut: by age, sooner in a crowd; past the limit, the greediest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from services.kit.errors import ResourceExhausted, Unavailable
from services.kit.serve import receiving
from services.kit.serve.receiving import Receiving, RequestCutError


class Call:
    """A call on a connection; its message comes once what happens meanwhile is over, unless it is cut."""

    def __init__(self, peer: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._peer = peer
        self._meanwhile = meanwhile
        self.is_cut = False

    def peer(self) -> str:
        return self._peer

    def cancel(self) -> None:
        self.is_cut = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._meanwhile()
        if self.is_cut:
            raise grpc.RpcError
        return b"x"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    moment = SimpleNamespace(now=0.0)
    monkeypatch.setattr(receiving, "time", SimpleNamespace(monotonic=lambda: moment.now))
    monkeypatch.setattr(receiving, "MANY", 4)
    monkeypatch.setattr(receiving, "MOST", 8)
    return moment


def ends(reader: Receiving, peers: Sequence[str], then: Callable[[], object]) -> list[str]:
    """How calls end that have begun one after the other, on these connections, before something is done."""
    if not peers:
        then()
        return []
    later: list[str] = []
    call: Any = Call(peers[0], lambda: later.extend(ends(reader, peers[1:], then)))
    try:
        reader.next(call, call)
    except RequestCutError:
        return ["cut", *later]
    return ["served", *later]


def come(reader: Receiving, clock: SimpleNamespace, second: float) -> Callable[[], object]:
    """One more call comes at that second, with its message."""

    def then() -> None:
        clock.now = second
        call: Any = Call("other")
        assert reader.next(call, call) == b"x"

    return then


def test_a_message_is_awaited_as_long_as_a_call_may_last(clock: SimpleNamespace) -> None:
    reader = Receiving(10, 100, 1000)
    assert ends(reader, ["a", "a"], come(reader, clock, 9.9)) == ["served", "served"]
    clock.now = 0.0
    assert ends(reader, ["a", "a"], come(reader, clock, 10)) == ["cut", "cut"]


def test_in_a_crowd_it_is_awaited_for_two_seconds(clock: SimpleNamespace) -> None:
    reader = Receiving(10, 100, 1000)
    assert ends(reader, ["a"] * 3, come(reader, clock, 2)) == ["served"] * 3
    clock.now = 0.0
    assert ends(reader, ["a"] * 4, come(reader, clock, 1.9)) == ["served"] * 4
    clock.now = 0.0
    assert ends(reader, ["a"] * 4, come(reader, clock, 2)) == ["cut"] * 4


def test_past_the_limit_the_connection_that_has_the_most_pays(clock: SimpleNamespace) -> None:
    reader = Receiving(10, 100, 1000)
    peers = ["good", "a", "a", "a", "b", "b", "b", "b"]
    assert ends(reader, peers, come(reader, clock, 0.1)) == [*["served"] * 4, "cut", *["served"] * 3]


def test_a_client_that_leaves_is_not_cut(clock: SimpleNamespace) -> None:
    call: Any = Call("a", lambda: call.cancel())
    with pytest.raises(grpc.RpcError):
        Receiving(10, 100, 1000).next(call, call)


def test_requests_that_stream_weigh_no_more_together_than_they_may(clock: SimpleNamespace) -> None:
    reader = Receiving(10, 100, 150)

    def sent(count: int, then: Callable[[], object] = lambda: None) -> Iterator[bytes]:
        yield from [b"x" * 75] * count
        then()

    def upload(depth: int) -> None:
        call: Any = Call("a")
        inner = (lambda: upload(depth - 1)) if depth else (lambda: None)
        assert len(reader.whole(sent(2, inner), call)) == 2

    upload(3)
    with pytest.raises(Unavailable):
        upload(4)
    upload(3)
    call: Any = Call("a")
    with pytest.raises(ResourceExhausted):
        reader.whole(sent(3), call)
    with pytest.raises(ResourceExhausted):
        reader.whole(iter([b"x" * 101]), call)
    upload(3)
