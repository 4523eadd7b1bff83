"""A worker that starts while it cannot open what it keeps: each call learns why, until it can."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterable
from itertools import chain, repeat

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from services.kit import context
from services.kit.errors import DomainError, StartupError
from services.kit.french import spaced
from services.kit.store import database, states

DELAYS = (0.5, 1.0, 2.0)
"""Seconds before each new look at the stores; the last one repeats: a server that starts is left in peace."""

ANSWER_SECONDS = 2.0

log = structlog.get_logger()


def await_stores(
    opened: Callable[[Callable[[], DomainError]], grpc.Server],
    services: Iterable[str],
    stop: socket.socket,
    check: Callable[[], None],
) -> grpc.Server | None:
    """Returns once the stores answer and `check` finds the rest (StartupError), or once `stop` may be read:
    the worker stops then.

    Where they do not at once, a server, `opened` with what each call learns, says of each service that it
    cannot serve. It is returned, to be stopped once another answers in its place.
    """
    problem = _problem(check)
    if problem is None:
        return None
    found = [problem]
    server = opened(lambda: found[-1])
    probes = health.HealthServicer()
    probes.set("", health_pb2.HealthCheckResponse.SERVING)
    for name in services:
        probes.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(probes, server)
    server.start()
    log.warning("stores_awaited", reason=problem.reason)
    for delay in chain(DELAYS, repeat(DELAYS[-1])):
        if select.select([stop], [], [], delay)[0]:
            context.stop()
            break
        problem = _problem(check)
        if problem is None:
            break
        found[:] = [problem]
    return server


def _problem(check: Callable[[], None]) -> DomainError | None:
    try:
        with context.limit(ANSWER_SECONDS):
            database.check_answers()
            check()
    except DomainError as error:
        return error
    except StartupError as error:
        log.warning("store_incomplete", sentence=spaced(str(error)))
        return states.incomplete()
    return None
