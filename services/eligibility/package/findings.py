"""What is wrong in a rule package, in the order in which its author mends it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import combining, normalize

from services.kit.findings import Finding

FILES = (
    "package.yaml",
    "facts.yaml",
    "parameters.yaml",
    "derived.yaml",
    "rules.yaml",
    "decision.yaml",
    "properties.yaml",
)
"""The files of a package besides its cases: each reads names that the ones before it declare."""


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = ".") -> str:
    """The end of a sentence about a word that does not exist: the nearest one that does, if one is near."""
    by_fold = {_folded(one): one for one in known}
    near = get_close_matches(_folded(word), by_fold, n=1)
    return f" : vouliez-vous dire « {by_fold[near[0]]} » ?" if near else otherwise


def _folded(word: str) -> str:
    """Without case nor accents."""
    return "".join(one for one in normalize("NFD", word.casefold()) if not combining(one))


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By file, line and column: first the files that may be the cause of what is found in the others."""
    return tuple(sorted(findings, key=_rank))


def _rank(finding: Finding) -> tuple[int, str, int, int, str]:
    place = finding.place
    rank = FILES.index(place.file) if place.file in FILES else len(FILES)
    return rank, place.file, place.line, place.column, finding.sentence
