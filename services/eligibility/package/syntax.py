"""Why an expression cannot be read: each real cause at its character, with its cure in French."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Cause = tuple[str, int]
"""A French sentence and the offset of the character that it speaks of."""

_SYMBOLS = {
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "=<": "<=",
    "=>": ">=",
    "<>": "!=",
    "−": "-",
    "–": "-",
    "×": "*",
    "÷": "/",
    "=": "==",
    "&&": "and",
    "||": "or",
}
_WORDS = {"et": "and", "ou": "or", "non": "not", "pas": "not", "dans": "in"}


def _symbol(found: re.Match[str]) -> str:
    return f"« {found[0]} » ne se lit pas ici : écrivez « {_SYMBOLS[found[0]]} »."


def _word(found: re.Match[str]) -> str:
    return f"« {found[0]} » ne se lit pas ici : écrivez « {_WORDS.get(found[0], found[0].lower())} »."


_CAUSES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile("[“”„«»‘’‛]"),
        lambda found: (
            f"Le guillemet typographique « {found[0]} » ne se lit pas ici : écrivez l’apostrophe droite (')."
        ),
    ),
    (
        re.compile(r"[^\S \t\r\n]|[\u200b\ufeff]"),
        lambda found: "Cet espace est insécable ou invisible : remplacez-le par un espace ordinaire.",
    ),
    (re.compile(r"=<|=>|<>|[≤≥≠−–×÷]|&&|\|\||(?<![<>=!])=(?![=<>])"), _symbol),
    (re.compile(r"(?<![\w.])(?:et|ou|non|pas|dans|AND|OR|NOT|IN|And|Or|Not)(?![\w.(])"), _word),
    (
        re.compile(r"(?<![\w.])(?:si|alors|sinon|if|then|else)(?![\w.(])"),
        lambda found: f"Une condition ne contient pas « {found[0]} » : elle dit quand la règle est vraie.",
    ),
    (
        re.compile(r"[\d.,]+ ?[€%]|\d+,\d+|\d+ \d{3}"),
        lambda found: (
            f"« {found[0]} » ne se lit pas ici : mettez cette valeur, datée, dans parameters.yaml et écrivez "
            "son nom."
        ),
    ),
)


def causes(text: str) -> list[Cause]:
    """What makes a text that is no expression unreadable, in its order; none when it is not known."""
    masked, open_quote = _masked(text)
    # The first of each kind: the others are mended with it.
    found = [(say(one), one.start()) for pattern, say in _CAUSES for one in [pattern.search(masked)] if one]
    # A character that is not read hides nothing of the others, but makes quotes and parentheses uncertain.
    if not found:
        if open_quote is not None:
            found.append(("Le guillemet ouvert ici n’est pas fermé.", open_quote))
        else:
            found += _unbalanced(masked)
    return sorted(found, key=lambda one: one[1])


def _masked(text: str) -> tuple[str, int | None]:
    """The text with what is between quotes blanked; the place of a quote that is not closed."""
    characters, quote, start = list(text), "", 0
    for index, character in enumerate(text):
        if quote:
            characters[index] = "_"
            quote = "" if character == quote else quote
        elif character in "'\"":
            characters[index], quote, start = "_", character, index
    if not quote:
        return "".join(characters), None
    return "".join(characters[:start]) + text[start:].replace(quote, "_"), start


def _unbalanced(text: str) -> Iterator[Cause]:
    opened: list[tuple[str, int]] = []
    for index, character in enumerate(text):
        if character in "([":
            opened.append((character, index))
        elif character in ")]":
            if not opened or opened[-1][0] != {")": "(", "]": "["}[character]:
                yield f"« {character} » ferme ce qui n’est pas ouvert : retirez-la, ou ouvrez-la.", index
                return
            opened.pop()
    if opened:
        yield f"« {opened[-1][0]} » est ouverte ici et n’est pas fermée.", opened[-1][1]


def is_enclosed(text: str, start: int, end: int) -> bool:
    """Whether a piece of an expression stands between parentheses of its own."""
    before, after = text[:start].rstrip(), text[end:].lstrip()
    return before.endswith("(") and after.startswith(")")
