"""Reads the audit, and compares the registry with what it says was written."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from services.bank_registry.registry import bank_name, name_of
from services.bank_registry.store import tables
from services.bank_registry.store.loading import load
from services.bank_registry.store.rows import FORMAT, bank_document, reservation_document
from services.kit.canonical import canonical

AuditRow = Row[Any]

_EMPTY: tuple[object, ...] = (None, "", [])


def entries(connection: Connection, resource: str, offset: int, size: int, last: int) -> list[AuditRow]:
    """Rows of the audit up to the number `last`, oldest first, of a resource and of what it holds."""
    table = tables.audit
    statement = select(table).where(table.c.seq <= last).order_by(table.c.seq)
    if resource:
        inside = table.c.resource.startswith(f"{resource}/", autoescape=True)
        statement = statement.where(or_(table.c.resource == resource, inside))
    return list(connection.execute(statement.offset(offset).limit(size)))


def altered(connection: Connection) -> list[str]:
    """The lenders and reservations that are not what the audit says was last written."""
    records = load(connection).current
    present = {bank_name(bank_id): bank_document(record) for bank_id, record in records.items()}
    for bank_id, record in records.items():
        present |= {name_of(bank_id, one): reservation_document(one) for one in record.reservations}
    written = dict(_last_written(connection))
    found = [name for name, document in present.items() if not _agrees(written.get(name), document)]
    found += [name for name in written if name not in present]
    # A name that is not UTF-8 is told by what can be read of it.
    return sorted(name.encode(errors="replace").decode() for name in found)


def _last_written(connection: Connection) -> list[tuple[str, str]]:
    table = tables.audit
    last = (
        select(func.max(table.c.seq)).where(table.c.resource.startswith("banks/")).group_by(table.c.resource)
    )
    rows = connection.execute(select(table.c.resource, table.c.after).where(table.c.seq.in_(last)))
    return [(row.resource, row.after) for row in rows]


def _agrees(written: str | None, document: dict[str, Any]) -> bool:
    """What an older form of the audit wrote cannot be compared."""
    if written is None:
        return False
    before = json.loads(written)
    return before.get("format") != FORMAT or written == canonical(_known_then(document, before))


def _known_then(present: Any, written: Any) -> Any:
    """A document without the fields that were added since, where they are empty: nobody wrote them."""
    if isinstance(present, dict) and isinstance(written, dict):
        kept = {name: one for name, one in present.items() if name in written or one not in _EMPTY}
        return {name: _known_then(one, written.get(name)) for name, one in kept.items()}
    if isinstance(present, list) and isinstance(written, list) and len(present) == len(written):
        return [_known_then(one, other) for one, other in zip(present, written, strict=True)]
    return present
