"""What the kit keeps in memory: bounded in entries and in weight, made once, safe between threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from services.kit.cache import Cache


def _cache(entries: int = 100, weight: int = 100) -> Cache[str]:
    return Cache(entries=entries, weight=weight, weigh=len)


def _recording(made: list[str], value: str) -> Callable[[], str]:
    def make() -> str:
        made.append(value)
        return value

    return make


def test_the_least_used_leaves_when_there_are_too_many() -> None:
    cache, made = _cache(entries=2), list[str]()
    for value in ("a", "b", "a", "c", "a", "b"):
        assert cache.get(value, _recording(made, value)) == value
    assert made == ["a", "b", "c", "b"]
    assert len(cache) == 2


def test_the_least_used_leaves_when_the_whole_weighs_too_much() -> None:
    cache, made = _cache(weight=10), list[str]()
    for value in ("aaaa", "bbbbbb", "aaaa", "c", "aaaa", "bbbbbb"):
        cache.get(value, _recording(made, value))
    assert made == ["aaaa", "bbbbbb", "c", "bbbbbb"]
    assert cache.weight == 10


def test_what_outweighs_the_whole_cache_serves_and_is_not_kept() -> None:
    cache, made = _cache(weight=3), list[str]()
    cache.get("small", _recording(made, "abc"))
    assert cache.get("big", _recording(made, "abcd")) == "abcd"
    assert cache.get("big", _recording(made, "abcd")) == "abcd"
    cache.get("small", _recording(made, "abc"))
    assert made == ["abc", "abcd", "abcd"]


def test_many_threads_make_a_value_once() -> None:
    cache, made, together = _cache(), list[str](), Barrier(8)

    def ask(_: int) -> str:
        together.wait()
        return cache.get("key", _recording(made, "value"))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"value"}
    assert made == ["value"]


def test_a_value_in_the_making_delays_no_other() -> None:
    cache, begun, finish = _cache(), Event(), Event()

    def slow() -> str:
        begun.set()
        finish.wait()
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cache.get, "slow", slow)
        begun.wait()
        assert cache.get("other", lambda: "other") == "other"
        finish.set()
        assert waiting.result() == "slow"


def test_a_failure_is_told_and_not_kept() -> None:
    cache = _cache()

    def fail() -> str:
        raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        cache.get("key", fail)
    assert cache.get("key", lambda: "read") == "read"
    assert len(cache) == 1
