"""What the master of workers decides: when it may fork, how soon it starts a worker again, how long one
may be silent."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from services.kit.serve import prefork
from services.kit.serve.prefork import RESTART_DELAYS, STABLE_SECONDS, Pulse, Supervisor

PID = 4242


def never(_index: int, _pulse: Pulse) -> None:
    raise AssertionError("no worker may start")


def test_nothing_is_forked_beside_a_thread() -> None:
    """A lock that the thread holds would be held for ever in the worker."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="thread"):
            Supervisor(1, never, lambda: None, 0).run()
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("lived", "delay"),
    [(STABLE_SECONDS - 5, RESTART_DELAYS[3]), (STABLE_SECONDS + 5, RESTART_DELAYS[0])],
    ids=["kept dying", "was stable"],
)
def test_a_worker_that_lived_long_starts_again_at_once(
    lived: float, delay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    supervisor = Supervisor(1, never, lambda: None, 0)
    supervisor._announced = True
    (slot,) = supervisor._slots
    slot.deaths, slot.started = 3, now - lived
    supervisor._bury(slot)
    assert slot.restart_at == now + delay


class Watched:
    """A master of one worker that last spoke some seconds ago; `waited` is what the machine says of it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.waited = 0.0
        self.looks = 0
        self.killed: list[tuple[int, int]] = []
        patch.setattr(prefork, "_waited", self._look)
        patch.setattr(os, "kill", lambda pid, number: self.killed.append((pid, number)))
        self._master = Supervisor(1, never, lambda: None, 0)
        (self._slot,) = self._master._slots
        self._slot.pid, self._slot.ready = PID, True

    def _look(self, pid: int) -> float:
        assert pid == PID
        self.looks += 1
        return self.waited

    def after(self, silence: float) -> list[tuple[int, int]]:
        """What is killed when the worker has been silent for so many seconds."""
        now = time.monotonic()
        self._slot.beat_at = now - silence
        self._master._replace_silent(now)
        return self.killed


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def test_nothing_is_read_of_a_worker_that_is_not_late(watched: Watched) -> None:
    assert watched.after(prefork.BEAT_SECONDS) == []
    assert watched.looks == 0


def test_a_silent_worker_is_replaced(watched: Watched) -> None:
    assert watched.after(2 * prefork.BEAT_SECONDS) == []
    assert watched.after(prefork.SILENCE_SECONDS + 0.1) == [(PID, signal.SIGKILL)]


def test_a_worker_kept_from_the_processors_is_given_longer(watched: Watched) -> None:
    assert watched.after(2 * prefork.BEAT_SECONDS) == []
    watched.waited = 2.0
    assert watched.after(prefork.SILENCE_SECONDS + 0.1) == []
    assert watched.after(prefork.STARVED_SILENCE_SECONDS + 0.1) == [(PID, signal.SIGKILL)]
