"""The numbers that stand for lenders, agreements and reservations in the tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, Table, func, insert, select

from services.bank_registry.registry import (
    Agreement,
    Bank,
    BankRecord,
    LenderChange,
    LocalConvention,
    Reservation,
    Stated,
)
from services.bank_registry.store import tables
from services.bank_registry.store.rows import Told, reservation_values, values_of

Row = dict[str, Any]

MANY = 500
"""Lenders above which all the keys are read at once."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of some lenders, by bank id, and of their agreements, by bank id and agreement id."""

    banks: dict[str, int] = field(default_factory=dict)
    agreements: dict[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection, bank_ids: Iterable[str]) -> Keys:
        """The keys of the lenders of some ids that have one."""
        wanted = set(bank_ids)
        bank, agreement = tables.bank, tables.agreement
        banks = select(bank)
        agreements = select(bank.c.bank_id, agreement.c.agreement_id, agreement.c.agreement_key)
        agreements = agreements.join_from(bank, agreement)
        if len(wanted) <= MANY:
            banks = banks.where(bank.c.bank_id.in_(wanted))
            agreements = agreements.where(bank.c.bank_id.in_(wanted))
        return cls(
            {row.bank_id: row.bank_key for row in connection.execute(banks)},
            {(row.bank_id, row.agreement_id): row.agreement_key for row in connection.execute(agreements)},
        )

    def given_to(self, record: BankRecord, next_bank: int, next_agreement: int) -> dict[Table, list[Row]]:
        """Numbers what of a lender has no key, from the next ones; the rows that say so."""
        bank_id, rows = record.bank.id, {tables.bank: list[Row](), tables.agreement: list[Row]()}
        if bank_id not in self.banks:
            self.banks[bank_id] = next_bank
            rows[tables.bank].append({"bank_key": next_bank, "bank_id": bank_id})
        for identity in dict.fromkeys((bank_id, agreement.id) for agreement in record.agreements):
            if identity not in self.agreements:
                self.agreements[identity] = key = next_agreement + len(rows[tables.agreement])
                names = {"bank_key": self.banks[bank_id], "agreement_id": identity[1]}
                rows[tables.agreement].append({"agreement_key": key, **names})
        return rows

    def create(self, connection: Connection, changes: Iterable[LenderChange]) -> None:
        """Gives a key to what has none; the lock of the edit makes the next numbers free."""
        firsts = [
            _next(connection, column) for column in (tables.bank.c.bank_key, tables.agreement.c.agreement_key)
        ]
        created: dict[Table, list[Row]] = {tables.bank: [], tables.agreement: []}
        for change in changes:
            nexts = (first + len(rows) for first, rows in zip(firsts, created.values(), strict=True))
            for table, rows in self.given_to(change.after, *nexts).items():
                created[table] += rows
        for table, rows in created.items():
            if rows:
                connection.execute(insert(table), rows)

    def create_reservation(self, connection: Connection, bank_id: str, agreement_id: str) -> int:
        """The key of a new reservation."""
        key = _next(connection, tables.reservation.c.reservation_key)
        row = {"reservation_key": key, "agreement_key": self.agreements[bank_id, agreement_id]}
        connection.execute(insert(tables.reservation), row)
        return key


def _next(connection: Connection, column: Column[Any]) -> int:
    return (connection.scalar(select(func.coalesce(func.max(column), 0))) or 0) + 1


def version_row(
    keys: Keys, bank_id: str, fact: Stated, told: Told
) -> tuple[Table, dict[str, int], dict[str, Any]]:
    """The table of a fact, its key, and its other columns, whose free texts are kept as `told` says."""
    match fact:
        case Bank():
            return tables.bank_version, {"bank_key": keys.banks[bank_id]}, values_of(fact, told)
        case Agreement():
            key = {"agreement_key": keys.agreements[bank_id, fact.id]}
            return tables.agreement_version, key, values_of(fact, told)
        case LocalConvention():
            return tables.local_convention_version, {"bank_key": keys.banks[bank_id]}, values_of(fact, told)
        case Reservation():
            return tables.reservation_version, {"reservation_key": fact.id}, reservation_values(fact)
