"""Rich text of the data: a safe subset of Markdown, written as signs that no data may hold and that `rich`
lays out once both engines have printed them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from services.documents.render.errors import IllegalCharacterError
from services.kit.french import unbroken

FILTER = "markdown"
"""The filter that makes a rich text of a text."""
PARAGRAPH, BULLET, NUMBER, LINE, BOLD, PLAIN = "\ue000\ue001\ue002\ue003\ue004\ue005"
"""Of the private use area: the contract lets no text hold them."""
_BLOCKS = f"{PARAGRAPH}{BULLET}{NUMBER}"
SIGN = re.compile(f"[{PARAGRAPH}-{PLAIN}]")
"""Any of them."""
BLOCK = re.compile(f"([{_BLOCKS}])([^{_BLOCKS}]*)")
"""The sign of a block, and what it says."""
_ITEM = re.compile(r"\s*(?:([-*+•–])|\d{1,3}[.)])\s+(?=\S)")
_STRONG = re.compile(r"(?<!\\)\*\*(?=\S)(.+?)(?<=\S)(?<!\\)\*\*", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\*\-+.)_#])")


class Marked(str):
    """A rich text, as signs and plain text."""

    __slots__ = ()

    def __html__(self) -> str:
        """What docxtpl prints of it."""
        return escape(self)


def marked(text: str) -> Marked:
    """The rich text of a text: paragraphs parted by a blank line, lists of one level, bold between `**`."""
    if SIGN.search(text):
        raise IllegalCharacterError
    return Marked("".join(_blocks(text)))


def _blocks(text: str) -> Iterator[str]:
    opened = ""
    for line in text.split("\n"):
        item = _ITEM.match(line)
        if item is not None:
            yield from _closed(opened)
            opened = (BULLET if item[1] else NUMBER) + line[item.end() :].strip()
        elif not line.strip():
            yield from _closed(opened)
            opened = ""
        elif opened:
            opened += LINE + line.strip()
        else:
            opened = PARAGRAPH + line.strip()
    yield from _closed(opened)


def _closed(block: str) -> Iterator[str]:
    if block:
        yield _ESCAPED.sub(r"\1", _STRONG.sub(rf"{BOLD}\1{PLAIN}", block[0] + unbroken(block[1:])))
