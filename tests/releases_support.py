"""What the tests of releases share: candidates, a migrated store, processes that write until killed."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from itertools import count
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Engine, event

from services.kit.releases.archive import SIGNATURE_FILE, digest
from services.kit.releases.signature import Statement, key_id, read_public_key, sign
from services.kit.releases.store import ReleaseStore
from services.kit.releases.timeline import Candidate
from services.kit.releases.trust_store import TrustStore, Wanted
from services.kit.store import ChainSeal
from services.kit.store.database import Database, migrate

NAME = "paquet"
START = date(2026, 1, 1)
PAUSE = 0.01
MIGRATION = """
from alembic import op
from services.kit.releases.tables import chain_events, create_release_tables
from services.kit.store import refuse_replacement

revision, down_revision = "0001", None

def upgrade():
    create_release_tables(op.get_bind())
    chain_events(op.get_bind())
    refuse_replacement(op.get_bind())
"""


def make_store(url: str, folder: Path) -> None:
    """An empty store of releases."""
    (folder / "versions").mkdir(parents=True)
    (folder / "versions" / "0001.py").write_text(MIGRATION)
    migrate(url, folder)


def candidate(
    version: str,
    first: date = START,
    last: date | None = None,
    *,
    key: bytes | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Candidate:
    """A package of one version, signed if a private key is given."""
    contents = dict(files or {"package.yaml": f"version: {version}".encode()})
    if key is not None:
        contents[SIGNATURE_FILE] = sign(Statement(NAME, version, digest(contents)), key)
    return Candidate(NAME, version, first, last, contents)


SEAL = ChainSeal(b"r" * 32)
"""What seals the releases of a store of tests."""


def settle(
    database: Database, *publics: bytes, two_persons: bool | None = None, seal: ChainSeal = SEAL
) -> TrustStore:
    """Records the policy of a new store: these keys, if any, must sign."""
    raws = {key_id(raw): (f"clé {number}", raw) for number, raw in enumerate(map(read_public_key, publics))}
    store = TrustStore(database, seal)
    store.settle(Wanted(raws or None, two_persons))
    return store


def write_for_ever(url: str) -> NoReturn:
    """Publishes, activates and rolls back, and says each state once it is committed.

    It leaves SQLite, which is not fair, to the other writers between two operations.
    """
    store = ReleaseStore(Database(url), SEAL)
    for number in count(1):
        given = candidate(f"{os.getpid()}.{number}")
        _say(store.publish(given, actor="a").state.state_number)
        time.sleep(PAUSE)
        _say(store.activate(NAME, given.version, START, actor="b").state.state_number)
        time.sleep(PAUSE)
        if number % 3 == 2:
            _say(store.rollback(NAME, None, actor="b").state.state_number)
    raise AssertionError


def kill_at_each_step(url: str) -> None:
    """Kills a publication, then an activation and a rollback, at each of their steps; says for each
    step whether it was killed, and the states of the store before and after."""
    steps = []
    operations: list[Callable[[ReleaseStore], object]] = [
        lambda store: store.publish(candidate("2"), actor="a", request_id="p"),
        lambda store: store.activate(NAME, "2", START, actor="b", request_id="a"),
        lambda store: store.rollback(NAME, None, actor="b", request_id="r"),
    ]
    for operation in operations:
        for step in count(1):
            before = _state_number(url)
            killed = _run_killed(url, operation, step)
            steps.append((killed, before, _state_number(url)))
            if not killed:
                break
    _say(steps)


def _run_killed(url: str, operation: Callable[[ReleaseStore], object], step: int) -> bool:
    """Runs an operation in a child that dies at a step: at its n-th statement or at its commit."""
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL)
        return status != 0
    steps = count(1)

    def strike(*_: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", strike)
    event.listen(Engine, "commit", strike)
    operation(ReleaseStore(Database(url), SEAL))
    os._exit(0)


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _state_number(url: str) -> int:
    database = Database(url)
    try:
        return ReleaseStore(database, SEAL).last_state_number()
    finally:
        database.dispose()


if __name__ == "__main__":
    {"write": write_for_ever, "steps": kill_at_each_step}[sys.argv[1]](sys.argv[2])
