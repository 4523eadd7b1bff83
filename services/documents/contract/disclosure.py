"""Disclosure control: which counts of a whole and of its parts no one may read, compute or bound."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Withheld:
    """What a whole and its parts may not print: ranks of parts, and the whole itself."""

    parts: frozenset[int]
    whole: bool


def withheld(
    counts: Sequence[int], minimum: int, secret: Collection[int] = (), *, whole: bool = False
) -> Withheld:
    """What not to print of a whole and its parts, some values being secret, and maybe the whole.

    Zero is printed: it tells nothing of anybody. Every value from 1 to the minimum - 1 must stay possible for
    each small part, given what is printed: the next smallest parts are hidden until it is so, then the whole.
    """
    total = sum(counts)
    small = {rank for rank, count in enumerate(counts) if 0 < count < minimum}
    hidden = small | {rank for rank, count in enumerate(counts) if count and count in secret}
    others = sorted(set(range(len(counts))) - hidden, key=lambda rank: counts[rank])
    others = [rank for rank in others if counts[rank]]
    if whole or total in secret:
        return Withheld(frozenset([*hidden, *others]), True)
    while hidden and not _possible(counts, hidden, small, minimum):
        if not others:
            # The parts of a small whole bound each other: « fewer than 5 » in all leaves no 4 beside another.
            return Withheld(frozenset(hidden), total > 0)
        hidden.add(others.pop(0))
    return Withheld(frozenset(hidden), False)


def _possible(counts: Sequence[int], hidden: set[int], small: set[int], minimum: int) -> bool:
    """Whether each small part may have every value, the sum of the hidden ones being known."""
    if hidden == small and len(small) == 1 and sum(counts) < minimum:
        return True  # the whole is that part, and is printed as small
    if not small:
        return len(hidden) > 1
    rest = len(small) - 1
    known = sum(counts[rank] for rank in hidden)
    large = len(hidden) - len(small)
    least = rest + large * minimum
    most = known if large else rest * (minimum - 1)
    return all(least <= known - value <= most for value in range(1, minimum))


def secret_values(wholes: Sequence[Sequence[int]], minimum: int) -> frozenset[int]:
    """The values that may be printed nowhere: a value that a table hides may be a key figure by its side.

    A value alone tells what a figure is: two that are equal by chance are hidden together.
    """
    secret: frozenset[int] = frozenset()
    while True:
        found = set(secret)
        for counts in wholes:
            hidden = withheld(counts, minimum, secret)
            # « Moins de 5 » beside each part of a hidden whole would bound it: they are as silent as it is.
            found |= {counts[rank] for rank in hidden.parts if counts[rank] >= minimum or hidden.whole}
            found |= {sum(counts)} if hidden.whole else set()
        if found == secret:
            return secret
        secret = frozenset(found)


def near_wholes(counts: Collection[int], minimum: int, parted: Collection[Sequence[int]]) -> list[list[int]]:
    """Wholes and parts that nobody declared, among figures of their own: one that exceeds another by a small
    count may be the whole of it, and the reader would subtract. Those of `parted` are two
    parts of a same whole."""
    beside = {(part, other) for parts in parted for part in parts for other in parts}
    return [
        [part, whole - part]
        for whole in set(counts)
        for part in set(counts)
        if part and 0 < whole - part < minimum and (part, whole) not in beside
    ]
