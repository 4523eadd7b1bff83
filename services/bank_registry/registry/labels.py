"""French names of fields and of their values, as sentences about changes print them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from services.bank_registry.registry.fields import FIELDS, Kind
from services.bank_registry.registry.model import BankKind, Bounds, Contact
from services.bank_registry.registry.territory import Scope, Territory
from services.kit import french

LABELS: dict[tuple[type, str], str] = {
    (record, (field.path or field.name).partition(".")[0]): field.label
    for record, fields in FIELDS.items()
    for field in fields
    if field.label
}
"""The name of each attribute whose change is told, by type and attribute."""

_CENTS = {
    (field.path or field.name).partition(".")[0]
    for fields in FIELDS.values()
    for field in fields
    if field.kind is Kind.MONEY
}
KINDS = {
    BankKind.CREDIT_INSTITUTION: "établissement de crédit",
    BankKind.CREDIT_MUNICIPAL: "crédit municipal",
    BankKind.ASSOCIATION: "association",
    BankKind.FOUNDATION: "fondation",
}
SCOPES = {
    Scope.NATIONAL: "France entière",
    Scope.REGIONS: "régions",
    Scope.DEPARTEMENTS: "départements",
    Scope.EPCI: "intercommunalités",
    Scope.COMMUNES: "communes",
}
NOTHING = "rien"
MOST = 10
"""Codes of a territory that are printed; the others are counted."""


def shown(field: str, value: object) -> str:
    """A value as people read it."""
    match value:
        case None | "" | ():
            return NOTHING
        case BankKind():
            return KINDS[value]
        case Territory():
            return _territory(value)
        case Bounds():
            return _bounds(field, value)
        case tuple():
            return ", ".join(one.role if isinstance(one, Contact) else str(one) for one in value)
    return _plain(field, value)


def _plain(field: str, value: object) -> str:
    match value:
        case date():
            return french.long_date(value)
        case int() if field in _CENTS:
            return french.euros(value)
        case int() | Decimal():
            return french.number(value)
    return str(value)


def _bounds(field: str, bounds: Bounds[int] | Bounds[Decimal]) -> str:
    named = (("à partir de", bounds.least), ("jusqu’à", bounds.greatest))
    parts = [f"{word} {_plain(field, value)}" for word, value in named if value is not None]
    return " ".join(parts) or NOTHING


def _territory(territory: Territory) -> str:
    if not territory.codes:
        return SCOPES[territory.scope]
    codes = [*territory.codes[:MOST]]
    if len(territory.codes) > MOST:
        codes.append(french.plural(len(territory.codes) - MOST, "autre"))
    return f"{SCOPES[territory.scope]} {french.join(codes)}"
