"""French names of fields and of their values, as sentences about changes print them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from services.bank_registry.registry.model import (
    Agreement,
    Bank,
    BankKind,
    Bounds,
    Contact,
    LocalConvention,
)
from services.bank_registry.registry.territory import Scope, Territory
from services.kit import french

_BANK = {
    "name": "nom",
    "kind": "nature",
    "siren": "SIREN",
    "siret": "SIRET",
    "cib": "code banque",
    "bic": "BIC",
    "lei": "LEI",
    "network": "réseau",
    "successor": "repreneur",
}
_AGREEMENT = {
    "reference": "référence",
    "manager": "gestionnaire du fonds",
    "territory": "territoire",
    "guarantee_share": "part garantie (%)",
    "envelope": "enveloppe",
    "committed": "montant engagé ailleurs",
    "amount": "montants acceptés",
    "months": "durées acceptées (mois)",
    "rate": "taux acceptés (%)",
    "accepted_objects": "objets acceptés",
    "verified_on": "dernière vérification",
    "evidence": "pièce",
    "rate_rule": "règle de taux",
}
_CONVENTION = {
    "reference": "référence",
    "contact_name": "service destinataire",
    "address_lines": "adresse",
    "postal_code": "code postal",
    "city": "ville",
    "email": "adresse électronique",
    "phone": "téléphone",
    "answer_days": "délai de réponse (jours)",
    "contacts": "contacts",
}
LABELS: dict[tuple[type, str], str] = {
    (fact, field): label
    for fact, labels in ((Bank, _BANK), (Agreement, _AGREEMENT), (LocalConvention, _CONVENTION))
    for field, label in labels.items()
}
"""The name of each field whose change is told, by type and field."""

_CENTS = ("amount", "envelope", "committed")
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
