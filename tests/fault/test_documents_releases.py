"""What goes wrong with stored templates: a server killed as it fills its store, a package damaged in it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from structlog.testing import capture_logs

from services.documents.api.releases import package_kinds
from services.documents.app import prepare
from services.documents.config import Settings
from services.documents.publishing.deployment import Deployment, Deployments
from services.documents.publishing.loaded import Packages
from services.kit.errors import FailedPrecondition
from services.kit.releases import RELEASE_CHAIN
from services.kit.releases.store import ReleaseStore
from services.kit.releases.timeline import EventKind
from services.kit.store import open_ring
from services.kit.store.database import Database
from tests.documents_support import ASK, DOCUMENTS, PLAN_BYTES, REFUSAL

PACKAGES = 3
"""Two templates and a profile: each is published, then activated."""


@pytest.fixture(scope="module")
def packages() -> Packages:
    """Compiled once: what is killed below is the filling of the store."""
    return Packages(PLAN_BYTES)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for template in (ASK, REFUSAL):
        shutil.copytree(DOCUMENTS / "templates" / template, tmp_path / "templates" / template)
    return Settings.load(
        [
            f"--database-url=sqlite:///{tmp_path}/documents.sqlite3",
            f"--keys-database-url=sqlite:///{tmp_path}/documents-keys.sqlite3",
            f"--epochs-directory={tmp_path}/epochs",
            f"--master-key-file={tmp_path}/master.key",
            f"--heads-file={tmp_path}/heads.jsonl",
            f"--templates-directory={tmp_path}/templates",
        ]
    )


@contextmanager
def opened(settings: Settings) -> Iterator[ReleaseStore]:
    database = Database(settings.database_url)
    ring = open_ring(database, settings.master_key_file)
    yield ReleaseStore(database, ring.seal(RELEASE_CHAIN))
    database.dispose()


def killed_at(step: int, settings: Settings, packages: Packages) -> bool:
    """Fills the store in a child that is killed at its n-th commit; false if it ended before."""
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL)
        return status != 0
    steps = count(1)

    def strike(*_: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "commit", strike)
    prepare(settings, packages)
    os._exit(0)


def test_a_server_killed_as_it_fills_its_store_finishes_at_its_next_start(
    settings: Settings, packages: Packages
) -> None:
    prepare(settings, packages)
    Path(settings.database_url.removeprefix("sqlite:///")).unlink()
    steps = 0
    for step in count(1):
        for path in Path(settings.master_key_file).parent.glob("documents*.sqlite3*"):
            path.unlink()
        shutil.rmtree(settings.epochs_directory, ignore_errors=True)
        for file in (settings.master_key_file, settings.heads_file):
            file.unlink(missing_ok=True)
        if not killed_at(step, settings, packages):
            break
        steps += 1
        prepare(settings, packages)
        with opened(settings) as store:
            state = store.state()
        kinds = [one.kind for one in state.events]
        assert kinds.count(EventKind.PUBLISHED) == kinds.count(EventKind.ACTIVATED) == PACKAGES
        assert all(len(state.timeline(name)) == 1 for name in state.names)
    assert steps > 2 * PACKAGES


def test_a_second_start_changes_nothing(settings: Settings, packages: Packages) -> None:
    prepare(settings, packages)
    with opened(settings) as store:
        state_number = store.last_state_number()
        prepare(settings, packages)
        assert store.last_state_number() == state_number == 2 * PACKAGES


def test_a_version_shipped_later_follows_while_nobody_touched_the_template(
    settings: Settings, packages: Packages
) -> None:
    prepare(settings, packages)
    later = settings.templates_directory / "later"
    shutil.copytree(settings.templates_directory / ASK, later)
    manifest = later / "manifest.yaml"
    changed = manifest.read_text(encoding="utf-8").replace('version: "1.0.0"', 'version: "1.1.0"')
    changed = changed.replace("effective_from: 2019-01-01", "effective_from: 2027-01-01")
    manifest.write_text(changed, encoding="utf-8")
    prepare(settings, packages)
    with opened(settings) as store:
        spans = store.state().timeline(f"templates/{ASK}")
        assert [span.days.first for span in spans] == [date(2019, 1, 1), date(2027, 1, 1)]
        store.rollback(f"templates/{ASK}", None, actor="camille")
    manifest.write_text(changed.replace("1.1.0", "1.2.0"), encoding="utf-8")
    prepare(settings, packages)
    with opened(settings) as store:
        assert [span.days.first for span in store.state().timeline(f"templates/{ASK}")] == [date(2019, 1, 1)]


def test_a_damaged_package_never_governs_and_the_others_do(settings: Settings, packages: Packages) -> None:
    """Nor does an older version in its place."""
    prepare(settings, packages)
    day = date(2026, 11, 23)
    with opened(settings) as store:
        good = Deployment(Deployments(store, packages, package_kinds).releases.build(store.state()))
    digest = good.template(ASK, day).digest
    database = Database(settings.database_url)
    with database.write() as connection:
        connection.execute(text("DROP TRIGGER release_update"))
        connection.execute(
            text("UPDATE release SET archive = x'00' WHERE digest = :digest"), {"digest": digest}
        )
    database.dispose()
    with opened(settings) as store:
        damaged = Deployments(store, Packages(PLAN_BYTES), package_kinds)
        with pytest.raises(FailedPrecondition, match="PACKAGE_UNREADABLE"):
            damaged.releases.contents(digest)
        with capture_logs():
            damaged.start()
        status = damaged.releases.follower.status()
        assert status.loaded_state_number == status.store_state_number
        with pytest.raises(FailedPrecondition, match="VERSION_UNUSABLE"):
            damaged.current().template(ASK, day)
        assert damaged.current().template(REFUSAL, day).id == REFUSAL
        assert damaged.current().profile("", day).id
        damaged.releases.check_in_force()
        damaged.releases.follower.stop()
