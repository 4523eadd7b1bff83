"""Place names as people type them: without accents, capitals, hyphens or the whole of « Saint »."""

from __future__ import annotations

import re

from services.kit import french

_SAINT = re.compile(r"\bst(e?)\b")


def fold(name: str) -> str:
    """The name in plain lower-case words: `Saint-Œn-l'Île` and `ST OEN L ILE` are the same."""
    return _SAINT.sub(r"saint\1", french.fold(name))
