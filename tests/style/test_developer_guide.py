"""What the guide of developers names is there."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT

GUIDE = (ROOT / "docs" / "developpement.md").read_text(encoding="utf-8")
TOPS = (
    "protos",
    "services",
    "tools",
    "examples",
    "tests",
    "scripts",
    "docs",
    "changelog.d",
    "pyproject.toml",
)
NAMED = sorted(
    {word for word in re.findall(r"`([\w./-]+)`", GUIDE) if word.startswith(TOPS)}
    | set(re.findall(r"(?:pytest|python) ((?:tests|scripts)/[\w./]+)", GUIDE))
)
ROOMS = re.findall(r"^\| (?:gRPC|protobuf|base|ligne|métier).*$", GUIDE, re.MULTILINE)
SERVICES = ("eligibility", "documents", "bank_registry")


@pytest.mark.parametrize("path", NAMED)
def test_a_path_of_the_guide_is_there(path: str) -> None:
    assert (ROOT / path).exists(), f"docs/developpement.md names {path}: say where it is now"


def test_the_rooms_of_the_guide_are_those_of_the_services() -> None:
    for index, service in enumerate(SERVICES, 2):
        told = {room for row in ROOMS for room in re.findall(r"`(\w+)`", row.split("|")[index])}
        folder = ROOT / "services" / service
        modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__", "app", "config"}
        assert told == {path.parent.name for path in folder.glob("*/__init__.py")} | modules


def test_every_make_command_of_the_guide_is_one() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", GUIDE)) <= targets
