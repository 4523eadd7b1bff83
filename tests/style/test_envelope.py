"""The size of the code, its docstrings, and what no file may hold."""

from __future__ import annotations

import ast
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SOURCES = [
    path
    for folder in ("services", "examples", "tools")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts  # migrations are frozen history
]


def lengths() -> tuple[dict[str, int], dict[str, int]]:
    """Lines of every file and of every function."""
    files, functions = {}, {}
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        files[str(path.relative_to(ROOT))] = text.count("\n")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, FUNCTIONS) and node.end_lineno:
                functions[f"{path.relative_to(ROOT)}:{node.name}"] = node.end_lineno - node.lineno + 1
    return files, functions


def test_files_and_functions_stay_small() -> None:
    files, functions = lengths()
    assert {name: size for name, size in files.items() if size > 400} == {}
    assert {name: size for name, size in functions.items() if size > 50} == {}
    assert statistics.median(size for size in files.values() if size > 1) <= 120
    assert statistics.median(functions.values()) <= 10


def tracked() -> list[Path]:
    """The text files of the checkout, as git lists them."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("hors d’un dépôt git : la liste des fichiers du projet est inconnue")
    paths = [ROOT / name for name in listing.stdout.splitlines()]
    return [path for path in paths if path.is_file() and path.suffix not in (".docx", ".png", ".xlsx")]


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "deb.debian" + ".org"]
    forbidden = [*hosts, "/ho" + "me/", "/ro" + "ot/"]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked()
        for word in forbidden
        if word in path.read_text(encoding="utf-8")
    ]
    assert found == []


@pytest.mark.parametrize(
    "path", [*ROOT.glob("requirements*.lock"), *ROOT.glob("requirements/*.lock")], ids=lambda path: path.name
)
def test_every_locked_requirement_has_its_hashes(path: Path) -> None:
    requirements = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    assert [line for line in requirements if "==" in line and "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("name", ["build", "proof"])
def test_a_lock_of_one_tool_is_an_excerpt_of_the_whole_lock(name: str) -> None:
    excerpt = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert excerpt
    assert excerpt in (ROOT / "requirements.lock").read_text(encoding="utf-8")
