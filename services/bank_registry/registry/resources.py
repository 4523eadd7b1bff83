"""Resource names of what the registry holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from services.bank_registry.registry.model import Agreement, Bank, LocalConvention, Reservation

Stated = Bank | Agreement | LocalConvention | Reservation
"""A version of what the registry holds of a lender, or a reservation."""


def bank_name(bank_id: str) -> str:
    """`banks/{bank}`."""
    return f"banks/{bank_id}"


def name_of(bank_id: str, fact: Stated) -> str:
    """The name of the lender, or of what it holds, that a fact is about."""
    match fact:
        case Bank():
            return bank_name(bank_id)
        case Agreement():
            return agreement_name(bank_id, fact.id)
        case LocalConvention():
            return convention_name(bank_id, fact.id)
        case Reservation():
            return f"{agreement_name(bank_id, fact.agreement_id)}/reservations/{fact.id}"


def agreement_name(bank_id: str, agreement_id: str) -> str:
    """`banks/{bank}/agreements/{agreement}`."""
    return f"banks/{bank_id}/agreements/{agreement_id}"


def convention_name(bank_id: str, convention_id: str) -> str:
    """`banks/{bank}/localConventions/{local_convention}`."""
    return f"banks/{bank_id}/localConventions/{convention_id}"


def etag(facts: Sequence[Stated]) -> str:
    """Changes with the versions of a resource, quoted as AIP-154 asks."""
    return f'"{hashlib.sha256(repr(tuple(facts)).encode()).hexdigest()[:20]}"'
