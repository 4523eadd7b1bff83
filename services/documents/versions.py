"""Versions of the same thing and the one in force on a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Protocol, TypeVar

from services.kit.french import long_date


class Versioned(Protocol):
    """What has an identifier, a version and a period of effect; `effective_until` is the last day."""

    @property
    def id(self) -> str:
        """Identifier, the same for every version."""

    @property
    def version(self) -> str:
        """Name of the version."""

    @property
    def effective_from(self) -> date:
        """First day."""

    @property
    def effective_until(self) -> date | None:
        """Last day; None = no end."""


Item = TypeVar("Item", bound=Versioned)


class Versions(dict[str, list[Item]]):
    """Versions by identifier, oldest first."""

    def __init__(self, items: Iterable[Item]) -> None:
        grouped: dict[str, list[Item]] = defaultdict(list)
        for item in sorted(items, key=lambda item: (item.id, item.effective_from)):
            grouped[item.id].append(item)
        super().__init__(grouped)

    def in_force(self, identifier: str, day: date) -> Item | None:
        """The version that governs `day`, if any."""
        return next((item for item in self[identifier] if governs(item, day)), None)

    def overlaps(self) -> Iterator[str]:
        """One French sentence for each pair of versions in force on the same day."""
        for items in self.values():
            for earlier, later in pairwise(items):
                if governs(earlier, later.effective_from):
                    yield (
                        f"{earlier.id}\u00a0: les versions {earlier.version} et {later.version} sont toutes "
                        f"deux en vigueur le {long_date(later.effective_from)}."
                    )


def governs(item: Versioned, day: date) -> bool:
    """Whether `item` is in force on `day`."""
    return item.effective_from <= day and (item.effective_until is None or day <= item.effective_until)
