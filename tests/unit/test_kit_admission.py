"""Places of a worker: who waits, who is refused, in which order."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from services.kit.errors import Unavailable
from services.kit.serve.admission import QUIET_SECONDS, Arrivals, Places, StreamPlaces

LONG = 60.0
CLIENT = "ipv4:192.0.2.1:50000"


def wait_for(places: Places, number: int) -> None:
    """Returns once that many calls wait for a place."""
    while len(places._queue) < number:
        threading.Event().wait(0.001)


def test_a_crowd_waits_and_is_served_in_turn() -> None:
    places, served = Places(1, patience=LONG), []

    def call(number: int) -> None:
        with places.held(LONG):
            served.append(number)

    with ThreadPoolExecutor(40) as pool:
        with places.held(LONG):
            for number in range(40):
                pool.submit(call, number)
                wait_for(places, number + 1)
        pool.shutdown(wait=True)
    assert served == list(range(40))


def test_never_more_calls_run_than_there_are_places() -> None:
    places, running, most = Places(3, patience=LONG), [], []

    def call(number: int) -> None:
        with places.held(LONG):
            running.append(number)
            most.append(len(running))
            threading.Event().wait(0.002)
            running.remove(number)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(call, range(60)))
    assert max(most) <= 3
    assert len(most) == 60


def test_a_wait_that_would_be_too_long_is_refused_at_once() -> None:
    places = Places(1)
    places._seconds.extend([0.4] * 15)
    with places.held(LONG), ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: places.held(LONG).__enter__())
        wait_for(places, 1)
        with pytest.raises(Unavailable, match="OVERLOADED"), places.held(LONG):
            pass  # 0.4 s for the first of the queue, 0.8 s for this one: more than it would wait
        assert len(places._queue) == 1
        with pytest.raises(Unavailable):
            first.result()


def test_one_slow_call_does_not_make_the_others_refused() -> None:
    places = Places(1)
    places._seconds.extend([0.001] * 7 + [30.0])
    assert places._usual() == pytest.approx(0.001)


def test_a_place_is_given_back_whatever_the_call_did() -> None:
    places = Places(1, patience=0.0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), places.held(LONG):
            raise ZeroDivisionError
    with places.held(LONG), pytest.raises(Unavailable), places.held(LONG):
        pass


def test_one_machine_never_holds_all_the_streams() -> None:
    streams = StreamPlaces(4)
    with ExitStack() as held:
        for port in range(3):
            held.enter_context(streams.held(f"ipv4:192.0.2.1:{port}"))
        with pytest.raises(Unavailable), streams.held(CLIENT):
            pass
        held.enter_context(streams.held("ipv6:[2001:db8::1]:50000"))
        with pytest.raises(Unavailable), streams.held("ipv4:192.0.2.2:1"):
            pass
    assert not streams._held


def test_a_server_that_stops_refuses_calls_until_none_comes_any_more() -> None:
    arrivals = Arrivals()
    arrivals.check()
    arrivals.note()
    last = time.monotonic()
    arrivals.close(60)
    assert time.monotonic() - last >= QUIET_SECONDS
    with pytest.raises(Unavailable) as refused:
        arrivals.check()
    assert refused.value.reason == "SERVER_STOPPING"


def test_calls_that_never_end_do_not_keep_a_server_from_stopping() -> None:
    arrivals = Arrivals()
    arrivals.note()
    arrivals.close(0)
    with pytest.raises(Unavailable):
        arrivals.check()
