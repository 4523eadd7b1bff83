"""The key database: a key for each case, wrapped by the master key, destroyed to erase the case.

It is kept and saved apart from what the keys encrypt."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import Column, Row, insert, select, update

from services.kit.dates import instant_text
from services.kit.errors import FailedPrecondition
from services.kit.store import vault
from services.kit.store.database import Database, migrate
from services.kit.store.epochs import Epochs, MissingEpochError
from services.kit.store.key_tables import KEY_MIGRATIONS, case_key, live
from services.kit.store.ring import KeyPlan, open_ring, prepare_ring

log = structlog.get_logger()

_CHUNK = 500
"""Values in one query."""

_LOOKS = 4
_LOOK_SECONDS = 0.02
"""A key that was just wrapped anew is read again; a shared folder may show the file of its epoch late."""


@dataclass(frozen=True)
class CaseKey:
    """The key that encrypts what is kept of a case."""

    case_id: str
    key: bytes


_PURPOSES = ("case keys", "case references", "request ids")

KEY_PLAN = KeyPlan("la base des clés", _PURPOSES, derived=_PURPOSES)
"""What the key database keeps besides the keys of cases: what wraps these, and the tags of references and of
request ids."""


def prepare_keys(url: str, master_key_file: Path, epochs: Path, *, derived: bool = False) -> None:
    """Creates or upgrades the key database; creates the master key and the first epoch if none exists yet.

    `derived` says that an earlier version derived its keys from the master key without having this database.
    StartupError if the master key is missing or is not the one that wraps the stored keys, or if the folder
    of epochs is not theirs.
    """
    migrate(url, KEY_MIGRATIONS)
    keys = Database(url)
    try:
        prepare_ring(keys, master_key_file, KEY_PLAN, derived=derived)
        ring = open_ring(keys, master_key_file, KEY_PLAN.owner)
        Epochs(keys, epochs, ring.key(_PURPOSES[0])).prepare()
    finally:
        keys.dispose()


class KeyStore:
    """The keys of cases; every use reads them anew, so that an erased one is never used."""

    def __init__(self, database: Database, master_key_file: Path, epochs: Path) -> None:
        self.database = database
        ring = open_ring(database, master_key_file, KEY_PLAN.owner)
        wrapping, self._references, self._requests = map(ring.key, _PURPOSES)
        self._epochs = Epochs(database, epochs, wrapping)

    def request_tag(self, request_id: str) -> str | None:
        """What stands for a request id in a store; None without one."""
        return vault.tag(self._requests, request_id) if request_id else None

    def reference_tag(self, case_reference: str) -> str:
        """What stands for a case reference in a store."""
        return vault.tag(self._references, case_reference)

    def open_cases(self, references: Sequence[str]) -> list[CaseKey]:
        """The key of each case, in one query; new for a reference that has none, and for each empty one.
        FailedPrecondition / KEY_MISSING if a case has one that cannot be read.

        The caller holds the lock of what they encrypt: nobody opens nor erases a case meanwhile.
        """
        hashes = [self._hash(reference) for reference in references]
        known = self._live(case_key.c.reference_hash, [hash_ for hash_ in hashes if hash_])
        opened: dict[str, CaseKey] = {}
        fresh: list[tuple[str | None, CaseKey]] = []
        found: list[CaseKey] = []
        for hash_ in hashes:
            case = (opened.get(hash_) or _readable(known.get(hash_))) if hash_ else None
            if case is None:
                case = CaseKey(str(uuid4()), vault.new_key())
                fresh.append((hash_, case))
            if hash_:
                opened[hash_] = case
            found.append(case)
        if fresh:
            self._store(fresh)
        return found

    def keep(self, cases: Sequence[CaseKey]) -> None:
        """Keeps keys that were made for new cases without a reference; as for `open_cases`."""
        if cases:
            self._store((None, case) for case in cases)

    def is_empty(self) -> bool:
        """True when no case ever had a key, not even one destroyed since."""
        with self.database.read() as connection:
            return connection.execute(select(case_key.c.case_id).limit(1)).first() is None

    def keys(self, case_ids: Iterable[str]) -> dict[str, bytes]:
        """The keys that still exist and can be read, by case."""
        found = self._live(case_key.c.case_id, case_ids)
        return {case_id: case.key for case_id, case in found.items() if case.key}

    def known(self, case_ids: Iterable[str]) -> set[str]:
        """The cases that have a key, or had one that was destroyed: the others were taken away by hand."""
        query = select(case_key.c.case_id)
        with self.database.read() as connection:
            chunks = [query.where(case_key.c.case_id.in_(chunk)) for chunk in _chunks(case_ids)]
            return {case_id for chunk in chunks for case_id in connection.scalars(chunk)}

    def cases(self, case_reference: str) -> list[str]:
        """The cases that a reference has had: a new one after each erasure."""
        query = select(case_key.c.case_id).where(case_key.c.reference_hash == self._hash(case_reference))
        with self.database.read() as connection:
            return list(connection.scalars(query))

    def destroy(self, case_ids: Iterable[str], now: datetime) -> None:
        """Destroys the keys of cases: nothing uses them from now on; `renew` makes it so of every copy."""
        destroyed = {"wrapped_key": None, "erase_time": instant_text(now)}
        with self.database.write() as connection:
            for chunk in _chunks(case_ids):
                connection.execute(
                    update(case_key).where(case_key.c.case_id.in_(chunk), live).values(destroyed)
                )

    def renew(self, deadline: float) -> bool:
        """Ends the epochs of destroyed keys: no former copy of their database opens them any more. True once
        it is done; False if the time (time.monotonic) ran out, to be asked again."""
        while time.monotonic() < deadline:
            if not self._epochs.renew():
                return True
        return False

    def _hash(self, case_reference: str) -> str | None:
        return self.reference_tag(case_reference) if case_reference else None

    def _live(self, column: Column[str], wanted: Iterable[str]) -> dict[str, CaseKey]:
        """The keys that were not destroyed, by the value of a column; empty those that cannot be read."""
        values = list(dict.fromkeys(wanted))
        if not values:
            return {}
        for look in range(_LOOKS):
            rows, wrappings = self._read(column, values)
            # Its epoch may have ended between the reading of the row and that of the file.
            if all(row.epoch in wrappings for row in rows):
                break
            time.sleep(_LOOK_SECONDS * look)
        found = {
            row.value: CaseKey(row.case_id, _unwrapped(wrappings.get(row.epoch, b""), row)) for row in rows
        }
        for case in found.values():
            if not case.key:
                log.error("case_key_damaged", case_id=case.case_id)
        return found

    def _read(self, column: Column[str], values: Sequence[str]) -> tuple[list[Row[Any]], dict[int, bytes]]:
        """Some rows, and what opens the keys of their epochs."""
        query = select(column.label("value"), case_key.c.case_id, case_key.c.wrapped_key, case_key.c.epoch)
        with self.database.read() as connection:
            known = self._epochs.known(connection)
            rows = [
                row
                for chunk in _chunks(values)
                for row in connection.execute(query.where(column.in_(chunk), live))
            ]
        wrappings: dict[int, bytes] = {}
        for number in {row.epoch for row in rows} & set(known):
            try:
                wrappings[number] = self._epochs.wrapping(known[number])
            except MissingEpochError:
                log.warning("key_epoch_missing", epoch=number)
        return rows, wrappings

    def _store(self, fresh: Iterable[tuple[str | None, CaseKey]]) -> None:
        now = instant_text(datetime.now(UTC))
        with self.database.write() as connection:
            epoch = self._epochs.current(connection)
            try:
                wrapping = self._epochs.wrapping(epoch)
            except MissingEpochError:
                raise _missing() from None
            rows = [
                {
                    "case_id": case.case_id,
                    "reference_hash": hash_,
                    "wrapped_key": vault.encrypted(wrapping, case.key, case.case_id),
                    "epoch": epoch.number,
                    "create_time": now,
                }
                for hash_, case in fresh
            ]
            connection.execute(insert(case_key), rows)


def _unwrapped(wrapping: bytes, row: Row[Any]) -> bytes:
    """The key of a row; empty if it cannot be read."""
    try:
        return vault.decrypted(wrapping, row.wrapped_key, row.case_id)
    except vault.UnreadableError:
        return b""


def _readable(case: CaseKey | None) -> CaseKey | None:
    if case is not None and not case.key:
        raise _missing()
    return case


def _missing() -> FailedPrecondition:
    return FailedPrecondition(
        "KEY_MISSING",
        "La clé de ce dossier manque, ou a été altérée : rien n’en est lu ni enregistré. Remettez la base "
        "des clés et le dossier des clés d’époque, ou effacez le dossier.",
    )


def _chunks(values: Iterable[str]) -> Iterator[tuple[str, ...]]:
    remaining = iter(dict.fromkeys(values))
    while chunk := tuple(islice(remaining, _CHUNK)):
        yield chunk
