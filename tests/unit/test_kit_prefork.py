"""What the master of workers decides: when it may fork, how soon it starts a worker again."""

from __future__ import annotations

import threading
import time

import pytest

from services.kit.serve.prefork import RESTART_DELAYS, STABLE_SECONDS, Pulse, Supervisor


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
