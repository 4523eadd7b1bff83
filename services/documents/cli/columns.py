"""The columns of a table of recipients: each is a datum of the contract, by its path or its French name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from services.documents.contract import CONTRACT
from services.documents.template import Field, by_words, make_fields, spoken
from services.kit.cli import CommandError, Detail

KEY_COLUMNS = ("clé", "cle", "key")
STEP = re.compile(r"([a-z_]+)(?:\[(\d{1,3})\])?")
"""A step of a path: a name, and the rank of an item of a list."""

_MAY_LACK = "?"


@dataclass(frozen=True)
class Column:
    """A column: its title, the path and the field of its datum, and whether it may be left blank."""

    title: str
    path: str
    field: Field
    optional: bool

    @property
    def group(self) -> str:
        """The group of the dossier that the column belongs to."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


class Headers:
    """What the titles of columns may be."""

    def __init__(self) -> None:
        self._fields = {name: one for name, one in make_fields().items() if CONTRACT.knows(name)}

    @cached_property
    def _words(self) -> Mapping[str, str]:
        return by_words(self._fields)

    def read(self, titles: Sequence[str]) -> dict[int, Column]:
        """The column of each title; CommandError with those that name no datum, or a datum named twice."""
        columns: dict[int, Column] = {}
        wrong: list[Detail] = []
        seen: set[str] = set()
        for rank, title in enumerate(titles):
            found = None if is_key(title) else self._column(title)
            name = "clé" if is_key(title) else found.path if found else title
            if name and name in seen:
                wrong.append(Detail(title, "cette donnée est déjà dans une autre colonne du tableau"))
            elif found is not None:
                columns[rank] = found
            elif title and not is_key(title):
                wrong.append(Detail(title, self._unknown(title)))
            seen.add(name)
        if wrong:
            raise CommandError(
                "Le tableau a des colonnes inconnues ou répétées ; « documents columns » les liste.",
                reason="COLUMNS",
                details=tuple(wrong),
            )
        return columns

    def knows(self, title: str) -> bool:
        """Whether a title is that of a column."""
        return is_key(title) or self._column(title) is not None

    def _column(self, title: str) -> Column | None:
        name = title.strip().removesuffix(_MAY_LACK).strip()
        spelt = name if self._field(name) else name.lower()
        path = spelt if self._field(spelt) else self._words.get(spoken(name), "")
        field = self._field(path)
        if field is None or field.kind in ("image", "object", "list"):
            return None
        return Column(title.strip(), path, field, title.strip().endswith(_MAY_LACK))

    def _unknown(self, title: str) -> str:
        near = get_close_matches(spoken(title), self._words, 1, 0.75)
        said = f" ; vouliez-vous dire « {near[0]} » ({self._words[near[0]]}) ?" if near else ""
        return f"aucune donnée du contrat ne porte ce nom{said}"

    def _field(self, path: str) -> Field | None:
        """The field of a path "budget.incomes[0].amount"."""
        found: Field | None = None
        for step in path.split("."):
            match = STEP.fullmatch(step)
            below = self._fields if found is None else found.fields
            if match is None or match[1] not in below:
                return None
            found = below[match[1]]
            if match[2] is not None:
                if found.item is None:
                    return None
                found = found.item
        return found


def is_key(title: str) -> bool:
    """Whether a column names the rows."""
    return title.strip().lower() in KEY_COLUMNS
