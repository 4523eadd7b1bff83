"""Gives the hour of today to what a clock ahead dated in the future; its order stays, and all else of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, or_, select, update

from services.bank_registry.registry import STILL_KNOWN
from services.bank_registry.store import tables
from services.bank_registry.store.append_only import lift_append_only, make_append_only

_DATED: Mapping[Table, tuple[str, ...]] = {
    tables.revision: ("recorded_at",),
    tables.bank_version: ("recorded_from", "recorded_to"),
    tables.agreement_version: ("recorded_from", "recorded_to"),
    tables.local_convention_version: ("recorded_from", "recorded_to"),
    tables.reservation_version: ("recorded_from", "recorded_to"),
}
"""The columns of instants that states give, by table."""


def redated(connection: Connection, now: int) -> dict[int, int]:
    """Gives instants of before `now` to the states that are after it; returns the former ones and these."""
    recorded_at = tables.revision.c.recorded_at
    query = select(recorded_at).order_by(tables.revision.c.revision)
    former = list(connection.scalars(query.where(recorded_at > now)))
    last = max(connection.scalars(query.where(recorded_at <= now)), default=0)
    first = max(last + 1, now - len(former))
    instants = {one: first + place for place, one in enumerate(former)}
    for table, columns in _DATED.items() if instants else ():
        lift_append_only(connection, table.name)
        _redate(connection, table, columns, instants)
        make_append_only(connection, table.name)
    return instants


def _redate(
    connection: Connection, table: Table, columns: tuple[str, ...], instants: Mapping[int, int]
) -> None:
    future = or_(*(table.c[name].between(min(instants), STILL_KNOWN - 1) for name in columns))
    # From the oldest: no version overlaps the next one, which has not moved yet.
    rows = connection.execute(select(table).where(future).order_by(table.c[columns[0]])).mappings().all()
    for row in map(dict, rows):
        here = [column == row[column.name] for column in table.primary_key.columns]
        connection.execute(update(table).where(*here).values(moved(row, instants)))


def moved(row: Mapping[str, Any], instants: Mapping[int, int]) -> dict[str, int]:
    """The instants of a row that are among the former ones, as they are now."""
    columns = {name for names in _DATED.values() for name in names}
    return {name: instants[row[name]] for name in columns & set(row) if row[name] in instants}
