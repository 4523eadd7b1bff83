"""Ids and resource names of what the registry holds; names compared as people write them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from services.bank_registry.registry.geography import fold
from services.bank_registry.registry.model import Agreement, Bank, LocalConvention, Reservation

ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
AGREEMENT_NAME = re.compile(f"banks/(?P<bank>{ID.pattern})/agreements/(?P<agreement>{ID.pattern})")
LONGEST_ID = 63
SUGGESTIONS = 3


def slug(name: str) -> str:
    """An id made from a name: `banque-fictive-de-l-oust`; empty if the name has no letter or digit."""
    return fold(name).replace(" ", "-")[:LONGEST_ID].strip("-")


def closest(bank_id: str, banks: Iterable[Bank]) -> list[Bank]:
    """The lenders whose id or name looks most like an id."""
    by_key = {key: bank for bank in banks for key in (bank.id, slug(bank.name))}
    matches = get_close_matches(bank_id, by_key, n=2 * SUGGESTIONS)
    return list({by_key[match].id: by_key[match] for match in matches}.values())[:SUGGESTIONS]


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
