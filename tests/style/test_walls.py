"""The walls hold for a file that does not exist yet: a forbidden import is dropped into every room."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("services", "examples", "tools")
SERVICES = ("bank_registry", "documents", "eligibility")
# What each external package is known by, and the only rooms that may know it (design: one room, one secret).
KNOWN_BY = {
    "sqlalchemy": {"*.store", "kit.releases"},
    "grpc": {"*.api", "*.cli", "*.pdf", "kit.serve", "kit.access", "kit.releases"},
    "google.protobuf.message": {
        *("*.api", "*.messages", "*.cli", "*.pdf"),
        *("kit.serve", "kit.wire", "kit.access", "kit.releases"),
    },
    "durable_rules_engine": {"eligibility.engine"},
    "docxtpl": {"documents.render", "documents.template"},
    "jinja2": {"documents.render", "documents.template"},
}
PARTS = re.compile(r"[|:]")


@dataclass(frozen=True, slots=True)
class Probe:
    """A file that should be refused: where it is dropped, and what it imports."""

    folder: str
    name: str
    imported: str

    @property
    def module(self) -> str:
        """Its dotted name."""
        return f"{self.folder.replace('/', '.')}.{self.name}"


def folders(root: Path = ROOT) -> list[str]:
    """Every folder of Python files of the services, deep ones too; migrations are scripts, not rooms."""
    found = {path.parent for path in (root / "services").rglob("*.py")} - {root / "services"}
    return sorted(str(path.relative_to(root)) for path in found if "versions" not in path.parts)


def room(folder: str) -> str:
    """`documents.api` for services/documents/api and all that it holds; `documents` for the top level."""
    return ".".join(folder.split("/")[1:3])


def may(folder: str, package: str) -> bool:
    """Whether a room is one of those that know the package."""
    service, _, name = room(folder).partition(".")
    return bool({f"*.{name}", f"{service}.{name}"} & KNOWN_BY[package])


def layers() -> dict[str, list[list[str]]]:
    """The storeys of each container, from the top, as the contracts of import-linter have them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {
        container: [[part.strip(" ()") for part in PARTS.split(layer)] for layer in contract["layers"]]
        for contract in contracts
        if contract["type"] == "layers"
        for container in contract["containers"]
    }


def upward(folder: str) -> Iterator[str]:
    """A module of each storey above the room of a folder."""
    service, _, name = room(folder).partition(".")
    for storey in layers()[f"services.{service}"]:
        if name in storey:
            return
        yield from (f"services.{service}.{above}" for above in storey)


def probes() -> list[Probe]:
    """Every import that some room must not make, dropped into it."""
    found = []
    for folder in folders():
        service, _, name = room(folder).partition(".")
        foreign = [package for package in KNOWN_BY if not may(folder, package)]
        foreign += [f"services.{other}" for other in SERVICES if other != service]
        if name:
            foreign += list(upward(folder))
        found += [Probe(folder, f"probe{rank}", imported) for rank, imported in enumerate(foreign)]
    return found


def lint(root: Path) -> str:
    """What import-linter says of a checkout."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}:{root / 'build/gen'}", "COLUMNS": "400", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The product alone, in a folder where a probe harms nobody."""
    for name in PRODUCT:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.docx"))
    shutil.copytree(ROOT / "build/gen/microcredit", tmp_path / "build/gen/microcredit")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_a_forbidden_import_is_refused_in_every_room(copy: Path) -> None:
    dropped = probes()
    assert len({probe.folder for probe in dropped}) == len(folders())
    for probe in dropped:
        (copy / probe.folder / f"{probe.name}.py").write_text(f"import {probe.imported}\n")
    report = re.sub(r"\s+", " ", lint(copy))
    kept = [
        f"{probe.module} -> {probe.imported}"
        for probe in dropped
        if not re.search(rf"{re.escape(probe.module)} -> {re.escape(probe.imported.split('.')[0])}", report)
    ]
    assert kept == []


def test_a_new_room_has_to_be_given_its_storey(copy: Path) -> None:
    for service in (*SERVICES, "kit"):
        (copy / "services" / service / f"newcomer_in_{service}.py").write_text(
            '"""Named by no contract."""\n'
        )
    report = lint(copy)
    assert [service for service in (*SERVICES, "kit") if f"newcomer_in_{service}" not in report] == []
