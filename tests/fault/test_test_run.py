"""What the tests themselves start dies with them, even when nothing could be cleaned up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.outcomes import Failed, Skipped

from tests import conftest, warm
from tests.support import ROOT, wait_until

RUN = """
import signal, sys
from pathlib import Path
from sqlalchemy import make_url
from tests import postgres
from tests.support import start_server

folder = Path(sys.argv[1])
server = start_server("tests.service.kit_probe", folder / "server", {}, "--workers", "2")
with postgres.shared(folder / "postgresql") as url:
    print(server.process.pid, *server.workers(), make_url(url).query["host"], flush=True)
    signal.pause()
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def naming(word: str) -> set[int]:
    """The processes whose command line holds a word."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in path.read_text(errors="replace"):
                found.add(int(path.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def test_a_killed_run_leaves_neither_server_nor_postgresql(tmp_path: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    with run:
        assert run.stdout
        *pids, data = run.stdout.readline().decode().split()
        servers = {int(pid) for pid in pids}
        started = {*servers, parent(int(pids[0])), *naming(data), *(naming(str(tmp_path)) - {run.pid})}
        assert len(started) >= 6
        assert all(map(is_running, started))
        os.kill(run.pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, started)))


@pytest.mark.parametrize(("words", "code"), [(("--print-config",), 0), (("--prot", "0"), 1)])
def test_a_program_started_warm_ends_as_it_does_cold(words: tuple[str, ...], code: int) -> None:
    module = "tests.service.kit_probe"
    warmly = warm.run(module, *words)
    command = [sys.executable, "-m", module, *words]
    cold = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (warmly.returncode, warmly.stdout, warmly.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    assert cold.returncode == code


@pytest.mark.parametrize(("required", "outcome"), [(False, Skipped), (True, Failed)])
def test_a_test_whose_tool_is_absent_fails_where_tools_are_required(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, required: bool, outcome: type[Exception]
) -> None:
    monkeypatch.setattr(conftest, "REQUIRED", required)
    request.node.add_marker(pytest.mark.needs(False, "absent"))
    with pytest.raises(outcome, match="absent"):
        conftest.pytest_runtest_setup(request.node)
    assert "export MICROCREDIT_TOOLS=required" in (ROOT / ".ci" / "run").read_text()
