"""Free texts: what a keeper writes in her own words, where a person may be named by mistake."""

from __future__ import annotations

import re
from typing import Self

from services.kit import french

REDACTED = "[caviardé]"
"""What is read of a text whose key was destroyed on purpose."""

ILLEGIBLE = "[illisible]"
"""What is read of a text whose key is missing though nobody redacted it."""

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|" + "|".join(map(re.escape, (REDACTED, ILLEGIBLE))))
"""An electronic address, or what is read of one that is gone, which may be stated again."""


class FreeText(str):
    """A text, with the form in which the store keeps it: stated again, it is kept as it was."""

    __slots__ = ("stored",)

    stored: str

    def __new__(cls, text: str, stored: str) -> Self:
        """Ties a text to its form in the store."""
        made = super().__new__(cls, text)
        made.stored = stored
        return made


def words_of(text: str) -> list[str]:
    """The words of a text, without accents, capitals nor punctuation."""
    return french.fold(text).split()


def mentions(text: str, words: list[str]) -> bool:
    """Whether a text has these words, one after another."""
    found = words_of(text)
    return any(found[start : start + len(words)] == words for start in range(len(found) - len(words) + 1))
