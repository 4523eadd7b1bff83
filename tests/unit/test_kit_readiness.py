"""A service that cannot serve is told by the look that found it: how long that takes is a count of looks."""

from __future__ import annotations

import threading

import pytest
from grpc_health.v1 import health, health_pb2

from services.kit import context
from services.kit.errors import Unavailable
from services.kit.serve import liveness
from services.kit.store import database, waits
from tests.support import wait_until

Status = health_pb2.HealthCheckResponse
NAME = "microcredit.essai.v1.Essai"
GENEROUS = 60.0


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
        # Whatever it waits for, it waits no longer than an answer may take.
        assert context.remaining() <= liveness.ANSWER_SECONDS
        if failing:
            raise Unavailable("STORE_UNAVAILABLE", "La base de données ne répond pas.")

    def first(self, failing: bool) -> list[int]:
        """What the probes said at the first two looks at a state."""
        found = [status for state, status in tuple(self.seen) if state is failing]
        return found[:2]


def test_what_fails_between_two_looks_is_told_within_two_seconds() -> None:
    """The next look may be told what the last one found; the one after waits until what hangs is cut."""
    look = liveness.LOOK_SECONDS + liveness.ANSWER_SECONDS + waits._LOOK_SECONDS
    assert database.PROBE_SECONDS + look < 2.0


def test_no_service_waits_for_what_another_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, hung = threading.Event(), threading.Event()
    monkeypatch.setattr(context, "_stopping", stopping)
    probes = health.HealthServicer()
    probes.set(NAME, Status.SERVING)
    check = Looked(probes)
    check.failing = True

    def hang() -> None:
        hung.wait(GENEROUS)

    liveness.watch_readiness(probes, {"hung": hang, NAME: check})
    try:
        asked = health_pb2.HealthCheckRequest(service=NAME)
        wait_until(lambda: probes.Check(asked, None).status == Status.NOT_SERVING)
        assert not hung.is_set()
    finally:
        stopping.set()
        hung.set()


def test_each_change_is_told_by_the_first_look_that_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = threading.Event()
    monkeypatch.setattr(context, "_stopping", stopping)
    monkeypatch.setattr(liveness, "LOOK_SECONDS", 0.01)
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
