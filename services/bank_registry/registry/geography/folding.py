"""Place names as people type them: without accents, capitals, hyphens or the whole of « Saint »."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_NOT_A_LETTER = re.compile(r"[^0-9a-z]+")
_SAINT = re.compile(r"\bst(e?)\b")


def fold(name: str) -> str:
    """The name in plain lower-case words: `Saint-Œn-l'Île` and `ST OEN L ILE` are the same."""
    text = name.casefold().translate(_LIGATURES)
    if not text.isascii():
        text = "".join(character for character in normalize("NFKD", text) if not combining(character))
    return _SAINT.sub(r"saint\1", _NOT_A_LETTER.sub(" ", text).strip())
