"""Reads resource names."""

from __future__ import annotations

import re

from services.bank_registry.registry import ID
from services.kit.errors import FieldReason, Violations

BANK_PREFIX = "banks/"
ALL = "-"
"""In "banks/-": every lender."""

_ID = f"({ID.pattern.replace('(', '(?:')})"
_BANK = re.compile(f"banks/{_ID}")
_AGREEMENT = re.compile(f"{_BANK.pattern}/agreements/{_ID}")
_CONVENTION = re.compile(f"{_BANK.pattern}/localConventions/{_ID}")
_RESERVATION = re.compile(f"{_AGREEMENT.pattern}/reservations/([1-9][0-9]{{0,17}})")


def bank_id(name: str, violations: Violations, field: str = "name") -> str:
    """The id in a name "banks/{bank}"."""
    return _parts(_BANK, name, field, "Le nom du prêteur s’écrit « banks/identifiant ».", violations)[0]


def any_bank_id(name: str, violations: Violations, field: str = "parent") -> str:
    """The id in a name "banks/{bank}", or ALL."""
    return ALL if name == f"banks/{ALL}" else bank_id(name, violations, field)


def agreement_ids(name: str, violations: Violations, field: str = "name") -> tuple[str, str]:
    """The ids of the lender and of the agreement in "banks/{bank}/agreements/{agreement}"."""
    text = "Le nom d’un accord s’écrit « banks/identifiant/agreements/identifiant »."
    bank, agreement = _parts(_AGREEMENT, name, field, text, violations)
    return bank, agreement


def convention_ids(name: str, violations: Violations, field: str = "name") -> tuple[str, str]:
    """The ids of the lender and of the convention in "banks/{bank}/localConventions/{local_convention}"."""
    text = "Le nom d’une convention s’écrit « banks/identifiant/localConventions/identifiant »."
    bank, convention = _parts(_CONVENTION, name, field, text, violations)
    return bank, convention


def reservation_ids(name: str, violations: Violations) -> tuple[str, str, int]:
    """The ids of the lender, of the agreement and of the reservation in "…/reservations/{reservation}"."""
    text = (
        "Le nom d’une réservation s’écrit « banks/identifiant/agreements/identifiant/reservations/numéro »."
    )
    bank, agreement, number = _parts(_RESERVATION, name, "name", text, violations)
    return bank, agreement, int(number or 0)


def _parts(
    form: re.Pattern[str], name: str, field: str, text: str, violations: Violations
) -> tuple[str, ...]:
    found = form.fullmatch(name)
    if found is None:
        violations.add(field, FieldReason.MALFORMED, text)
        return ("",) * form.groups
    return found.groups()
