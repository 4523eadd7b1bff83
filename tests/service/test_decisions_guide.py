"""The guide of the journal: its commands, run as they are printed, print what it shows."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.rules.__main__ import assess, dearer_car
from services.eligibility.cli import main
from tests.eligibility_support import Client
from tests.service.test_eligibility_cli_guide import UUID, VARIABLE, steady
from tests.support import ROOT, Launch, RunningServer, throwaway_stores

GUIDE = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a checkout where the service runs."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "var").mkdir()
    return folder


@pytest.fixture(scope="module")
def server(launch: Launch, place: Path) -> RunningServer:
    return launch("services.eligibility", "--workers", "1", env=throwaway_stores(place / "var"))


@pytest.fixture(scope="module")
def decision(server: RunningServer) -> str:
    with Client(server.address) as client:
        return assess(client.eligibility, dearer_car("2026-12-01")).decision_id


def script(text: str, server: RunningServer, place: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", text],
        cwd=place,
        env={
            **os.environ,
            "PATH": path,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'build' / 'gen'}",
            "ELIGIBILITY_SERVER": server.address,
            **env,
        },
        capture_output=True,
        text=True,
    )


def test_every_script_runs_as_printed(server: RunningServer, place: Path, decision: str) -> None:
    verify, explain, count, backup = blocks("sh")
    for env in ({}, {"HEAD_FILE": "fin-du-journal"}):
        assert script(verify, server, place, **env).returncode == 0
        assert re.fullmatch(r"1:[0-9a-f]{64}\n", (place / "fin-du-journal").read_text())
    (place / "fin-fausse").write_text(f"7:{'a' * 64}\n")
    assert script(verify, server, place, HEAD_FILE="fin-fausse").returncode == 1
    assert (place / "fin-du-journal").read_text().startswith("1:")
    assert script(re.sub(UUID, decision, explain), server, place).returncode == 0
    assert "R.\u00a0311-3-1-2" in (place / "explication.md").read_text(encoding="utf-8")
    assert script(count, server, place).returncode == 0
    assert (place / "rapport.json").exists()
    assert script(backup, server, place).stderr == ""
    for name, table in (("journal", "journal"), ("cles", "case_key")):
        with sqlite3.connect(place / "var" / f"sauvegarde-{name}.sqlite3") as copy:
            assert copy.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
        copy.close()


def commands() -> Iterator[tuple[str, str]]:
    """The commands of the guide with what it shows of their answers."""
    for block in blocks("console"):
        for part in re.split(r"^\$ eligibility ", block, flags=re.M)[1:]:
            command, _, answer = part.partition("\n")
            yield command, answer


def test_every_command_prints_what_the_guide_shows(
    server: RunningServer,
    decision: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ELIGIBILITY_SERVER", server.address)
    monkeypatch.setenv("USER", "camille")
    seal = ""
    for command, shown in commands():
        real = re.sub(VARIABLE["<sceau>"], seal, re.sub(UUID, decision, command))
        main(real.split())
        obtained = capsys.readouterr()
        seal = [seal, *re.findall(VARIABLE["<sceau>"], obtained.out)][-1]
        assert (command, steady(obtained.out + obtained.err)) == (command, steady(shown))
