"""What several tests share besides fixtures: a server in its own process."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from sqlalchemy import make_url

from tests import warm

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("ELIGIBILITY", "DOCUMENTS", "BANK_REGISTRY")
T = TypeVar("T")
START_SECONDS = 300.0
_KEYS = "TESTS_KEYS_FOLDER"
POLL_SECONDS = 0.01
MORE = os.environ.get("MICROCREDIT_TESTS") == "more"
"""Whether `make test-more` runs: what is long, or needs other tools than Python's."""
REQUIRED = os.environ.get("MICROCREDIT_TOOLS") == "required"
"""Whether every tool that tests ask for has to be there, as in .ci/run, which installs them."""


def examples(count: int) -> int:
    """How many cases to draw at random: all, or a quarter in the ordinary suite."""
    return count if MORE else max(10, count // 4)


@dataclass
class RunningServer:
    """A server process started by a test."""

    process: warm.Program
    address: str
    log: Path

    def stop(self) -> int:
        """Asks the server to stop and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_SECONDS)

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


def wait_until(condition: Callable[[], T | None], seconds: float = START_SECONDS) -> T:
    """What a condition gives once it holds; the limit is only there for a test that would never end."""
    limit = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < limit, "never true"
        time.sleep(POLL_SECONDS)
    return found


def start_server(module: str, folder: Path, env: Mapping[str, str], *arguments: str) -> RunningServer:
    """Starts `python -m module` on a free port and waits until every worker serves."""
    folder.mkdir(parents=True, exist_ok=True)
    ready, log = folder / "ready", folder / "log"
    options = ("--port", "0", "--ready-file", str(ready), *arguments)
    asked = dict(pairwise(arguments)).get("--database-url", "")  # of the registry alone: see throwaway_stores
    registry = env.get("BANK_REGISTRY_DATABASE_URL", asked)
    keys = registry_keys(registry) if registry else {}
    env = {**os.environ, **throwaway_stores(folder), **keys, **env}
    process = warm.start(module, *options, env=env, out=log, err=log)
    try:
        wait_until(lambda: ready.exists() or process.poll() is not None)
        assert ready.exists()
    except AssertionError:
        process.kill()
        raise AssertionError(f"{module} did not start:\n{log.read_text()}") from None
    return RunningServer(process, ready.read_text().strip(), log)


def throwaway_stores(folder: Path) -> dict[str, str]:
    """Settings that keep what a server writes in a folder, and let a busy machine answer."""
    return {
        **{f"{name}_DEADLINE_SECONDS": "60" for name in SERVICES},
        **{f"{name}_INIT": "true" for name in SERVICES},
        "ELIGIBILITY_DATABASE_URL": f"sqlite:///{folder}/eligibility.sqlite3",
        "ELIGIBILITY_KEYS_DATABASE_URL": f"sqlite:///{folder}/eligibility-keys.sqlite3",
        **{
            f"{name}_ACCESS_DATABASE_URL": f"sqlite:///{folder}/{name.lower()}-access.sqlite3"
            for name in ("ELIGIBILITY", "DOCUMENTS", "BANK_REGISTRY")
        },
        "ELIGIBILITY_MASTER_KEY_FILE": f"{folder}/eligibility-master.key",
        "ELIGIBILITY_HEADS_FILE": f"{folder}/eligibility-heads.jsonl",
        "ELIGIBILITY_EPOCHS_DIRECTORY": f"{folder}/eligibility-epochs",
        "DOCUMENTS_KEYS_DATABASE_URL": f"sqlite:///{folder}/documents-keys.sqlite3",
        "DOCUMENTS_EPOCHS_DIRECTORY": f"{folder}/documents-epochs",
        "DOCUMENTS_DATABASE_URL": f"sqlite:///{folder}/documents.sqlite3",
        "DOCUMENTS_MASTER_KEY_FILE": f"{folder}/documents-master.key",
        "DOCUMENTS_HEADS_FILE": f"{folder}/documents-heads.jsonl",
        **registry_keys(f"sqlite:///{folder}/bank_registry.sqlite3"),
        "PDF_WORKER_INIT": "true",
        "PDF_WORKER_ACCESS_DATABASE_URL": f"sqlite:///{folder}/pdf-access.sqlite3",
        "PDF_WORKER_MASTER_KEY_FILE": f"{folder}/pdf-master.key",
        "PDF_WORKER_HEADS_FILE": f"{folder}/pdf-heads.jsonl",
        "DOCUMENTS_COMPILED_DIRECTORY": f"{ROOT}/build/compiled",
        "BANK_REGISTRY_DATABASE_URL": f"sqlite:///{folder}/bank_registry.sqlite3",
    }


def registry_keys(url: str) -> dict[str, str]:
    """Settings of the keys of a registry: beside its file, or in a folder of this run."""
    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    place = parsed.database if is_file else f"{_key_folder()}/{parsed.database}"
    return {
        "BANK_REGISTRY_MASTER_KEY_FILE": f"{place}-master.key",
        "BANK_REGISTRY_HEADS_FILE": f"{place}-heads.jsonl",
        "BANK_REGISTRY_KEYS_DATABASE_URL": f"sqlite:///{place}-keys.sqlite3",
        "BANK_REGISTRY_EPOCHS_DIRECTORY": f"{place}-epochs",
    }


def _key_folder() -> str:
    """A folder that the processes that a test starts find too."""
    if _KEYS not in os.environ:
        os.environ[_KEYS] = tempfile.mkdtemp(prefix="microcredit-keys-")
        atexit.register(shutil.rmtree, os.environ[_KEYS])
    return os.environ[_KEYS]


Launch = Callable[..., RunningServer]
