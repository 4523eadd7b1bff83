"""The engine and the demonstration, on every other Python of the machine that the project accepts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.support import ROOT

COMPLETE = (
    "import ensurepip, os, sysconfig, venv; "
    "raise SystemExit(not os.path.exists(os.path.join(sysconfig.get_path('include'), 'Python.h')))"
)
NEVER_COPIED = (".git", ".venv", "build", "out", "var", "__pycache__", ".mypy_cache", ".hypothesis")


def others() -> dict[str, Path]:
    """The accepted interpreters beside this one, on the PATH or installed by pyenv, by their version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    accepted = SpecifierSet(project["requires-python"])
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    folders = [*map(Path, os.environ["PATH"].split(os.pathsep)), *sorted(pyenv.glob("versions/*/bin"))]
    found: dict[str, Path] = {}
    for version in (f"3.{minor}" for minor in range(100)):
        for path in (folder / f"python{version}" for folder in folders):
            mine = version == f"3.{sys.version_info[1]}"
            if not mine and version not in found and version in accepted and complete(path):
                found[version] = path
    return found


def complete(python: Path) -> bool:
    """Whether an interpreter is there, with all that `scripts/setup` needs."""
    if not python.exists():
        return False
    return subprocess.run([python, "-c", COMPLETE], capture_output=True, check=False).returncode == 0


def test_the_other_interpreters_are_those_that_the_project_accepts() -> None:
    """`-rs` tells, for each accepted version, whether the machine has it."""
    assert set(others()) <= {"3.11", "3.12", "3.13"} - {f"3.{sys.version_info[1]}"}


@pytest.mark.more("installation complète sur un autre Python")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_engine_and_the_demonstration_run(version: str, tmp_path: Path) -> None:
    found = others()
    if version not in found:
        mine = version == f"3.{sys.version_info[1]}"
        pytest.skip(f"Python {version} : {'celui de la suite' if mine else 'absent de cette machine'}")
    copy = tmp_path / "projet"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NEVER_COPIED))
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "MICROCREDIT_TESTS"))
    }
    env |= {"PYTHON": str(found[version])}
    for command in (
        ["scripts/setup"],
        ["scripts/stubs"],
        [".venv/bin/python", "-m", "pytest", "-q", "tests/unit/test_eligibility_engine.py"],
        ["make", "demo"],
    ):
        done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    running = subprocess.run(
        [copy / ".venv/bin/python", "--version"], capture_output=True, text=True, check=True
    )
    assert running.stdout.startswith(f"Python {version}.")
