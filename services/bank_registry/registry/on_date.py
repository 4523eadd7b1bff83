"""What is true of the lenders on one day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from services.bank_registry.registry.model import BankRecord


def as_of_day(records: Iterable[BankRecord], day: date) -> list[BankRecord]:
    """The lenders of a day, with their terms, agreements and conventions of that day only."""
    found = (
        replace(
            record,
            banks=tuple(bank for bank in record.banks if day in bank.period),
            agreements=tuple(one for one in record.agreements if day in one.period),
            conventions=tuple(one for one in record.conventions if day in one.period),
        )
        for record in records
    )
    return [record for record in found if record.banks]
