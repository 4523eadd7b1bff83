"""Admission: how many calls of a worker run at once, how long others wait, when one is refused, the end."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from services.kit import context
from services.kit.errors import Unavailable

PATIENCE_SECONDS = 0.8
"""The longest wait for a place, unless a setting says another: the client of a refused call tries again."""

SETTLING_SECONDS = 0.1
"""A client sees the end of its stream a moment before the place of the stream is given back."""

_REMEMBERED_CALLS = 32

_EXPECTED_SHARE = 0.6
"""A call waits if its estimated wait is at most this share of the longest: an estimate errs, and a call that
is refused after its wait has lost its time and ours."""

OVERLOADED = "OVERLOADED"
STOPPING = "SERVER_STOPPING"

QUIET_SECONDS = 0.1
"""A worker that stops waits until no call has come for so long."""

_LOOK_SECONDS = 0.01

Behavior = TypeVar("Behavior", bound=Callable[..., object])


class Places:
    """The places of the calls that run; a call takes one when its request has arrived whole.

    The wait is bounded by time, not by a count: a hundred calls of a millisecond are no crowd.
    """

    def __init__(self, places: int, patience: float = PATIENCE_SECONDS) -> None:
        self._places = places
        self._free = places
        self._patience = patience
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED_CALLS)
        self._queue: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def held(self, remaining: float) -> Iterator[None]:
        """Holds a place, in turn; raises Unavailable / OVERLOADED rather than wait too long."""
        self._take(min(self._patience, remaining))
        start = time.monotonic()
        try:
            yield
        finally:
            self._leave(time.monotonic() - start)

    def _take(self, patience: float) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if self._usual() * (len(self._queue) + 1) / self._places > _EXPECTED_SHARE * patience:
                raise overloaded()
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        if turn.acquire(timeout=max(0.0, patience)):
            return
        with self._lock:
            if turn not in self._queue:  # the place was handed over just as the wait ended
                return
            self._queue.remove(turn)
        context.check_deadline()  # the wait was all that was left of the call: that is what its client learns
        raise overloaded()

    def _usual(self) -> float:
        """How long a place is held: the mean of the last calls but the eighth that is longest.

        One slow call does not move it, and the skew of a busy machine, which a median does not see, does.
        """
        kept = sorted(self._seconds)[: len(self._seconds) * 7 // 8 or 1]
        return sum(kept) / len(kept) if kept else 0.0

    def _leave(self, seconds: float) -> None:
        with self._lock:
            self._seconds.append(seconds)
            if self._queue:
                self._queue.popleft().release()  # the place goes to the next in turn, never back to the crowd
            else:
                self._free += 1


class Arrivals:
    """When the last call came, and whether calls may still come.

    The core of gRPC ends a call that comes while it stops by a bare CANCELLED, which no retry policy heals.
    Before it stops, calls are therefore refused in our words, which say when to come back, until none comes.
    """

    def __init__(self) -> None:
        self._last = 0.0
        self._closed = False

    def note(self) -> None:
        """A call comes."""
        self._last = time.monotonic()

    def check(self) -> None:
        """Raises Unavailable / SERVER_STOPPING once calls may no more come."""
        if self._closed:
            raise Unavailable(STOPPING, "Le serveur s’arrête ; renvoyez le même appel dans un instant.")

    def close(self, patience: float) -> None:
        """Refuses calls from now on; returns once none comes, or when `patience` (seconds) is over."""
        self._closed = True
        end = time.monotonic() + patience
        while (now := time.monotonic()) < min(end, self._last + QUIET_SECONDS):
            time.sleep(min(_LOOK_SECONDS, end - now))


class StreamPlaces:
    """The places of answers that stream: few, and never all of them for one machine.

    Behind a gateway all the calls come from one machine, which is none of the clients: it may take all.
    """

    def __init__(self, places: int, *, behind_gateway: bool = False) -> None:
        self._places = places
        self._each = places if behind_gateway else max(1, places - 1)
        self._held: Counter[str] = Counter()
        self._left = threading.Condition()

    @contextmanager
    def held(self, peer: str) -> Iterator[None]:
        """Holds a place; raises Unavailable / OVERLOADED if there is none left, or none for this machine."""
        machine = peer.rpartition(":")[0]
        with self._left:
            if not self._left.wait_for(lambda: self._is_free(machine), SETTLING_SECONDS):
                raise overloaded()
            self._held[machine] += 1
        try:
            yield
        finally:
            with self._left:
                self._held[machine] -= 1
                self._held += Counter()  # forgets who holds nothing any more
                self._left.notify_all()

    def _is_free(self, machine: str) -> bool:
        return self._held.total() < self._places and self._held[machine] < self._each


def placeless(behavior: Behavior) -> Behavior:
    """A handler that holds no place: it waits its turn by itself, beside the calls that answer."""
    behavior.placeless = True  # type: ignore[attr-defined]
    return behavior


def overloaded() -> Unavailable:
    """The refusal of a call for which there is no place in time."""
    return Unavailable(OVERLOADED, "Le serveur a trop d’appels en cours ; réessayez dans un instant.")
