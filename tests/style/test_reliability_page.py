"""The tests that the pages of faults and of attacks name are there."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT

PAGE = (ROOT / "docs" / "fiabilite.md").read_text(encoding="utf-8")
ATTACKS = (ROOT / "docs" / "attaques.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [PAGE, ATTACKS], ids=["faults", "attacks"])
def test_each_test_that_a_page_names_is_one(page: str) -> None:
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", page)
    assert len(named) > 20
    wrong = [
        (path, name)
        for path, name in named
        if not (ROOT / path).exists() or f"def {name}" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert wrong == []


def test_each_file_of_faults_is_on_the_page() -> None:
    """But what says nothing of a fault that a user could meet."""
    beside = {"test_test_run.py", "test_documents_startup.py", "test_eligibility_faults.py"}
    files = {path.name for path in (ROOT / "tests" / "fault").glob("test_*.py")} - beside
    assert sorted(name for name in files if f"tests/fault/{name}" not in PAGE) == []
