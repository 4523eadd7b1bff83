"""Processes that die while they publish or activate: the store is whole, and holds what was answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.kit.releases.follower import Follower
from services.kit.releases.store import ReleaseStore
from services.kit.releases.timeline import EventKind, State
from services.kit.store.database import Database
from tests.bank_registry_support import new_database
from tests.releases_support import NAME, SEAL, candidate, make_store
from tests.support import MORE, ROOT

ROUNDS = 5 if MORE else 2
WRITERS = 2


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url = (
        f"sqlite:///{tmp_path}/releases.sqlite3"
        if request.param == "sqlite"
        else new_database(request.getfixturevalue("postgres_url"))
    )
    make_store(url, tmp_path / "migrations")
    return url


def run(task: str, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.releases_support", task, url]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)


@contextmanager
def opened(url: str) -> Iterator[ReleaseStore]:
    database = Database(url)
    yield ReleaseStore(database, SEAL)
    database.dispose()


def check_whole(store: ReleaseStore) -> State:
    """No state is missing, each package has its event and each event its package, and all are whole."""
    state = store.state()
    assert [event.state_number for event in state.events] == list(range(1, state.state_number + 1))
    published = [event for event in state.events if event.kind is EventKind.PUBLISHED]
    assert [(event.state_number, event.digest) for event in published] == [
        (release.state_number, release.digest) for release in state.releases
    ]
    for release in state.releases:
        assert store.contents(release.digest) == candidate(release.version).contents
    follower = Follower(store, lambda state: state.timeline(NAME))
    follower.start()
    follower.stop()
    assert (follower.status().loaded_state_number, follower.status().problem) == (state.state_number, "")
    return state


def test_a_process_killed_at_any_step_changes_nothing(url: str) -> None:
    with opened(url) as store:
        store.publish(candidate("1"), actor="a")
        store.activate(NAME, "1", None, actor="b")
    process = run("steps", url)
    steps = json.loads(process.communicate()[0])
    assert process.returncode == 0
    assert [before != after for _, before, after in steps] == [not killed for killed, _, _ in steps]
    assert sum(not killed for killed, _, _ in steps) == 3
    assert len(steps) >= 3 * 5
    with opened(url) as store:
        state = check_whole(store)
    assert [event.kind.name for event in state.events[2:]] == ["PUBLISHED", "ACTIVATED", "ROLLED_BACK"]


def test_writers_killed_anywhere_lose_nothing_that_they_answered(url: str) -> None:
    answered: list[int] = []
    for round_number in range(ROUNDS):
        writers = [run("write", url) for _ in range(WRITERS)]
        for writer in writers:
            assert writer.stdout is not None
            answered += [int(writer.stdout.readline()) for _ in range(1 + round_number)]
        for writer in writers:
            writer.kill()
        for writer in writers:
            answered += [int(line) for line in writer.communicate()[0].splitlines()]
            assert writer.returncode == -signal.SIGKILL
        with opened(url) as store:
            state = check_whole(store)
        unanswered = set(range(1, state.state_number + 1)) - set(answered)
        assert len(unanswered) == state.state_number - len(answered) <= WRITERS * (round_number + 1)
    with opened(url) as store:
        store.publish(candidate("9"), actor="a")
        assert check_whole(store).state_number == state.state_number + 1
