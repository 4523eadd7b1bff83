"""Reads the whole registry, with its past, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, func, select

from services.bank_registry.registry.history import BankHistory, Known, Registry
from services.bank_registry.registry.model import Agreement, Bank, LocalConvention
from services.bank_registry.store import tables
from services.bank_registry.store.rows import Row, agreement_of, bank_of, convention_of

Fact = TypeVar("Fact", Bank, Agreement, LocalConvention)


def load(connection: Connection) -> Registry:
    """The registry as the transaction sees it."""
    instants = select(tables.revision.c.recorded_at).order_by(tables.revision.c.revision)
    banks: dict[str, list[Known[Bank]]] = defaultdict(list)
    agreements: dict[str, list[Known[Agreement]]] = defaultdict(list)
    conventions: dict[str, list[Known[LocalConvention]]] = defaultdict(list)
    for row in _rows(connection, _banks()):
        banks[row["bank_id"]].append(_known(bank_of(row["bank_id"], row), row))
    for row in _rows(connection, _agreements()):
        agreements[row["bank_id"]].append(_known(agreement_of(row["agreement_id"], row), row))
    for row in _rows(connection, _conventions()):
        conventions[row["bank_id"]].append(_known(convention_of(row), row))
    histories = {
        bank_id: BankHistory(tuple(known), tuple(agreements[bank_id]), tuple(conventions[bank_id]))
        for bank_id, known in banks.items()
    }
    return Registry(histories, tuple(connection.scalars(instants)))


def last_revision(connection: Connection) -> int:
    """The number of the last write; 0 in a new registry."""
    return connection.scalar(select(func.coalesce(func.max(tables.revision.c.revision), 0))) or 0


def _banks() -> Select[Any]:
    version = tables.bank_version
    return select(tables.bank.c.bank_id, version).join_from(tables.bank, version).order_by("bank_id")


def _agreements() -> Select[Any]:
    agreement, version = tables.agreement, tables.agreement_version
    return (
        select(tables.bank.c.bank_id, agreement.c.agreement_id, version)
        .join_from(tables.bank, agreement)
        .join(version)
        .order_by(agreement.c.agreement_id, version.c.start_date)
    )


def _conventions() -> Select[Any]:
    version = tables.local_convention_version
    return (
        select(tables.bank.c.bank_id, version).join_from(tables.bank, version).order_by(version.c.start_date)
    )


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Row]:
    for row in connection.execute(statement):
        yield row._asdict()


def _known(fact: Fact, row: Row) -> Known[Fact]:
    return Known(fact, row["recorded_from"], row["recorded_to"])
