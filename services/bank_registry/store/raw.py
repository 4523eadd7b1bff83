"""What the tables hold, whatever it is, and how a value that was written is read there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import JSON, Connection, LargeBinary, Table, select, text

from services.bank_registry.store import tables


def stored_rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """The rows as the database has them: a value that is not of its column's type must be found, not stop the
    reading."""
    if connection.dialect.name == "sqlite":
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        rows = connection.execute(text(f'SELECT {columns} FROM "{table.name}"')).mappings()  # noqa: S608
    else:
        rows = connection.execute(select(table)).mappings()
    documents = [column.name for column in table.columns if isinstance(column.type, JSON)]
    for one in rows:
        row = dict(one)
        for name in documents:
            row[name] = _parsed(row[name])
        if table is tables.request and isinstance(row["answer"], bytes):
            row["answer"] = hashlib.sha256(row["answer"]).hexdigest()
        yield row


def _parsed(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def form(connection: Connection, kind: Any) -> Callable[[Any], Any]:
    """How a value is read back."""
    if isinstance(kind, JSON):
        return _as_list
    if isinstance(kind, LargeBinary):  # an answer, of which the audit has the hash
        return _as_is
    write = kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return write if write and connection.dialect.name == "sqlite" else _as_is


def _as_list(value: Any) -> Any:
    return [_as_list(one) for one in value] if isinstance(value, list | tuple) else value


def _as_is(value: object) -> object:
    return value
