"""A lender as a file states it, whatever the form of the file, and where each of its fields is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

UNREADABLE = object()
"""The value of a field whose cell was already refused: present, and worth no second complaint."""

_LAST_STEP = re.compile(r"(\.[^.\[]+|\[[0-9]+\]|^[^.\[]+)$")


class UnreadableFile(Exception):  # noqa: N818
    """Nothing of the file can be read: one French sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the file from 1 (0 in a JSON document, which has no lines), and a column or a path."""

    line: int
    column: str = ""

    def __str__(self) -> str:
        """`ligne 3, colonne SIREN`."""
        column = f"colonne « {self.column} »" if self.line else self.column
        return ", ".join(filter(None, (f"ligne {self.line}" if self.line else "", self.column and column)))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a place of a file: a stable code, a French sentence, the lender if it has a name."""

    place: Place
    code: str
    message: str
    bank: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """The values of a lender by field, as JSON writes them, and the places of its fields."""

    values: Mapping[str, object]
    place: Place
    places: Mapping[str, Place] = field(default_factory=dict)
    path: str = ""
    findings: tuple[Finding, ...] = ()

    def place_of(self, path: str) -> Place:
        """The place of a field, else of what holds it, else of the lender."""
        while path:
            if path in self.places:
                return self.places[path]
            path = _LAST_STEP.sub("", path)
        return self.place


@dataclass(frozen=True, slots=True)
class Content:
    """The lenders of a file, what is wrong beside them, and the groups of fields that it says nothing of."""

    items: tuple[Item, ...]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    without_agreements: bool = False
    without_conventions: bool = False
