"""Whether the plain wording of a reason is plain: short sentences, in words of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from services.eligibility.package import RulePackage
from services.kit.findings import Findings
from services.kit.french import plural

MAX_WORDS = 12
"""Of a sentence."""
_SENTENCE = re.compile(r"[.!?…]+(?:\s+|$)")
_AROUND = "«»“”\"(),;:–— \u2019'"


def check_plain(package: RulePackage, findings: Findings) -> None:
    """Warns of what is not plain in the wordings of the rules."""
    for rule in package.rules:
        for parts in (rule.plain.found, rule.plain.todo) if rule.plain else ():
            for message in not_plain(parts):
                findings.warning(package.place("rules.yaml", rule.id, "plain"), message)


def not_plain(parts: tuple[str, ...]) -> Iterator[str]:
    """What is not plain in a wording, a value counting for one word."""
    text = "".join("\0" if rank % 2 else part for rank, part in enumerate(parts))
    for sentence in filter(None, _SENTENCE.split(text)):
        words = [word for word in sentence.split() if word.strip(_AROUND)]
        if len(words) > MAX_WORDS:
            told = plural(len(words), "mot")
            yield f"La phrase « {sentence.replace(chr(0), '…')} » compte {told} ; {MAX_WORDS} au plus."
        for rank, word in enumerate(words):
            yield from _unlisted(word, first=rank == 0)


def _unlisted(word: str, *, first: bool) -> Iterator[str]:
    """The words that are not in the list; a value and, further on, a name in capitals are not looked for."""
    if "\0" in word:
        return
    for part in re.split("[’']", word.strip(_AROUND)):
        known = part.lower() in plain_words() or part.isupper()
        if part and not known and (first or not part[0].isupper()):
            yield f"Le mot « {part} » n’est pas dans la liste des mots simples."


@cache
def plain_words() -> frozenset[str]:
    """The words that a plain wording is made of."""
    text = Path(__file__).with_name("plain_words.csv").read_text(encoding="utf-8")
    return frozenset(text.split())
