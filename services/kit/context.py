"""What a handler may know of the call it serves: the time left, the request id, who calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from services.kit.errors import DeadlineExceeded


@dataclass(frozen=True)
class Call:
    """The call being served; `deadline` is a time.monotonic() instant."""

    request_id: str
    deadline: float
    actor: str = ""


_current: ContextVar[Call | None] = ContextVar("current_call", default=None)
_stopping = threading.Event()


def enter(call: Call) -> None:
    """Makes a call the current one, to the end of the contextvars context that gRPC gives to each call."""
    _current.set(call)


def request_id() -> str:
    """The request id of the current call, empty outside a call."""
    call = _current.get()
    return call.request_id if call else ""


def actor() -> str:
    """Who makes the current call, as the header x-actor declares; empty when it names nobody."""
    call = _current.get()
    return call.actor if call else ""


def stop() -> None:
    """Tells the streams of this process that it stops."""
    _stopping.set()


def stopping() -> bool:
    """True once this process stops: a watch ends then, and its client resumes elsewhere."""
    return _stopping.is_set()


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Leaves no more than that time to what is done inside, in a call or outside one."""
    call = _current.get() or Call("", float("inf"))
    token = _current.set(replace(call, deadline=min(call.deadline, time.monotonic() + seconds)))
    try:
        yield
    finally:
        _current.reset(token)


def remaining() -> float:
    """Seconds left to the current call, infinite outside a call."""
    call = _current.get()
    return call.deadline - time.monotonic() if call else float("inf")


def check_deadline() -> None:
    """Raises DeadlineExceeded if no time is left; a long loop calls it at each turn."""
    if remaining() <= 0:
        raise DeadlineExceeded
