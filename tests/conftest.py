"""Fixtures shared by all tests: real servers in their own processes, a real PostgreSQL, the cases."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import hypothesis
import pytest

from tests import postgres
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


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the maintenance database of a real PostgreSQL; tests create their own databases beside it."""
    own = tmp_path_factory.getbasetemp()
    run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with postgres.shared(run / "postgresql") as url:
        yield url


@pytest.fixture(scope="session")
def cases() -> Callable[[str], Any]:
    """Reads a JSON file of tests/cases."""

    def read(name: str) -> Any:
        return json.loads((ROOT / "tests" / "cases" / name).read_text(encoding="utf-8"))

    return read
