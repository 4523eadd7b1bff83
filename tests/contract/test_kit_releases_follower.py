"""What a process makes of the releases: as fresh as the store, and never worse than the last good one."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from services.kit.errors import StartupError, Unavailable
from services.kit.releases import follower as follower_module
from services.kit.releases.follower import Follower
from services.kit.releases.store import ReleaseStore
from services.kit.releases.timeline import State
from services.kit.store.database import Database
from tests.bank_registry_support import new_database
from tests.releases_support import NAME, SEAL, START, candidate, make_store
from tests.support import wait_until

LIMIT = 60.0
"""Seconds after which what is awaited will not come, on a machine that is busy with other tests."""


@dataclass
class Built:
    """What a state is made into: the version that governs the first day."""

    version: str


class Builder:
    """Makes a state into the version that governs; fails for the versions that are broken."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.failure: type[Exception] = ZeroDivisionError

    def __call__(self, state: State) -> Built:
        spans = state.timeline(NAME)
        version = state.of(spans[0].digest).version if spans else ""
        if version in self.broken:
            raise self.failure("PIN", "4321")
        return Built(version)


@dataclass
class Scene:
    """A process that follows the store, and another one that writes to it."""

    follower: Follower[Built]
    builder: Builder
    writer: ReleaseStore
    store: ReleaseStore

    def activate(self, version: str) -> int:
        """Publishes and activates a version; its state number."""
        self.writer.publish(candidate(version), actor="a")
        return self.writer.activate(NAME, version, START, actor="b").state.state_number


Logged = list[MutableMapping[str, Any]]


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> Logged:
    """What the follower writes to the log."""
    capture = structlog.testing.LogCapture()
    monkeypatch.setattr(follower_module, "log", structlog.wrap_logger(None, [capture]))
    return capture.entries


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    url = (
        f"sqlite:///{tmp_path}/releases.sqlite3"
        if request.param == "sqlite"
        else new_database(request.getfixturevalue("postgres_url"))
    )
    make_store(url, tmp_path / "migrations")
    databases = Database(url), Database(url)
    builder = Builder()
    store = ReleaseStore(databases[0], SEAL)
    follower = Follower(store, builder)
    yield Scene(follower, builder, ReleaseStore(databases[1], SEAL), store)
    follower.stop()
    for database in databases:
        database.dispose()


def test_a_change_by_another_process_is_followed_within_a_second(scene: Scene) -> None:
    scene.follower.start()
    assert scene.follower.current() == Built("")
    delays = []
    for version in ("1", "2", "3"):
        state_number = scene.activate(version)
        start = time.monotonic()
        assert scene.follower.wait(state_number - 1, timeout=LIMIT)
        delays.append(time.monotonic() - start)
        assert scene.follower.current() == Built(version)
        assert scene.follower.state() == scene.store.state()
    assert min(delays) < 1
    status = scene.follower.status()
    assert (status.store_state_number, status.loaded_state_number, status.problem) == (6, 6, "")


def test_a_change_is_taken_at_once_when_asked(scene: Scene) -> None:
    scene.follower.start()
    scene.activate("1")
    scene.follower.refresh()
    assert scene.follower.current() == Built("1")


def test_waiting_ends_in_time_when_nothing_changes(scene: Scene) -> None:
    state_number = scene.activate("1")
    scene.follower.start()
    assert scene.follower.wait(state_number - 1, timeout=0)
    assert not scene.follower.wait(state_number, timeout=0.01)


def test_all_who_wait_are_told(scene: Scene) -> None:
    scene.follower.start()
    told: list[bool] = []
    waiting = [
        threading.Thread(target=lambda: told.append(scene.follower.wait(1, timeout=LIMIT))) for _ in range(3)
    ]
    for thread in waiting:
        thread.start()
    scene.activate("1")
    for thread in waiting:
        thread.join()
    assert told == [True] * 3


def test_the_last_good_value_stays_when_a_new_one_cannot_be_built(scene: Scene, logged: Logged) -> None:
    good = scene.activate("1")
    scene.follower.start()
    scene.builder.broken = {"2"}
    bad = scene.activate("2")
    wait_until(lambda: scene.follower.status().store_state_number == bad)
    assert scene.follower.current() == Built("1")
    status = scene.follower.status()
    assert (status.store_state_number, good <= status.loaded_state_number < bad) == (bad, True)
    assert status.problem.startswith(f"L’état n°\u00a0{bad} ne peut pas être chargé")
    assert "4321" not in f"{status.problem} {logged}"
    assert [line["event"] for line in logged] == ["release_unusable"]
    mended = scene.activate("3")
    assert scene.follower.wait(mended - 1, timeout=LIMIT)
    assert (scene.follower.current(), scene.follower.status().problem) == (Built("3"), "")


def test_a_process_starts_from_the_state_of_the_store_alone(scene: Scene) -> None:
    """Never from an older one: what governed before would govern again."""
    scene.activate("1")
    scene.activate("2")
    scene.builder.broken = {"2"}
    with pytest.raises(StartupError, match=r"L’état n° 4 des publications ne peut pas être chargé"):
        scene.follower.start()
    scene.builder.broken = set()
    scene.follower.start()
    assert scene.follower.current() == Built("2")


def test_a_revision_is_tried_again_when_the_store_did_not_answer(scene: Scene) -> None:
    scene.follower.start()
    scene.builder.broken, scene.builder.failure = {"1"}, Unavailable
    state_number = scene.activate("1")
    wait_until(lambda: "ne répond pas" in scene.follower.status().problem)
    assert scene.follower.current() == Built("")
    scene.builder.broken = set()
    assert scene.follower.wait(state_number - 1, timeout=LIMIT)
    assert (scene.follower.current(), scene.follower.status().problem) == (Built("1"), "")


def test_a_store_that_answers_again_is_no_longer_a_problem(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.activate("1")
    scene.follower.start()
    good = scene.follower.status()
    for failure in (Unavailable("STORE_UNAVAILABLE", ""), OSError("4321")):

        def fail(failure: Exception = failure) -> int:
            raise failure

        with monkeypatch.context() as patch:
            patch.setattr(scene.store, "last_sequence", fail)
            wait_until(lambda: "ne répond pas" in scene.follower.status().problem)
            assert scene.follower.current() == Built("1")
        wait_until(lambda: scene.follower.status() == good)


def test_a_value_that_is_replaced_is_freed(scene: Scene) -> None:
    scene.activate("1")
    scene.follower.start()
    former = weakref.ref(scene.follower.current())
    gc.disable()
    try:
        state_number = scene.activate("2")
        assert scene.follower.wait(state_number - 1, timeout=LIMIT)
        wait_until(lambda: former() is None)
    finally:
        gc.enable()


def test_a_state_is_built_once_however_many_look(scene: Scene) -> None:
    """A thread that looks while another one builds waits for it, and finds nothing left to do."""
    scene.follower.start()
    scene.follower.stop()
    scene.activate("1")
    entered, leave = threading.Semaphore(0), threading.Event()
    build = scene.builder.__call__
    built: list[str] = []

    def slowly(state: State) -> Built:
        entered.release()
        assert leave.wait(LIMIT)
        found = build(state)
        built.append(found.version)
        return found

    scene.follower._build = slowly
    threads = [threading.Thread(target=scene.follower.refresh) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert entered.acquire(timeout=LIMIT)
    assert not entered.acquire(timeout=0.3)
    leave.set()
    for thread in threads:
        thread.join()
    assert built == ["1"]
