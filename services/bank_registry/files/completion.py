"""What a table does not speak of stays as it is: a lender of a file, completed by what is known of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.bank_registry.files.reading import ReadLender
from services.bank_registry.registry import (
    AGREEMENT,
    ALWAYS,
    BANK,
    CONTACT,
    CONVENTION,
    SUSPENSION,
    BankRecord,
    Dated,
    Field,
    Kind,
    slug,
    version_on,
)

_LISTS = {"agreements": AGREEMENT, "local_conventions": CONVENTION}
_PARTS = {Kind.CONTACTS: CONTACT, Kind.SUSPENSIONS: SUSPENSION}


def completed(entry: ReadLender, absent: Mapping[str, Collection[str]], known: BankRecord) -> dict[str, Any]:
    """The statement of a lender, with the known values of the fields that no column gives."""
    stated = entry.item.statement
    found = _filled(stated, BANK, absent[""], known.banks)
    terms = stated.get("earlier_terms", ())
    found["earlier_terms"] = [_filled(one, BANK, absent[""], known.banks) for one in terms]
    for name, fields in _LISTS.items():
        versions = known.agreements if name == "agreements" else known.conventions
        found[name] = [
            _filled(one, fields, absent[name], _named(one, versions)) for one in stated.get(name, ())
        ]
    return found


def _named(part: Mapping[str, Any], versions: Sequence[Dated]) -> list[Dated]:
    """The known versions of what a part of a statement describes; without an id, its reference tells it."""
    name = part.get("id") or slug(part.get("reference") or "")
    return [one for one in versions if one.id == name or (not name and len(versions) == 1)]


def _filled(
    part: Mapping[str, Any], fields: Sequence[Field], absent: Collection[str], versions: Sequence[Dated]
) -> dict[str, Any]:
    """A part of a statement, completed by the version of its first day."""
    if not versions or not absent:
        return dict(part)
    version = version_on(versions, part.get("start_date"))
    return dict(part) | {field.name: _stated(field, version) for field in fields if field.name in absent}


def _stated(field: Field, record: object) -> Any:
    """The value of a field as a statement gives it."""
    value = field.of(record)
    if value == ALWAYS.first:
        return None
    if field.kind in _PARTS:
        return [{one.name: one.of(part) for one in _PARTS[field.kind]} for part in value]
    return value
