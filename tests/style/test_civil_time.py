"""The civil time of people is that of Paris: no code asks the machine what day or hour it is there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support import ROOT

KEPT = ROOT / "services/kit/dates.py"


def local(tree: ast.AST) -> Iterator[int]:
    """The lines that read an hour in the time zone of the machine, or a day in UTC: `date.today()`,
    `.astimezone()`, `.now().…`, `.now(UTC).date()`, `.fromtimestamp(x)`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, of, bare = node.func.attr, node.func.value, not node.args and not node.keywords
        inner = of.func.attr if isinstance(of, ast.Call) and isinstance(of.func, ast.Attribute) else ""
        of_machine = bare and name in ("today", "astimezone", "now")
        in_utc = inner in ("now", "ToDatetime", "astimezone") or getattr(of, "attr", "").endswith("_time")
        if of_machine or name in ("fromtimestamp", "localtime", "utcnow") or (name == "date" and in_utc):
            yield node.lineno


@pytest.mark.parametrize("folder", ["services", "tools", "examples", "scripts"])
def test_nobody_asks_the_machine_for_the_day(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != KEPT
        for line in local(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "date.today()",
        "x.astimezone()",
        "datetime.now()",
        "datetime.now(UTC).date()",
        "kept.create_time.date()",
    ],
)
def test_a_day_of_the_machine_is_seen(code: str) -> None:
    assert list(local(ast.parse(code))) == [1]
