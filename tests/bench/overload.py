"""What a service does of four times what it can: who is served, who is refused, how soon it is over.

One worker on one core, the load generator on the other. The capacity is measured first, by as many callers
as the worker has places; then calls leave at four times that rate, whatever becomes of those before them.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.json_format import Parse
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status

from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from services.kit.serve import prefork
from tests.support import ROOT, start_server

PLACES, CHANNELS, TIMES = 8, 24, 4
METHOD = "/microcredit.eligibility.v1.EligibilityService/AssessEligibility"
SECONDS, DEADLINE = 20.0, 10.0
SERVED, REFUSED, OTHER = "servie", "refusée", "autre"


@dataclass
class Answers:
    """What became of the calls of one phase: seconds of each, by how it ended."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {SERVED: [], REFUSED: [], OTHER: []})
    others: Counter[str] = field(default_factory=Counter)

    def add(self, seconds: float, error: Any) -> None:
        """Notes one call."""
        kind = SERVED if error is None else REFUSED if is_overloaded(error) else OTHER
        self.seconds[kind].append(seconds)
        if kind is OTHER:
            self.others[f"{error.code().name} {error.details()}"] += 1

    def centile(self, kind: str, share: float) -> float:
        """The duration that a share of the calls of a kind does not exceed, in seconds."""
        ordered = sorted(self.seconds[kind])
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def is_overloaded(error: Any) -> bool:
    """Whether an error is the refusal of the contract: UNAVAILABLE, OVERLOADED, and when to come back."""
    status = rpc_status.from_call(error)
    if error.code() is not grpc.StatusCode.UNAVAILABLE or status is None:
        return False
    found = {detail.TypeName(): detail.value for detail in status.details}
    info = ErrorInfo.FromString(found.get(ErrorInfo.DESCRIPTOR.full_name, b""))
    return info.reason == "OVERLOADED" and RetryInfo.DESCRIPTOR.full_name in found


@contextmanager
def channels(address: str, count: int) -> Iterator[list[Any]]:
    """The method on that many connections."""
    with ExitStack() as stack:
        options = (("grpc.use_local_subchannel_pool", 1),)
        opened = [stack.enter_context(grpc.insecure_channel(address, options)) for _ in range(count)]
        yield [channel.unary_unary(METHOD) for channel in opened]


def closed_loop(methods: list[Any], request: bytes, seconds: float) -> Answers:
    """As many callers as methods, each of which waits for its answer before it calls again."""
    answers, end = Answers(), time.monotonic() + seconds

    def call(method: Any) -> None:
        while (start := time.monotonic()) < end:
            try:
                method(request, timeout=DEADLINE)
                answers.add(time.monotonic() - start, None)
            except grpc.RpcError as error:
                answers.add(time.monotonic() - start, error)

    with ThreadPoolExecutor(len(methods)) as pool:
        list(pool.map(call, methods))
    return answers


def open_loop(methods: list[Any], request: bytes, seconds: float, rate: float) -> Answers:
    """Calls at a rate, whatever becomes of those before them; returns once each has its answer."""
    answers, lock, pending = Answers(), threading.Lock(), threading.Semaphore(0)
    count, begin = int(seconds * rate), time.monotonic()

    def note(start: float, call: Any) -> None:
        ended = time.monotonic() - start
        with lock:
            answers.add(ended, None if call.code() is grpc.StatusCode.OK else call)
        pending.release()

    for number in range(count):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        start = time.monotonic()
        call = methods[number % len(methods)].future(request, timeout=DEADLINE)
        call.add_done_callback(partial(note, start))
    for _ in range(count):
        pending.acquire()
    return answers


def recovery(method: Any, request: bytes, usual: float) -> float:
    """Seconds until five calls in a row are served within three times what one usually takes."""
    start, row = time.monotonic(), 0
    while row < 5:
        before = time.monotonic()
        try:
            method(request, timeout=DEADLINE)
            row = row + 1 if time.monotonic() - before <= max(0.05, 3 * usual) else 0
        except grpc.RpcError:
            row = 0
    return time.monotonic() - start


@dataclass(frozen=True)
class Overload:
    """One run: calls a second of the closed loop, the answers under four times that, seconds to recover."""

    capacity: float
    answers: Answers
    elapsed: float
    recovered: float
    starved: float = 0.0
    """Seconds that the threads of the worker waited for a processor: where they are many, durations are those
    of the machine as much as ours."""


def measure(address: str, request: bytes, seconds: float) -> Overload:
    """Measures the capacity for a quarter of the time, then overloads."""
    with channels(address, PLACES) as methods:
        closed_loop(methods, request, 1.0)
        quiet = closed_loop(methods, request, seconds / 4)
    capacity = len(quiet.seconds[SERVED]) / (seconds / 4)
    usual = quiet.centile(SERVED, 0.5)
    start = time.monotonic()
    with channels(address, CHANNELS) as methods:
        answers = open_loop(methods, request, seconds, TIMES * capacity)
        return Overload(capacity, answers, time.monotonic() - start, recovery(methods[0], request, usual))


def request() -> bytes:
    """The example of an application that may be presented."""
    text = (ROOT / "examples/requests/recevable.json").read_text(encoding="utf-8")
    return Parse(text, AssessEligibilityRequest()).SerializeToString()


def report(run: Overload) -> Iterator[str]:
    """The lines to print."""
    count = sum(map(len, run.answers.seconds.values()))
    yield f"capacité, {PLACES} appelants : {run.capacity:.0f} /s"
    yield f"{TIMES} fois la capacité : {count} appels en {run.elapsed:.1f} s"
    for kind, values in run.answers.seconds.items():
        p50, p99 = (run.answers.centile(kind, share) * 1000 for share in (0.5, 0.99))
        yield f"  {kind:<8} {len(values):>6} ({len(values) / count:.0%})  p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    if run.answers.others:
        yield f"  autres : {dict(run.answers.others)}"
    yield f"  servies pendant la surcharge : {len(run.answers.seconds[SERVED]) / run.elapsed:.0f} /s"
    yield f"  retour à la normale : {run.recovered:.2f} s"
    yield f"  fils du processus en attente d’un processeur : {run.starved:.1f} s en tout"


@contextmanager
def apart() -> Iterator[None]:
    """Keeps the load generator off the first core, where the worker of a server that runs already is."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run() -> Overload:
    """An overload of twenty seconds of a server with one worker."""
    folder = Path(tempfile.mkdtemp(prefix="overload-"))
    server = start_server("services.eligibility", folder, {}, "--workers=1")
    try:
        (worker,) = server.workers()
        with apart():
            before = prefork._waited(worker)
            found = measure(server.address, request(), SECONDS)
            return replace(found, starved=prefork._waited(worker) - before)
    finally:
        server.stop()
