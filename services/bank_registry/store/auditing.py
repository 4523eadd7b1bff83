"""Reads the audit, and compares every row of the registry with what it says was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Table, or_, select

from services.bank_registry.store import tables
from services.bank_registry.store.guards import CHANGING
from services.bank_registry.store.raw import form, stored_rows
from services.bank_registry.store.replay import Replay, Written, replay
from services.bank_registry.store.rows import FREE, texts_in
from services.bank_registry.store.texts import Texts, key_of
from services.kit.context import check_deadline

AuditRow = Row[Any]

_CHAINS = frozenset({tables.audit, tables.clock_audit})
"""Tables that are verified as chains."""


class Kind(StrEnum):
    """How a row differs from what was written; one of an earlier form of the audit cannot be compared,
    and one whose texts have lost their keys cannot be read."""

    ALTERED = "ALTERED"
    MISSING = "MISSING"
    UNKNOWN = "UNKNOWN"
    NOT_COMPARED = "NOT_COMPARED"
    UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True, order=True)
class RowFinding:
    """A row that is not what was written: of which resource, by which state (0 = none), and which column."""

    name: str
    state_number: int
    table: str
    column: str
    kind: Kind


def entries(connection: Connection, resource: str, offset: int, size: int, last: int) -> list[AuditRow]:
    """Rows of the audit up to the number `last`, oldest first, of a resource and of what it holds."""
    table = tables.audit
    statement = select(table).where(table.c.seq <= last).order_by(table.c.seq)
    if resource:
        inside = table.c.resource.startswith(f"{resource}/", autoescape=True)
        statement = statement.where(or_(table.c.resource == resource, inside))
    return list(connection.execute(statement.offset(offset).limit(size)))


def altered(connection: Connection, texts: Texts) -> list[RowFinding]:
    """Every row that is not what a chain that is whole says was written, or whose texts cannot be read though
    nobody redacted them."""
    found = replay(connection)
    older = {RowFinding(name, 0, "", "", Kind.NOT_COMPARED) for name in found.older}
    compared = (table for table in tables.metadata.sorted_tables if table.name not in CHANGING)
    rows = (one for table in compared if table not in _CHAINS for one in _table(connection, table, found))
    lost = _unreadable(found, texts)
    return sorted({*older, *lost, *(one for one in rows if one.name not in found.older)})


def _unreadable(replayed: Replay, texts: Texts) -> Iterator[RowFinding]:
    """The rows of texts whose key is gone without a redaction."""
    gone = {written.values["case_id"] for written in replayed.rows.get(tables.redacted_key, [])}
    free = [(table, name) for table in replayed.rows for name in (*FREE, "reason") if name in table.c]
    places: dict[str, RowFinding] = {}
    for table, name in free:
        for written in replayed.rows[table]:
            place = RowFinding(written.name, written.state_number, table.name, name, Kind.UNREADABLE)
            for kept in texts_in(name, written.values[name]):
                if key_of(kept) not in gone:
                    places.setdefault(kept, place)
    return (places[kept] for kept in texts.missing(places))


def _table(connection: Connection, table: Table, replayed: Replay) -> Iterator[RowFinding]:
    forms = {column.name: form(connection, column.type) for column in table.columns}
    keys = [column.name for column in table.primary_key.columns]
    expected: dict[tuple[Any, ...], tuple[Written, dict[str, Any]]] = {}
    for written in replayed.rows.get(table, []):
        values = {name: form(written.values[name]) for name, form in forms.items()}
        expected[tuple(values[name] for name in keys)] = (written, values)
    check_deadline()
    for row in stored_rows(connection, table):
        found = expected.pop(tuple(row[name] for name in keys), None)
        if found is None:
            yield RowFinding(*_origin(row, keys, replayed), table.name, "", Kind.UNKNOWN)
            continue
        written, values = found
        for name, value in values.items():
            if type(row[name]) is not type(value) or row[name] != value:
                yield RowFinding(written.name, written.state_number, table.name, name, Kind.ALTERED)
    for written, _ in expected.values():
        yield RowFinding(written.name, written.state_number, table.name, "", Kind.MISSING)


def _origin(row: dict[str, Any], keys: list[str], replayed: Replay) -> tuple[str, int]:
    """What can be said of a row that nobody wrote: whose it would be, and of which state."""
    names = (replayed.names.get((name, row[name])) for name in row if name.endswith("_key") or name in keys)
    name = next(filter(None, names), "/".join(str(row[key]) for key in keys))
    instant = row.get("recorded_from", row.get("recorded_at"))
    # A name that is not UTF-8 is told by what can be read of it.
    return name.encode(errors="replace").decode(), replayed.states.get(instant, 0) if isinstance(
        instant, int
    ) else 0
