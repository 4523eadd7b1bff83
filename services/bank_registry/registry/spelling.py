"""Words as they may have been meant: one letter more, less, other, or two swapped."""

from __future__ import annotations

from collections.abc import Container, Iterator
from string import ascii_lowercase, digits

_LETTERS = ascii_lowercase + digits
SHORTEST = 4
"""Letters of a word below which one mistake makes another word of it."""


def meant(word: str, known: Container[str]) -> list[str]:
    """The known words that a folded word may stand for: itself, else those at one mistake from it."""
    if word in known:
        return [word]
    if len(word) < SHORTEST:
        return []
    return [one for one in dict.fromkeys(_near(word)) if one in known]


def _near(word: str) -> Iterator[str]:
    cuts = [(word[:index], word[index:]) for index in range(len(word) + 1)]
    for start, end in cuts:
        if end:
            yield start + end[1:]
        if len(end) > 1:
            yield start + end[1] + end[0] + end[2:]
        for letter in _LETTERS:
            yield start + letter + end
            if end:
                yield start + letter + end[1:]
