"""The header of a table: which column is where, and every mistake at once."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from services.bank_registry.files.columns import COLUMNS, Column, Group, find
from services.bank_registry.registry import fold
from services.kit import french
from services.kit.tables import Bad, UnreadableFile

_CLOSE = 0.6


def read_header(cells: Sequence[object]) -> dict[int, Column]:
    """The columns by position; a whole group may be absent, but not a part of what it requires."""
    names = [str(cell).strip() if not isinstance(cell, Bad) else "" for cell in cells]
    found = {index: column for index, name in enumerate(names) if (column := find(name))}
    if not found:
        raise UnreadableFile(
            "L’en-tête manque : la première ligne doit nommer les colonnes (identifiant, nom, type…), "
            "comme dans le modèle que donne « bank-registry template »."
        )
    sentences = [*_unknown(names, found), *_repeated(found), *_missing(found)]
    if sentences:
        raise UnreadableFile(f"L’en-tête ne va pas : {' '.join(sentences)}")
    return found


def absent(found: dict[int, Column], group: Group) -> list[str]:
    """The names of the columns of a group that are not in the header."""
    present = set(found.values())
    return [column.name for column in COLUMNS if column.group is group and column not in present]


def _unknown(names: Sequence[str], found: dict[int, Column]) -> list[str]:
    free = {fold(column.name): column.name for column in COLUMNS if column not in set(found.values())}
    sentences = []
    for index, name in enumerate(names):
        if index in found or not name:
            continue
        near = get_close_matches(fold(name), free, n=1, cutoff=_CLOSE)
        hint = f" ; vouliez-vous dire « {free[near[0]]} » ?" if near else "."
        sentences.append(f"La colonne « {name[:40]} » n’existe pas{hint}")
    return sentences


def _repeated(found: dict[int, Column]) -> list[str]:
    columns = list(found.values())
    repeated = dict.fromkeys(column.name for column in columns if columns.count(column) > 1)
    return [f"La colonne « {name} » est deux fois." for name in repeated]


def _missing(found: dict[int, Column]) -> list[str]:
    present = {column.group for column in found.values()} | {Group.LENDER}
    names = [
        f"« {column.name} »"
        for column in COLUMNS
        if column.required and column.group in present and column not in set(found.values())
    ]
    if not names:
        return []
    subject = "Il manque la colonne" if len(names) == 1 else "Il manque les colonnes"
    return [f"{subject} {french.join(names)}."]
