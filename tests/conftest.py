"""Fixtures shared by all tests: real servers in their own processes, a real PostgreSQL, the cases."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from services.kit import context
from tests import postgres, warm
from tests.support import MORE, REQUIRED, ROOT, Launch, RunningServer, examples, start_server

# A shared machine may be slow for a moment: the time of one example is no property of the code.
hypothesis.settings.register_profile("project", deadline=None, max_examples=examples(100))
hypothesis.settings.load_profile("project")

LEFT_OUT = "left_out"
FEWER_EXAMPLES = "cas tirés au hasard, dont la suite ordinaire ne joue qu’une part"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "more(why): left to `make test-more`, for a reason told at the end")
    config.addinivalue_line("markers", "needs(found, why): what asks for a tool, and whether it is here")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`make test` leaves out what is marked; `make test-more` runs it, and more of the random cases."""
    reasons = {item: str(mark.args[0]) for item in items if (mark := item.get_closest_marker("more"))}
    drawn = [item for item in items if getattr(getattr(item, "function", None), "is_hypothesis_test", False)]
    more = [item for item in items if item in reasons or item in drawn]
    kept = more if MORE else [item for item in items if item not in reasons]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
    if not MORE:
        left = Counter(reasons.values()) + Counter({FEWER_EXAMPLES: len(drawn)})
        # With xdist a worker collects, and another process reports.
        vars(config).setdefault("workeroutput", {})[LEFT_OUT] = dict(left)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A tool that is absent leaves out the tests that ask for it, and fails them where all are required."""
    for found, why in (mark.args for mark in item.iter_markers("needs")):
        if not found:
            (pytest.fail if REQUIRED else pytest.skip)(why)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    vars(node.config).setdefault("workeroutput", {}).update(node.workeroutput or {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left = vars(config).get("workeroutput", {}).get(LEFT_OUT, {})
    if left:
        terminalreporter.section("laissé à make test-more")
        for why, count in sorted(left.items()):
            terminalreporter.write_line(f"{count} : {why}")


@pytest.fixture(autouse=True)
def no_call_is_left() -> Iterator[None]:
    """A test that enters a call leaves it: its deadline would end the waits of the tests after it."""
    yield
    context._current.set(None)


def of_the_run(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder that all the processes of a run share."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers of the run answer a check from what another one was answered: see tests/warm.py."""
    os.environ[warm.ANSWERS] = str(of_the_run(tmp_path_factory, "answers"))
    yield
    del os.environ[warm.ANSWERS]


@contextmanager
def launched(factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Starts servers, and stops them all at the end."""
    with ExitStack() as started:

        def start(module: str, *arguments: str, env: Mapping[str, str] | None = None) -> RunningServer:
            folder = factory.mktemp(module.rsplit(".", 1)[-1])
            server = start_server(module, folder, env or {}, *arguments)
            started.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Starts servers: launch(module, *arguments, env={…}); all are stopped at the end of the module."""
    with launched(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """One server for all who ask for the same: none of them stops it, or changes what another reads."""
    found: dict[str, RunningServer] = {}
    with launched(tmp_path_factory) as start:

        def get(module: str, *arguments: str, env: Mapping[str, str] | None = None) -> RunningServer:
            key = repr((module, arguments, sorted((env or {}).items())))
            if key not in found:
                found[key] = start(module, *arguments, env=env)
            return found[key]

        yield get


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the maintenance database of a real PostgreSQL; tests create their own databases beside it."""
    with postgres.shared(of_the_run(tmp_path_factory, "postgresql")) as url:
        yield url


@pytest.fixture(scope="session")
def cases() -> Callable[[str], Any]:
    """Reads a JSON file of tests/cases."""

    def read(name: str) -> Any:
        return json.loads((ROOT / "tests" / "cases" / name).read_text(encoding="utf-8"))

    return read
