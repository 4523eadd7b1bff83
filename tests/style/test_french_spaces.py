"""Sentences are typed with ordinary spaces: those of French are put once, where a sentence leaves."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
OWNER = ROOT / "services" / "kit" / "french.py"
SPACE = re.compile(r"[\u00a0\u202f]|\\(?:u00a0|u202f|xa0)", re.IGNORECASE)


def no_break_spaces(source: str) -> list[int]:
    """The lines of a source that hold a no-break space: as such, escaped, or spelt out for a pattern."""
    texts = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    escaped = {node.lineno for node in texts if isinstance(node.value, str) and SPACE.search(node.value)}
    raw = {number for number, line in enumerate(source.splitlines(), 1) if re.search("[\u00a0\u202f]", line)}
    return sorted(escaped | raw)


@pytest.mark.parametrize(
    "source",
    [
        "say('Oui\u00a0!')",
        "say('Oui !')  # « non\u202f»",
        r"say('Oui\u202F!')",
        r"say('Oui\xa0!')",
        r"say(f'{x}\N{NO-BREAK SPACE}!')",
        r"say(r'[ \u00a0]')",
    ],
)
def test_each_way_of_writing_one_is_seen(source: str) -> None:
    assert no_break_spaces(f"x = 1\n{source}\n") == [2]


def test_ordinary_spaces_and_bytes_are_left_alone() -> None:
    assert no_break_spaces("say('Oui !')\nread(b'\\xc2\\xa0')\n") == []


def test_no_source_holds_one() -> None:
    held = {
        path.relative_to(ROOT): lines
        for path in (ROOT / "services").rglob("*.py")
        if path != OWNER and (lines := no_break_spaces(path.read_text(encoding="utf-8")))
    }
    assert held == {}
