"""Reads the filters of lists and searches."""

from __future__ import annotations

from microcredit.bankregistry.v1 import bank_pb2, envelope_service_pb2
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.messages.requests import commune_of
from services.bank_registry.registry import (
    BankKind,
    BankState,
    Departement,
    Geography,
    ReservationState,
    Wanted,
)
from services.kit import wire
from services.kit.errors import FieldReason, Violations

LONGEST_QUERY = 100


def wanted(request: pb.ListBanksRequest, geography: Geography, violations: Violations) -> Wanted:
    """The filters on lenders."""
    commune = None
    if request.commune_insee:
        commune = commune_of(request.commune_insee, "commune_insee", geography, violations)
    kinds = [_known(bank_pb2.BankKind, one, "kinds", violations) for one in request.kinds]
    states = [_known(pb.BankState, one, "states", violations) for one in request.states]
    return Wanted(
        wire.line(request.query, "query", violations, longest=LONGEST_QUERY),
        frozenset(BankKind(name.removeprefix("BANK_KIND_")) for name in kinds if name),
        frozenset(BankState(name.removeprefix("BANK_STATE_")) for name in states if name),
        commune,
        wire.line(request.manager, "manager", violations, longest=LONGEST_QUERY),
        request.verification_due_only,
    )


def reservation_states(
    request: envelope_service_pb2.ListReservationsRequest, violations: Violations
) -> frozenset[ReservationState]:
    """The states asked for; empty = all."""
    enum = envelope_service_pb2.ReservationState
    found = [_known(enum, one, "states", violations) for one in request.states]
    return frozenset(ReservationState(name.removeprefix("RESERVATION_STATE_")) for name in found if name)


def commune_query(
    request: pb.SearchCommunesRequest, geography: Geography, violations: Violations
) -> tuple[str, Departement | None]:
    """What to look for, and in which département (None = all)."""
    query = wire.line(request.query, "query", violations, longest=LONGEST_QUERY, required=True)
    code = request.departement_code.strip().upper()
    departement = geography.departement(code)
    if code and departement is None:
        text = "Ce code n’est pas celui d’un département, comme 56, 2A ou 974."
        violations.add("departement_code", FieldReason.UNKNOWN_PLACE, text)
    return query, departement


def _known(enum: object, number: int, path: str, violations: Violations) -> str:
    """The name of a value, empty with a violation if it is none."""
    values = enum.DESCRIPTOR.values_by_number  # type: ignore[attr-defined]
    if number == 0 or number not in values:
        violations.add(path, FieldReason.UNKNOWN_VALUE, "Cette valeur n’est pas l’une de celles de la liste.")
        return ""
    return str(values[number].name)
