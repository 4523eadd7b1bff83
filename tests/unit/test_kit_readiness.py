"""A service that cannot serve is told by the look that found it: how long that takes is a count of looks."""

from __future__ import annotations

import threading

import pytest
from grpc_health.v1 import health, health_pb2

from services.kit import context
from services.kit.errors import Unavailable
from services.kit.serve import liveness
from tests.support import wait_until

Status = health_pb2.HealthCheckResponse
NAME = "microcredit.essai.v1.Essai"


class Looked:
    """A check that fails on demand, and what the probes said as each look began."""

    def __init__(self, probes: health.HealthServicer) -> None:
        self._probes = probes
        self.failing = False
        self.seen: list[tuple[bool, int]] = []

    def __call__(self) -> None:
        status = self._probes.Check(health_pb2.HealthCheckRequest(service=NAME), None).status
        failing = self.failing
        self.seen.append((failing, status))
        # Whatever it waits for, it waits no longer than a look may last.
        assert context.remaining() <= liveness.READINESS_SECONDS
        if failing:
            raise Unavailable("STORE_UNAVAILABLE", "La base de données ne répond pas.")

    def first(self, failing: bool) -> list[int]:
        """What the probes said at the first two looks at a state."""
        found = [status for state, status in tuple(self.seen) if state is failing]
        return found[:2]


def test_each_change_is_told_by_the_first_look_that_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = threading.Event()
    monkeypatch.setattr(context, "_stopping", stopping)
    monkeypatch.setattr(liveness, "READINESS_SECONDS", 0.01)
    probes = health.HealthServicer()
    probes.set(NAME, Status.SERVING)
    check = Looked(probes)
    liveness.watch_readiness(probes, {NAME: check})
    try:
        wait_until(lambda: len(check.seen) > 1)
        check.failing = True
        wait_until(lambda: len(check.first(failing=True)) == 2)
        assert check.first(failing=True) == [Status.SERVING, Status.NOT_SERVING]
        check.seen.clear()
        check.failing = False
        wait_until(lambda: len(check.first(failing=False)) == 2)
        assert check.first(failing=False) == [Status.NOT_SERVING, Status.SERVING]
    finally:
        stopping.set()
