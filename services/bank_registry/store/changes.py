"""What each state changed, by whom and why."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, select

from services.bank_registry.registry import StateChange
from services.bank_registry.store import tables


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


def _change(row: Row[Any], names: tuple[str, ...]) -> StateChange:
    return StateChange(row.revision, row.recorded_at, row.actor, row.method, row.reason, names)
