"""French typography of the texts of a package, so that its author may type on an ordinary keyboard."""

from __future__ import annotations

import re

_RULES = (
    (re.compile(r"'"), "’"),
    (re.compile(r"[ \u00a0\u202f]+(?=[;!?])"), "\u202f"),
    (re.compile(r"[ \u00a0\u202f]+(?=[:»%€])"), "\u00a0"),
    (re.compile(r"(?<=«)[ \u00a0\u202f]+"), "\u00a0"),
)


def french(text: str) -> str:
    """The same text with curly apostrophes and no-break spaces around double punctuation, guillemets and
    units."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
