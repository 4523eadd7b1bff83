"""Liveness and readiness of a worker: it calls itself, and says of each service whether it can serve."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from uuid import uuid4

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from services.kit import context
from services.kit.errors import DomainError
from services.kit.serve.logs import exception_fields
from services.kit.serve.prefork import BEAT_SECONDS, Pulse

LOOK_SECONDS = 0.5
"""How often each service of a worker is asked whether it can serve."""

ANSWER_SECONDS = 1.0
"""How long it has to say so: with the time between two looks, what hangs is told within two seconds."""

RESERVE = "x-reserve"
"""Trailer of a health answer: a service that is SERVING may have a word for its operator."""

Check = Callable[[], None]
"""Raises a DomainError while its service cannot serve; bounded in time by what it looks at."""

log = structlog.get_logger()


def own_address() -> str:
    """A socket of this worker alone: a call to the port, which all workers share, may reach another one."""
    return f"unix-abstract:{uuid4()}"


def beat(address: str, pulse: Pulse) -> None:
    """Starts the thread that calls this worker every BEAT_SECONDS and tells the master of each answer.

    A real call goes through all that a client needs: the process runs, the interpreter is free, gRPC answers.
    """

    def loop() -> None:
        with grpc.insecure_channel(address) as channel:
            probe = health_pb2_grpc.HealthStub(channel)
            while True:
                try:
                    probe.Check(health_pb2.HealthCheckRequest(), timeout=BEAT_SECONDS)
                    pulse.beat()
                except grpc.RpcError as error:
                    log.warning("beat_missed", code=error.code().name)
                stopped.wait(BEAT_SECONDS)

    stopped = threading.Event()
    threading.Thread(target=loop, name="beat", daemon=True).start()


class Probes:
    """The health of the services of a worker; an answer may say, in a trailer, what nobody must overlook."""

    def __init__(self, states: health.HealthServicer, reserve: Callable[[], str]) -> None:
        self._states = states
        self._reserve = reserve
        # Themselves: what gRPC reads on Watch makes it hold no thread.
        self.List, self.Watch = states.List, states.Watch

    def Check(  # noqa: N802 - bears the name of its RPC
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        """The state of a service, and the reserve with which it serves."""
        reserve = self._reserve()
        if reserve:
            context.set_trailing_metadata(((RESERVE, reserve),))
        answer: health_pb2.HealthCheckResponse = self._states.Check(request, context)
        return answer


def watch_readiness(probes: health.HealthServicer, checks: Mapping[str, Check]) -> None:
    """Starts a thread for each service, which keeps its health true: none waits for what another looks at.
    `""` is liveness and stays SERVING."""

    def loop(name: str, check: Check) -> None:
        before = ""
        while not context.stopping():
            due = time.monotonic() + LOOK_SECONDS
            problem = _problem(check)
            if problem != before:
                before = problem
                log.warning("not_ready" if problem else "ready_again", proto_service=name, reason=problem)
                probes.set(name, _NOT_SERVING if problem else _SERVING)
            pause.wait(due - time.monotonic())

    pause = threading.Event()
    for name, check in checks.items():
        threading.Thread(target=loop, args=(name, check), name="readiness", daemon=True).start()


_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def all_of(*checks: Check) -> Check:
    """What raises the first error of several checks."""

    def check() -> None:
        for each in checks:
            each()

    return check


def _problem(check: Check) -> str:
    """The reason why a service cannot serve, empty if it can."""
    try:
        with context.limit(ANSWER_SECONDS):
            check()
    except DomainError as error:
        return error.reason
    except Exception as error:
        log.error("exception", **exception_fields(error))
        return "INTERNAL"
    return ""


def end_with_any_thread() -> None:
    """Makes an exception that no one catches, in any thread, end this process: its master starts another.

    A worker without the thread that serves (out of memory, in grpcio) would live on and answer nobody.
    """

    def end(failure: threading.ExceptHookArgs) -> None:
        error = failure.exc_value or failure.exc_type()
        try:
            log.critical("thread_died", thread=getattr(failure.thread, "name", ""), **exception_fields(error))
        finally:
            os._exit(1)

    threading.excepthook = end
