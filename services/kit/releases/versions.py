"""The numbers of versions: one grammar and one order for every kind of package."""

from __future__ import annotations

import re

PATTERN = r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}(-[0-9A-Za-z]{1,16}([.-][0-9A-Za-z]{1,16}){0,3})?"
"""`2026.3`, and `2026.3-rc1` for what comes before it."""

SENTENCE = (
    "Une version s’écrit avec des nombres et des points, par exemple « 2026.3 » ; un essai, « 2026.3-rc1 »."
)
"""What is said of a version that is written otherwise."""

_PATTERN = re.compile(PATTERN)

Rank = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


def is_version(text: str) -> bool:
    """Whether a text is written as a version is."""
    return _PATTERN.fullmatch(text) is not None


def rank(version: str) -> Rank:
    """Orders versions: 2026.9, then 2026.10-rc1, 2026.10-rc2 and 2026.10, which is 2026.10.0 too.

    Stores of former times hold versions written otherwise: they come before all the others.
    """
    if not is_version(version):
        return (), False, ()
    numbers, _, trial = version.partition("-")
    counted = [int(number) for number in numbers.split(".")]
    while counted and counted[-1] == 0:
        counted.pop()
    parts = re.findall("[0-9]+|[A-Za-z]+", trial)
    return tuple(counted), not trial, tuple(_part(part) for part in parts)


def are_same(one: str, other: str) -> bool:
    """Whether two texts are the same version: 2026.3 and 2026.3.0 are."""
    return one == other or (is_version(one) and rank(one) == rank(other))


def _part(part: str) -> tuple[bool, int, str]:
    return (False, int(part), "") if part[0].isdigit() else (True, 0, part.lower())
