"""What scripts/setup says of an incomplete machine: one clear sentence, before anything is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "printf", "rm", "tail", "touch", "cc", "gcc")
NOBODY = 65534
DROPPED_NAME = "-DPyEval_CallObject=PyObject_CallObject"


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A checkout that holds the script alone, with a PATH of its own in bin/; readable by any user."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "setup", root / "scripts")
        (root / "bin").mkdir()
        for tool in TOOLS:
            (root / "bin" / tool).symlink_to(shutil.which(tool) or "/bin/true")
        yield root


def python(checkout: Path, refuses: str = "") -> None:
    """Puts a python3.11 on the PATH that fails on the commands that hold a text."""
    script = checkout / "bin" / "python3.11"
    guard = f'case "$*" in *"{refuses}"*) exit 1;; esac\n' if refuses else ""
    script.write_text(f'#!/bin/sh\n{guard}exec {Path(sys.executable).resolve()} "$@"\n')
    script.chmod(0o755)


def run(checkout: Path, user: int | None = None) -> list[str]:
    """The lines that the script writes when it fails."""
    command = [str(checkout / "scripts" / "setup")]
    env = {"PATH": str(checkout / "bin")}
    done = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, user=user)
    assert done.returncode == 1
    assert not (checkout / ".venv").exists()
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("refuses", "sentence"),
    [
        ("version_info", "Python 3.11, 3.12 ou 3.13 est nécessaire"),
        ("ensurepip", "il manque le module venv de Python"),
        ("Python.h", "il manque les en-têtes de Python"),
    ],
)
def test_an_incomplete_python_gives_one_sentence(checkout: Path, refuses: str, sentence: str) -> None:
    python(checkout, refuses)
    (line,) = run(checkout)
    assert line.startswith(f"Erreur : {sentence}")


def test_a_missing_compiler_gives_one_sentence(checkout: Path) -> None:
    python(checkout)
    for tool in ("cc", "gcc"):
        (checkout / "bin" / tool).unlink()
    (line,) = run(checkout)
    assert line.startswith("Erreur : il manque un compilateur C")


def test_a_read_only_folder_gives_one_sentence(checkout: Path) -> None:
    python(checkout)
    checkout.chmod(0o555)
    (line,) = run(checkout, user=NOBODY if os.geteuid() == 0 else None)
    assert line.endswith("copiez le projet dans un dossier où vous pouvez écrire.")


@pytest.mark.parametrize(("minor", "flags"), [(11, ""), (12, ""), (13, DROPPED_NAME)])
def test_python_3_13_builds_the_engine_with_the_name_that_replaced_another(
    checkout: Path, minor: int, flags: str
) -> None:
    """The interpreter says its version; what `pip` would be given to compile with is kept in a file."""
    code = f"""#!{Path(sys.executable).resolve()}
import os, pathlib, sys
if sys.argv[1] == "-m":
    pip = pathlib.Path(".venv/bin/pip")
    pip.parent.mkdir(parents=True)
    pip.write_text("#!/bin/sh\\nprintf '%s' \\"${{CPPFLAGS-}}\\" >flags; exit 1\\n")
    pip.chmod(0o755)
elif sys.argv[1] == "--version":
    print("Python 3.{minor}.0")
else:
    if "version_info" in sys.argv[2]:
        sys.version_info = (3, {minor}, 0)
    exec(sys.argv[2])
"""
    script = checkout / "bin" / f"python3.{minor}"
    script.write_text(code)
    script.chmod(0o755)
    command = [str(checkout / "scripts" / "setup")]
    done = subprocess.run(command, cwd=checkout, env={"PATH": str(checkout / "bin")}, capture_output=True)
    assert done.returncode == 1
    assert (checkout / "flags").read_text().strip() == flags
