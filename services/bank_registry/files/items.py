"""A lender as a file states it, whatever the form of the file, and where each of its fields is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.bank_registry.registry import AGREEMENT, BANK, CONTACT, CONVENTION
from services.kit import french
from services.kit.tables import UnreadableFile

MAX_FINDINGS = 20_000
KEYS = {one.name: one.json for one in (*BANK, *AGREEMENT, *CONVENTION, *CONTACT)}
"""The names of fields in the JSON form."""

_NAME = re.compile("[a-z_]+")


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A line of the file from 1 (0 in a JSON document, which has no lines), and a column or a path."""

    line: int
    column: str = ""

    def __str__(self) -> str:
        """`ligne 3, colonne SIREN`."""
        column = f"colonne « {self.column} »" if self.line else self.column
        return ", ".join(filter(None, (f"ligne {self.line}" if self.line else "", self.column and column)))


@dataclass(frozen=True, slots=True)
class FileFinding:
    """Something about a place of a file: a stable code, a French sentence, the lender if it has a name."""

    place: FilePlace
    code: str
    message: str
    bank: str = ""


def too_many(first: FileFinding) -> UnreadableFile:
    """The refusal of a file with more mistakes than anyone would read."""
    count, line = french.number(MAX_FINDINGS), first.place.line
    return UnreadableFile(
        f"Le fichier a plus de {count} erreurs{f' ; la première : ligne {line}' if line else ''}."
    )


@dataclass(frozen=True, slots=True)
class Item:
    """The statement of a lender, what of it could not be read, and where its fields are.

    A table has the `lines` of its lists (`agreements[0]`) and the `names` of its columns by list and field;
    a JSON form has neither, and the path of the lender in it.
    """

    statement: Mapping[str, Any]
    line: int
    path: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    findings: tuple[FileFinding, ...] = ()

    def place_of(self, path: str) -> FilePlace:
        """The cell of a field in a table, else its line and its path in the JSON form."""
        if not self.names:
            written = _NAME.sub(lambda found: KEYS.get(found[0], found[0]), path)
            return FilePlace(self.line, ".".join(filter(None, (self.path, written))))
        prefix, _, rest = path.partition(".")
        if prefix not in self.lines:
            prefix, rest = "", path
        name = (prefix.partition("[")[0], re.split(r"[.\[]", rest)[0])
        return FilePlace(self.lines.get(prefix, self.line), self.names.get(name, ""))


def identifier(statement: Mapping[str, Any]) -> str:
    """The id that a statement gives to its lender, right or not; empty if it gives none."""
    value = statement.get("id")
    return value.strip() if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Content:
    """The lenders of a file, what is wrong beside them, and the groups of fields that it says nothing of."""

    items: tuple[Item, ...]
    findings: tuple[FileFinding, ...] = ()
    warnings: tuple[FileFinding, ...] = ()
    without_agreements: bool = False
    without_conventions: bool = False
    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The fields that no column gives, by list of the statement: they stay as they are."""
