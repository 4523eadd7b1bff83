"""What the audit keeps of a lender or of a reservation: JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.bank_registry.registry import BankRecord, Reservation
from services.bank_registry.store.rows import (
    reservation_values,
    values_of,
)

FORMAT = 2
"""Form of these documents; a change of columns is a new number."""


def bank_document(record: BankRecord) -> dict[str, Any]:
    """A lender with its agreements and conventions."""
    return {
        "format": FORMAT,
        "banks": [_plain(values_of(bank)) for bank in record.banks],
        "agreements": [{"id": one.id, **_plain(values_of(one))} for one in record.agreements],
        "conventions": [_plain(values_of(one)) for one in record.conventions],
    }


def reservation_document(reservation: Reservation) -> dict[str, Any]:
    """A reservation."""
    return {"format": FORMAT, **_plain(reservation_values(reservation))}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
