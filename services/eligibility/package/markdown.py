"""The little Markdown that the règlement needs: text is never taken for markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~])")
_LINES = re.compile(r"\s*\n\s*")


def text(words: str) -> str:
    """A text of the package on one line, its special characters escaped."""
    return _MARKUP.sub(r"\\\1", _LINES.sub(" ", words.strip()))


def bullets(items: Iterable[str], indent: str = "") -> str:
    """A list, one item a line."""
    return "\n".join(f"{indent}- {item}" for item in items)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table; the columns of these ranks are aligned to the right."""
    rule = ("---:" if index in right else "---" for index, _ in enumerate(head))
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, tuple(rule), *rows))


def paragraphs(*parts: str) -> str:
    """The parts that are not empty, a blank line between two."""
    return "\n\n".join(part for part in parts if part)
