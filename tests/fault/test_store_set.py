"""No state is created by accident: each service starts on a whole set, or on none and with --init."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from importlib import import_module
from pathlib import Path
from unittest.mock import Mock

import pytest

from services.bank_registry.store import migrate as bank_registry_migrate
from services.documents.store import migrate as documents_migrate
from services.eligibility.app import store_set
from services.eligibility.config import Settings
from services.eligibility.store import migrate as eligibility_migrate
from services.kit.errors import StartupError
from services.kit.serve import App
from services.kit.store import AnchoredStore, StoreSet, database_part, prepare_keys
from tests import warm
from tests.bank_registry_support import new_database
from tests.support import ROOT, throwaway_stores, wait_until

SERVICES = ("services.eligibility", "services.documents", "services.bank_registry")


def start(module: str, env: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """A start that must be refused, without the word that the other tests give."""
    without = {**env, f"{module.removeprefix('services.').upper()}_INIT": ""}
    return warm.run(module, "--port", "0", "--workers", "1", *options, env=without)


@pytest.mark.parametrize("module", SERVICES)
def test_a_service_that_finds_nothing_creates_nothing_without_init(module: str, tmp_path: Path) -> None:
    done = start(module, throwaway_stores(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Rien de ce que garde ce service n’existe encore\u00a0: la base d")
    assert "relancez-le une fois avec --init" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_an_import_follows_the_same_rule(tmp_path: Path) -> None:
    file = tmp_path / "lenders.json"
    file.write_text('{"format": "registre-preteurs/1", "banks": []}', encoding="utf-8")
    done = warm.run(
        "services.bank_registry",
        "import",
        str(file),
        env={**throwaway_stores(tmp_path), "BANK_REGISTRY_INIT": ""},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Rien de ce que garde ce service")
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of an eligibility service that has started once."""
    folder = tmp_path_factory.mktemp("made")
    settings = eligibility(folder)
    eligibility_migrate(settings.database_url)
    prepare_keys(settings.keys_database_url, settings.master_key_file, folder / "epochs")
    return folder


FILES = ("journal.sqlite3", "keys.sqlite3", "master.key")


def eligibility(folder: Path, **more: object) -> Settings:
    journal, keys, master = (folder / name for name in FILES)
    return Settings(
        database_url=f"sqlite:///{journal}",
        keys_database_url=f"sqlite:///{keys}",
        master_key_file=master,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "kept", [kept for count in range(4) for kept in itertools.combinations(FILES, count)], ids=" ".join
)
@pytest.mark.parametrize("init", [False, True])
def test_what_exists_decides_with_the_word_of_the_operator(
    made: Path, tmp_path: Path, kept: tuple[str, ...], init: bool
) -> None:
    for name in kept:
        shutil.copy(made / name, tmp_path)
    check = store_set(eligibility(tmp_path, init=init)).check
    if len(kept) == len(FILES) or (init and not kept):
        check()
        return
    with pytest.raises(StartupError) as refused:
        check()
    sentence = str(refused.value)
    assert all(str(tmp_path / name) in sentence for name in FILES)
    if kept:
        missing, found = sentence.split(", alors qu’il existe ")
        assert {name for name in FILES if name in missing} == set(FILES) - set(kept)
        assert {name for name in FILES if name in found} == set(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_the_keys_alone_may_be_lost_and_their_loss_accepted(made: Path, tmp_path: Path) -> None:
    shutil.copy(made / FILES[0], tmp_path)
    store_set(eligibility(tmp_path, accept_lost_keys=True)).check()
    (tmp_path / FILES[0]).unlink()
    for name in FILES[1:]:
        shutil.copy(made / name, tmp_path)
    with pytest.raises(StartupError, match="Il manque la base des règlements et du journal"):
        store_set(eligibility(tmp_path, accept_lost_keys=True)).check()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.sqlite3"
    else:
        yield new_database(request.getfixturevalue("postgres_url"))


def registry(url: str) -> StoreSet:
    return StoreSet((database_part("la base du registre", url, "bank"),), init=True)


@pytest.mark.parametrize("migrate", [eligibility_migrate, documents_migrate])
def test_the_store_of_another_service_is_refused(url: str, migrate: object) -> None:
    migrate(url)  # type: ignore[operator]
    with pytest.raises(StartupError, match="n’a pas les tables de ce service"):
        registry(url).check()


@pytest.mark.parametrize("migrate", [eligibility_migrate, documents_migrate, bank_registry_migrate])
def test_what_may_not_be_deleted_may_not_be_replaced(tmp_path: Path, migrate: Callable[[str], None]) -> None:
    path = tmp_path / "store.sqlite3"
    migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as store:
        found = store.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    kept, new = ({table for table, rule in found if f"BEFORE {act}" in rule} for act in ("DELETE", "INSERT"))
    assert kept
    assert kept <= new


def test_its_own_store_is_accepted(url: str) -> None:
    registry(url).check()
    bank_registry_migrate(url)
    registry(url).check()


def test_a_database_of_which_nothing_can_be_known_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    log = tmp_path / "store.sqlite3-wal"
    refused: list[str] = []
    log.touch()
    for fault in ("lost", "empty", "damaged"):
        if fault == "empty":
            log.unlink()
            path.touch()
        elif fault == "damaged":
            path.write_bytes(b"not a database" * 100)
        with pytest.raises(StartupError) as raised:
            registry(f"sqlite:///{path}").check()
        refused.append(str(raised.value))
    assert ["a disparu" in refused[0], "est vide" in refused[1], "est abîmé" in refused[2]] == [True] * 3
    assert all(str(path) in sentence for sentence in refused)
    with pytest.raises(StartupError, match="ne peut pas être ouverte"):
        registry("postgresql://agent:oiseau@127.0.0.1:1/base").check()


@pytest.mark.parametrize("module", SERVICES)
def test_a_first_start_that_is_killed_before_its_first_head_is_begun_again(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = module.removeprefix("services.")
    for variable, value in (throwaway_stores(tmp_path) | {f"{name.upper()}_INIT": ""}).items():
        monkeypatch.setenv(variable, value)

    def make() -> App:
        settings = import_module(f"{module}.config").Settings.load([])
        app: App = import_module(f"{module}.app").make_app(settings)
        return app

    with monkeypatch.context() as patch:
        patch.setattr(AnchoredStore, "check", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make().prepare()
    app = make()
    app.stores.check()
    assert app.anchored
    app.anchored.check()
    (heads,) = tmp_path.glob("*heads.jsonl")
    heads.unlink()
    for _ in range(2):
        with pytest.raises(StartupError, match="Il manque le fichier des empreintes"):
            make().stores.check()


def modes(folder: Path) -> dict[str, str]:
    """The files and folders that other accounts may read or change."""
    found = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    return {str(path): oct(mode) for path, mode in found.items() if mode & 0o077 and path.name != "ready"}


def is_ready(ready: Path, server: subprocess.Popen[bytes]) -> bool:
    return ready.exists() or server.poll() is not None


@pytest.mark.parametrize("module", SERVICES)
def test_whatever_the_umask_its_own_account_alone_reads_what_a_service_keeps(
    module: str, tmp_path: Path
) -> None:
    ready, kept = tmp_path / "ready", tmp_path / "var" / "deep"
    compiled = {"DOCUMENTS_COMPILED_DIRECTORY": str(kept / "compiled"), "DOCUMENTS_RETENTION_DAYS": "3"}
    env = {**os.environ, **throwaway_stores(kept), **compiled}
    command = [sys.executable, "-m", module, "--port", "0", "--workers", "1", "--ready-file", str(ready)]
    for start in ("first", "again, on files that are open to all"):
        with subprocess.Popen(command, cwd=ROOT, env=env, umask=0, stderr=subprocess.PIPE) as server:
            try:
                wait_until(partial(is_ready, ready, server))
                assert ready.exists(), start
                assert (modes(kept), oct(ready.stat().st_mode & 0o777)) == ({}, "0o644"), start
            finally:
                server.terminate()
                assert server.stderr
                said = [json.loads(line) for line in server.stderr if line.startswith(b"{")]
        for path in kept.iterdir():
            # A master key that others may read is refused, not closed.
            if path.name.endswith((".sqlite3", "-wal", "-shm", ".lock")):
                path.chmod(0o666)
        kept.chmod(0o777)
    (line,) = (each for each in said if each["event"] == "ready")
    assert line["stores"]
    assert all(place.startswith(str(kept)) for place in line["stores"].values())
    assert bool(line["rules"]) == (module != "services.bank_registry")
    assert line["code"].startswith("0.")


def test_data_are_deleted_for_a_word_alone(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "purge-data", tmp_path / "scripts")
    for name in ("var", "keys"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()

    def purge(word: str) -> subprocess.CompletedProcess[str]:
        command = [str(tmp_path / "scripts" / "purge-data")]
        return subprocess.run(command, input=word, capture_output=True, text=True, check=False)

    for word in ("", "oui\n", "effacer\n"):
        done = purge(word)
        assert (done.returncode, (tmp_path / "var/kept").exists()) == (1, True)
    assert all(str(tmp_path / name / "kept") in done.stdout for name in ("var", "keys"))
    assert purge("EFFACER\n").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scripts"]
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nclean:")[1].split("\n\n")[0]
    assert not {"var", "keys"} & set(recipe.splitlines()[1].split())
