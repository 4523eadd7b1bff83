"""The keys of lenders, agreements and reservations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, func, insert, select

from services.bank_registry.registry import LenderChange
from services.bank_registry.store import tables

MANY = 500
"""Lenders above which all the keys are read at once."""


class Keys:
    """The keys of some lenders, by bank id, and of their agreements, by bank id and agreement id."""

    def __init__(self, connection: Connection, bank_ids: Iterable[str]) -> None:
        self._connection = connection
        wanted = set(bank_ids)
        bank, agreement = tables.bank, tables.agreement
        banks = select(bank)
        agreements = select(bank.c.bank_id, agreement.c.agreement_id, agreement.c.agreement_key)
        agreements = agreements.join_from(bank, agreement)
        if len(wanted) <= MANY:
            banks = banks.where(bank.c.bank_id.in_(wanted))
            agreements = agreements.where(bank.c.bank_id.in_(wanted))
        self._banks: dict[str, int] = {row.bank_id: row.bank_key for row in connection.execute(banks)}
        self._agreements: dict[tuple[str, str], int] = {
            (row.bank_id, row.agreement_id): row.agreement_key for row in connection.execute(agreements)
        }

    def bank(self, bank_id: str) -> int:
        """The key of a lender."""
        return self._banks[bank_id]

    def agreement(self, bank_id: str, agreement_id: str) -> int:
        """The key of an agreement."""
        return self._agreements[bank_id, agreement_id]

    def create(self, changes: Iterable[LenderChange]) -> None:
        """Gives a key to what has none; the lock of the edit makes the next numbers free."""
        next_bank, next_agreement = (
            self._next(tables.bank.c.bank_key),
            self._next(tables.agreement.c.agreement_key),
        )
        banks: list[dict[str, Any]] = []
        agreements: list[dict[str, Any]] = []
        for record in (change.after for change in changes):
            bank_id = record.bank.id
            if bank_id not in self._banks:
                self._banks[bank_id] = next_bank + len(banks)
                banks.append({"bank_key": self._banks[bank_id], "bank_id": bank_id})
            for identity in dict.fromkeys((bank_id, agreement.id) for agreement in record.agreements):
                if identity not in self._agreements:
                    self._agreements[identity] = next_agreement + len(agreements)
                    names = {"bank_key": self._banks[bank_id], "agreement_id": identity[1]}
                    agreements.append({"agreement_key": self._agreements[identity], **names})
        for table, rows in ((tables.bank, banks), (tables.agreement, agreements)):
            if rows:
                self._connection.execute(insert(table), rows)

    def create_reservation(self, bank_id: str, agreement_id: str) -> int:
        """The key of a new reservation."""
        key = self._next(tables.reservation.c.reservation_key)
        row = {"reservation_key": key, "agreement_key": self.agreement(bank_id, agreement_id)}
        self._connection.execute(insert(tables.reservation), row)
        return key

    def _next(self, column: Column[Any]) -> int:
        return (self._connection.scalar(select(func.coalesce(func.max(column), 0))) or 0) + 1
