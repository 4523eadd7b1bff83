"""Reads the registry, with its past, in one transaction: whole, or what changed since a state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, func, select

from services.bank_registry.registry import (
    Agreement,
    Bank,
    BankHistory,
    Known,
    LocalConvention,
    Registry,
    Reservation,
    StateChange,
)
from services.bank_registry.store import tables
from services.bank_registry.store.rows import Row, record_of, reservation_of

Fact = TypeVar("Fact", Bank, Agreement, LocalConvention, Reservation)

MANY = 500
"""Changed lenders above which everything is read again."""


def load(connection: Connection) -> Registry:
    """The registry as the transaction sees it."""
    return Registry(_histories(connection, None), _instants(connection, 0))


def follow(connection: Connection, registry: Registry) -> Registry:
    """The registry as the transaction sees it, from an earlier one."""
    if last_state_number(connection) == registry.state_number:
        return registry
    change = tables.change
    changed = select(change.c.bank_key).where(change.c.revision > registry.state_number).distinct()
    keys = list(connection.scalars(changed.limit(MANY + 1)))
    if len(keys) > MANY:
        return load(connection)
    return registry.followed_by(_histories(connection, keys), _instants(connection, registry.state_number))


def last_state_number(connection: Connection) -> int:
    """The number of the last write; 0 in a new registry."""
    return connection.scalar(select(func.coalesce(func.max(tables.revision.c.revision), 0))) or 0


def _instants(connection: Connection, after: int) -> tuple[int, ...]:
    revision = tables.revision
    statement = select(revision.c.recorded_at).where(revision.c.revision > after)
    return tuple(connection.scalars(statement.order_by(revision.c.revision)))


def _histories(connection: Connection, keys: list[int] | None) -> dict[str, BankHistory]:
    """The histories of the lenders of these keys, of all without keys."""
    banks: dict[str, list[Known[Bank]]] = defaultdict(list)
    agreements: dict[str, list[Known[Agreement]]] = defaultdict(list)
    conventions: dict[str, list[Known[LocalConvention]]] = defaultdict(list)
    reservations: dict[str, list[Known[Reservation]]] = defaultdict(list)
    for row in _rows(connection, _banks(), keys):
        banks[row["bank_id"]].append(_known(record_of(Bank, row, row["bank_id"]), row))
    for row in _rows(connection, _agreements(), keys):
        agreements[row["bank_id"]].append(_known(record_of(Agreement, row, row["agreement_id"]), row))
    for row in _rows(connection, _conventions(), keys):
        conventions[row["bank_id"]].append(_known(record_of(LocalConvention, row), row))
    for row in _rows(connection, _reservations(), keys):
        reservations[row["bank_id"]].append(_known(reservation_of(row["agreement_id"], row), row))
    return {
        bank_id: BankHistory(
            tuple(known),
            tuple(agreements[bank_id]),
            tuple(conventions[bank_id]),
            tuple(reservations[bank_id]),
        )
        for bank_id, known in banks.items()
    }


def _banks() -> Select[Any]:
    version = tables.bank_version
    return _of_banks(version).order_by("bank_id", version.c.start_date)


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
    return _of_banks(version).order_by(version.c.start_date)


def _reservations() -> Select[Any]:
    agreement, reservation = tables.agreement, tables.reservation
    return (
        select(tables.bank.c.bank_id, agreement.c.agreement_id, tables.reservation_version)
        .join_from(tables.bank, agreement)
        .join(reservation)
        .join(tables.reservation_version)
        .order_by(reservation.c.reservation_key)
    )


def _of_banks(version: Table) -> Select[Any]:
    return select(tables.bank.c.bank_id, version).join_from(tables.bank, version)


def _rows(connection: Connection, statement: Select[Any], keys: list[int] | None) -> Iterator[Row]:
    if keys is not None:
        statement = statement.where(tables.bank.c.bank_key.in_(keys))
    rows = connection.execute(statement)
    names = list(rows.keys())
    yield from (dict(zip(names, row, strict=True)) for row in rows)


def _known(fact: Fact, row: Row) -> Known[Fact]:
    return Known(fact, row["recorded_from"], row["recorded_to"])


def changes(connection: Connection, first: int, last: int) -> list[StateChange]:
    """The states from `first` to `last`, both included, in order."""
    revision, change = tables.revision, tables.change
    names: dict[int, list[str]] = defaultdict(list)
    changed = select(change.c.revision, change.c.name).where(change.c.revision.between(first, last))
    for row in connection.execute(changed.order_by(change.c.revision, change.c.name)):
        names[row.revision].append(row.name)
    rows = select(revision).where(revision.c.revision.between(first, last)).order_by(revision.c.revision)
    return [_change(row, tuple(names[row.revision])) for row in connection.execute(rows)]


def changes_of(connection: Connection, bank_id: str, last: int) -> list[StateChange]:
    """The states, up to `last`, that changed a lender or what it holds, latest first; without names."""
    revision, change, bank = tables.revision, tables.change, tables.bank
    touched = (
        select(change.c.revision)
        .join_from(change, bank, change.c.bank_key == bank.c.bank_key)
        .where(bank.c.bank_id == bank_id, change.c.revision <= last)
    )
    rows = select(revision).where(revision.c.revision.in_(touched)).order_by(revision.c.revision.desc())
    return [_change(row, ()) for row in connection.execute(rows)]


def _change(row: Any, names: tuple[str, ...]) -> StateChange:
    return StateChange(row.revision, row.recorded_at, row.actor, row.method, row.reason, names)
