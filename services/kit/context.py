"""What a handler may know of the call it serves: the time left, the request id, who calls."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from services.kit.caller import Caller
from services.kit.errors import DeadlineExceeded

REQUEST_ID = "x-request-id"
"""The header that gives the id of a call, and the trailer that gives it back."""


@dataclass
class Subject:
    """What a call is about, as it is found: for the journal of accesses."""

    cases: list[str] = field(default_factory=list)
    """What stands for its cases, each once."""
    resource: str = ""
    """The name that the request asks for."""
    noted: int = -1
    """How many of the cases are in the journal already; -1 while the call is not there."""
    mark: str = ""
    """What the journal says of the way to the cases."""
    statement: str = ""
    """The reason that the agent gave for it."""


class ClientGoneError(Exception):
    """Nobody waits for the answer of the current call any more."""

    reason = ""


@dataclass  # not frozen, which would triple the cost of one: each call makes one
class Call:
    """The call being served; `deadline` in time.monotonic(), `actor` what its header x-actor says.

    `caller` is who makes it, once that is proved; `peer` the address it comes from.
    """

    request_id: str
    deadline: float
    actor: str = ""
    caller: Caller | None = None
    peer: str = ""
    subject: Subject = field(default_factory=Subject)
    is_awaited: Callable[[], bool] = lambda: True


_current: ContextVar[Call | None] = ContextVar("current_call", default=None)
_age: ContextVar[float | None] = ContextVar("age_of_the_state", default=None)
_stopping = threading.Event()
_serving = threading.Event()
_threads = [8]
_alarms: Counter[str] = Counter()
_alarms_lock = threading.Lock()


def enter(call: Call) -> None:
    """Makes a call the current one, to the end of the contextvars context that gRPC gives to each call."""
    _current.set(call)


def current() -> Call | None:
    """The current call; None outside one."""
    return _current.get()


def request_id() -> str:
    """The request id of the current call, empty outside a call."""
    call = _current.get()
    return call.request_id if call else ""


def actor() -> str:
    """Who makes the current call: the identity that it proved; without one, what the header x-actor declares.

    Empty when the call names nobody.
    """
    call = _current.get()
    if call and call.caller:
        return call.caller.identity
    return call.actor if call else ""


def caller() -> Caller | None:
    """Who makes the current call, proved; None where the server asks for no proof, and outside a call."""
    call = _current.get()
    return call.caller if call else None


def concern(case_tag: str) -> None:
    """Says that the current call is about a case, by what stands for it."""
    if case_tag and case_tag not in (known := subject().cases):
        known.append(case_tag)


def subject() -> Subject:
    """What the current call is about, as far as it is known; outside a call, about nothing."""
    call = _current.get()
    return call.subject if call else Subject()


def sound_alarm(name: str) -> None:
    """Counts one thing that an operator must hear of; its name is one of ours, never what a client wrote."""
    with _alarms_lock:
        _alarms[name] += 1


def alarms() -> Counter[str]:
    """The alarms since the start of this process, by name."""
    with _alarms_lock:
        return _alarms.copy()


def start(threads: int) -> None:
    """Says that this process serves, and how many calls at once."""
    _serving.set()
    _threads.clear()
    _threads.append(threads)


def serving() -> bool:
    """True in a process that serves: a command, or the master that prepares a start, has nobody waiting."""
    return _serving.is_set()


def threads() -> int:
    """How many calls this process runs at once; those of a server by default where there is none."""
    return _threads[0]


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


def tell_age(seconds: float) -> None:
    """Says that the current call is answered from a state of that age: the store does not answer."""
    _age.set(seconds)


def age() -> float | None:
    """The age of the state that the current call is answered from; None while the store answers."""
    return _age.get()


def remaining() -> float:
    """Seconds left to the current call, infinite outside a call."""
    call = _current.get()
    return call.deadline - time.monotonic() if call else float("inf")


def check_awaited() -> None:
    """Raises ClientGoneError if the client of the current call has left; what waited its turn asks, so that
    nothing is done for nobody."""
    call = _current.get()
    if call and not call.is_awaited():
        raise ClientGoneError


def check_deadline() -> None:
    """Raises DeadlineExceeded if no time is left; a long loop calls it at each turn."""
    if remaining() <= 0:
        raise DeadlineExceeded
