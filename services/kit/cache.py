"""What is made once and kept while it is used, within a number of entries and a weight."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """Keeps values within two bounds, the least recently used leaving first; shared by threads.

    `weigh` tells what a value costs in memory (bytes, as near as one can say), in the unit of `weight`.
    """

    def __init__(self, *, entries: int, weight: int, weigh: Callable[[Value], int]) -> None:
        self._kept: LRUCache[Hashable, Value] = LRUCache(weight, getsizeof=weigh)
        self._entries = entries
        self._lock = Lock()
        self._making: dict[Hashable, Lock] = {}

    @property
    def weight(self) -> int:
        """The weight of what is kept."""
        return int(self._kept.currsize)

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not there: once, however many threads ask at the same time.

        What `make` raises is raised here, and nothing is kept.
        """
        with self._lock:
            if key in self._kept:
                return self._kept[key]
            making = self._making.setdefault(key, Lock())
        # Each key has a lock of its own: whoever asks for another one does not wait for this one.
        with making:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                value = make()
                self._keep(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return value

    def _keep(self, key: Hashable, value: Value) -> None:
        with self._lock:
            try:
                self._kept[key] = value
            except ValueError:  # heavier alone than all that may be kept: it serves this call only
                return
            while len(self._kept) > self._entries:
                self._kept.popitem()
