"""The rows that the audit says were written, made again from its entries, each with its instants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select

from services.bank_registry.registry import (
    STILL_KNOWN,
    BankRecord,
    LenderChange,
    Reservation,
    Stated,
    agreement_name,
    bank_name,
    name_of,
)
from services.bank_registry.store import tables
from services.bank_registry.store.numbers import Keys, version_row
from services.bank_registry.store.redating import moved
from services.bank_registry.store.rows import FORMAT, Row, record_of_document, reservation_of_document
from services.kit.context import check_deadline
from services.kit.dates import instant_of, microseconds

_BATCH = 500


@dataclass(slots=True)
class Written:
    """A row, the name of what it is about, and the number of the state that wrote it (0 = none)."""

    values: dict[str, Any]
    name: str
    state_number: int


@dataclass
class Replay:
    """The rows by table; a lender written in an earlier form of the audit cannot be made again."""

    rows: dict[Table, list[Written]] = field(default_factory=dict)
    states: dict[int, int] = field(default_factory=dict)
    """State numbers by instant (UTC, in microseconds)."""
    older: list[str] = field(default_factory=list)
    """Names of the lenders of an earlier form."""
    names: dict[tuple[str, int], str] = field(default_factory=dict)
    """Resource names by the column of a key and its value."""

    def __post_init__(self) -> None:
        self._records: dict[str, BankRecord] = {}
        self._keys = Keys()
        self._open: dict[tuple[Any, ...], Written] = {}
        self._state_number = self._instant = 0

    def read(self, entry: Row) -> None:
        """Does again what an entry says."""
        kind, _, rest = entry["resource"].partition("/")
        after = json.loads(entry["after"])
        match kind:
            case "revisions":
                self._begin(int(rest), entry, after)
            case "conversions":
                pass  # what came before it was written again as it is now
            case "redatings":
                self._redate(dict(after["instants"]))
            case "redactions":
                self._redact(after)
            case "requests":
                self._add(tables.request, {"request_id": rest, **after}, entry["resource"])
            case _ if "/reservations/" in rest:
                self._reserve(rest, after)
            case _ if after.get("format") == FORMAT:
                self._state(record_of_document(rest, after))
            case _:
                self.older.append(entry["resource"])

    def _begin(self, number: int, entry: Row, summary: Mapping[str, Any]) -> None:
        self._state_number = number
        self._instant = microseconds(instant_of(entry["time"]))
        self.states[self._instant] = number
        values = {"revision": number, "recorded_at": self._instant, "reason": summary["reason"]}
        values |= {"actor": entry["actor"], "method": entry["method"]}
        self._identify(tables.revision, "revision", values, entry["resource"])

    def _redate(self, instants: Mapping[int, int]) -> None:
        """Gives their new instants to the states of a clock that was ahead."""
        self.states = {instants.get(instant, instant): number for instant, number in self.states.items()}
        for rows in self.rows.values():
            for written in rows:
                written.values.update(moved(written.values, instants))

    def _redact(self, document: Mapping[str, Any]) -> None:
        """The rows of a redaction: what it destroys, and whose texts these were."""
        for case_id in document["keys"]:
            row = {"case_id": case_id, "revision": self._state_number}
            self._add(tables.redacted_key, row, f"revisions/{self._state_number}")
        for name in document["names"]:
            self._name(name, name.split("/")[1])

    def _state(self, record: BankRecord) -> None:
        bank_id = record.bank.id
        keys = self._keys
        given = keys.given_to(record, len(keys.banks) + 1, len(keys.agreements) + 1)
        for row in given[tables.bank]:
            self._identify(tables.bank, "bank_key", row, bank_name(bank_id))
        for row in given[tables.agreement]:
            self._identify(
                tables.agreement, "agreement_key", row, agreement_name(bank_id, row["agreement_id"])
            )
        change = LenderChange(self._records.get(bank_id), record)
        self._write(bank_id, change.withdrawn, change.stated)
        self._records[bank_id] = record

    def _reserve(self, name: str, document: Mapping[str, Any]) -> None:
        bank_id, _, agreement_id, _, number = name.split("/")
        reservation = reservation_of_document(int(number), agreement_id, document)
        known = ("reservation_key", reservation.id) in self.names
        if not known:
            key = self._keys.agreements[bank_id, agreement_id]
            row = {"reservation_key": reservation.id, "agreement_key": key}
            self._identify(tables.reservation, "reservation_key", row, f"banks/{name}")
        self._write(bank_id, [reservation] if known else [], [reservation])

    def _write(self, bank_id: str, withdrawn: list[Any], stated: list[Any]) -> None:
        """Closes and opens versions, as a write does."""
        named: dict[str, None] = {}
        for fact in withdrawn:
            named[name_of(bank_id, fact)] = None
            self._open.pop(self._place(bank_id, fact)).values["recorded_to"] = self._instant
        for fact in stated:
            named[name_of(bank_id, fact)] = None
            table, key, values = version_row(self._keys, bank_id, fact, str)
            known = {"recorded_from": self._instant, "recorded_to": STILL_KNOWN}
            row = self._add(table, {**key, **known, **values}, name_of(bank_id, fact))
            self._open[self._place(bank_id, fact)] = row
        for name in named:
            self._name(name, bank_id)

    def _name(self, name: str, bank_id: str) -> None:
        """Tells that a resource of a lender was changed."""
        values = {"revision": self._state_number, "name": name, "bank_key": self._keys.banks[bank_id]}
        self._add(tables.change, values, name)

    def _place(self, bank_id: str, fact: Stated) -> tuple[Any, ...]:
        """What tells a version that is still known from the others."""
        table, key, values = version_row(self._keys, bank_id, fact, str)
        start = None if isinstance(fact, Reservation) else values["start_date"]
        return (table.name, *key.values(), start)

    def _identify(self, table: Table, key: str, values: dict[str, Any], name: str) -> None:
        self.names[key, values[key]] = name
        self._add(table, values, name)

    def _add(self, table: Table, values: dict[str, Any], name: str) -> Written:
        row = Written(values, name, self._state_number)
        self.rows.setdefault(table, []).append(row)
        return row


def replay(connection: Connection) -> Replay:
    """Makes the rows again from a chain that is whole."""
    found = Replay()
    for number, entry in enumerate(_entries(connection)):
        if number % _BATCH == 0:
            check_deadline()
        found.read(entry)
    return found


def _entries(connection: Connection) -> Iterator[Row]:
    table = tables.audit
    columns = (table.c.time, table.c.actor, table.c.method, table.c.resource, table.c.after)
    statement = select(*columns).order_by(table.c.seq)
    rows = connection.execute(statement, execution_options={"yield_per": _BATCH})
    yield from map(dict, rows.mappings())
