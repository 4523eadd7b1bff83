"""French names of what the contract names in capitals, as tables write them."""

from __future__ import annotations

from services.bank_registry.registry.model import BankKind
from services.bank_registry.registry.territory import Scope

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
