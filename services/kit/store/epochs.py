"""Epochs: the keys of cases are wrapped by a key outside their database, replaced and destroyed to erase.

A database never forgets at once what it held: its logs, its free pages and its backups keep former wrapped
keys. None of them opens without the key of its epoch, which is in a file of its own, in one place only.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, exists, insert, select, text, update

from services.kit.dates import instant_text
from services.kit.errors import StartupError
from services.kit.store import vault
from services.kit.store.database import Database
from services.kit.store.key_tables import case_key, key_epoch, live

_PLACE = "place"
"""The file of a folder that says where it is."""

MOVED_AT_ONCE = 200
"""Keys that one transaction wraps anew: those who need one meanwhile wait for a few milliseconds."""

log = structlog.get_logger()


class MissingEpochError(Exception):
    """The file of an epoch is not there, or is not what it was."""


@dataclass(frozen=True)
class Epoch:
    """An epoch, and what its key is recognised by; that of keys older than epochs has no key."""

    number: int
    fingerprint: str


class EpochFolder:
    """The files that hold the keys of epochs, one for each, named after its fingerprint."""

    def __init__(self, folder: Path) -> None:
        self.path = folder

    def create(self) -> str:
        """Writes a new key, which is on the disk once this returns; gives its fingerprint."""
        secret = vault.new_key()
        fingerprint = vault.MasterKey(secret).fingerprint()
        path = self._path(fingerprint)
        draft = path.with_suffix(f".{os.getpid()}")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(b64encode(secret) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(path)
        self._keep()
        return fingerprint

    def settle(self) -> None:
        """Writes into the folder where it is, or finds it there; StartupError in a copy, whose keys would
        outlive their destruction in the folder that it was copied from. One process at a time."""
        path = self.path / _PLACE
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
            # Neither the number of a file nor that of its file system goes along with a copy; both are the
            # same for all the machines that share the folder.
            here = f"{os.fstatvfs(stream.fileno()).f_fsid:x} {os.fstat(stream.fileno()).st_ino}\n".encode()
            known = stream.read()
            if known and known != here:
                raise StartupError(_copied(path))
            if not known:
                stream.write(here)
                stream.flush()
                os.fsync(stream.fileno())
                self._keep()

    def secret(self, fingerprint: str) -> bytes:
        """The key of an epoch; MissingEpochError."""
        try:
            secret = b64decode(self._path(fingerprint).read_bytes())
        except (OSError, ValueError) as error:
            raise MissingEpochError from error
        if vault.MasterKey(secret).fingerprint() != fingerprint:
            raise MissingEpochError
        return secret

    def destroy(self, fingerprint: str) -> None:
        """Writes over a key, then removes its file; harmless once it is gone."""
        path = self._path(fingerprint)
        try:
            with path.open("r+b") as stream:
                stream.write(secrets.token_bytes(path.stat().st_size))
                stream.flush()
                os.fsync(stream.fileno())
            path.unlink()
        except FileNotFoundError:
            return
        self._keep()

    def _path(self, fingerprint: str) -> Path:
        return self.path / f"{fingerprint}.key"

    def _keep(self) -> None:
        """Makes what was done to names survive a power cut."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _copied(place: Path) -> str:
    return (
        f"Le dossier des clés d’époque {place.parent.absolute()} est une copie : tous les serveurs d’un "
        "service partagent le même, sinon ce qu’un serveur efface reste lisible dans l’autre. Indiquez le "
        "dossier partagé. S’il est désormais le seul (sauvegarde remise, machine changée), détruisez "
        f"l’autre, supprimez {place.absolute()}, puis redémarrez."
    )


class Epochs:
    """The epochs of a key database; an epoch goes through three steps, each harmless when done again.

    A new one begins; the keys still in use are wrapped anew under it, some at a time; the key of the former
    one is destroyed when it wraps none any more. A process that stops anywhere leaves the rest to another.
    """

    def __init__(self, database: Database, folder: Path, wrapping: bytes) -> None:
        self._database = database
        self._wrapping = wrapping
        self.folder = EpochFolder(folder)

    def prepare(self) -> None:
        """Begins the first epoch; StartupError if the folder lacks the key of one that is in use, or is a
        copy."""
        with self._database.write() as connection:
            _lock(connection)
            current = _last(connection)
            if current is None:
                self._begin(connection, current)
            else:
                for epoch in {current.number: current, **_in_use(connection)}.values():
                    self._check(epoch)
            self.folder.settle()

    def current(self, connection: Connection) -> Epoch:
        """The epoch of new keys, which does not end before the caller's write transaction does."""
        query = select(key_epoch.c.number, key_epoch.c.fingerprint)
        last = query.order_by(key_epoch.c.number.desc()).limit(1).with_for_update(read=True)
        return Epoch(*connection.execute(last).one())

    def known(self, connection: Connection) -> dict[int, Epoch]:
        """The epochs that may wrap keys, by number."""
        query = select(key_epoch.c.number, key_epoch.c.fingerprint).where(key_epoch.c.end_time.is_(None))
        return {0: Epoch(0, ""), **{row.number: Epoch(*row) for row in connection.execute(query)}}

    def wrapping(self, epoch: Epoch) -> bytes:
        """What wraps the keys of an epoch: neither its key nor that of the master is enough;
        MissingEpochError."""
        if not epoch.fingerprint:
            return self._wrapping
        secret = self.folder.secret(epoch.fingerprint)
        return vault.MasterKey(self._wrapping + secret).derived("case keys of an epoch")

    def renew(self) -> bool:
        """Takes one more step to the end of the epochs that wrapped destroyed keys; False when none is
        left."""
        with self._database.write() as connection:
            _lock(connection)
            current = _last(connection)
            if current is None or _has_destroyed(connection, current.number):
                self._begin(connection, current)
                return True
            rows = _older(connection, current.number)
            if rows:
                self._move(connection, rows, current)
                return True
            return self._end(connection, current.number)

    def _begin(self, connection: Connection, before: Epoch | None) -> None:
        number = before.number + 1 if before else 1
        # The file is on the disk before the row says that it wraps anything; without its row it is nothing.
        row = {"number": number, "fingerprint": self.folder.create(), "create_time": _now()}
        connection.execute(insert(key_epoch), [row])

    def _move(self, connection: Connection, rows: Sequence[Row[Any]], current: Epoch) -> None:
        """Wraps some keys anew, under the current epoch; MissingEpochError while one cannot be opened."""
        openings = self._openings(rows, self.known(connection))
        _rewrap(
            connection, rows, openings, {current.number: self.wrapping(current)}, lambda _: current.number
        )

    def _openings(self, rows: Iterable[Row[Any]], known: Mapping[int, Epoch]) -> dict[int, bytes]:
        """What opens the keys of each epoch that did not end."""
        return {number: self.wrapping(known[number]) for number in {row.epoch for row in rows} & set(known)}

    def _end(self, connection: Connection, current: int) -> bool:
        """Destroys the keys of the epochs that wrap none; False if there is none."""
        over = (key_epoch.c.number < current) & key_epoch.c.end_time.is_(None)
        # Waits for those who are adding a key under one of them: `current` holds its row.
        found = connection.execute(select(key_epoch).where(over).with_for_update()).all()
        if not found or _older(connection, current):
            return bool(found)
        for row in found:
            if row.fingerprint:
                self.folder.destroy(row.fingerprint)
        connection.execute(update(key_epoch).where(over).values(end_time=_now()))
        log.info("key_epoch_ended", epochs=[row.number for row in found])
        return True

    def _check(self, epoch: Epoch) -> None:
        try:
            self.wrapping(epoch)
        except MissingEpochError:
            raise StartupError(
                f"Le dossier {self.folder.path.absolute()} n’a pas la clé d’époque dont la base des clés se "
                "sert : il est le même pour tous les serveurs d’un service, et une sauvegarde des clés "
                "d’avant le dernier effacement ne s’ouvre plus. Remettez le bon dossier, ou la dernière "
                "sauvegarde des clés."
            ) from None


def _rewrap(
    connection: Connection,
    rows: Iterable[Row[Any]],
    openings: Mapping[int, bytes],
    wrappings: Mapping[int, bytes],
    epoch_of: Callable[[Row[Any]], int],
) -> None:
    """Wraps keys under another epoch. One that was altered, or whose epoch ended, opens nowhere: it goes
    along as it is, so that it does not keep the others from being destroyed."""
    changes = []
    for row in rows:
        number, wrapped = epoch_of(row), row.wrapped_key
        try:
            key = vault.decrypted(openings.get(row.epoch, b""), wrapped, row.case_id)
            wrapped = vault.encrypted(wrappings[number], key, row.case_id)
        except vault.UnreadableError:
            log.error("case_key_damaged", case_id=row.case_id)
        changes.append({"id": row.case_id, "wrapped": wrapped, "number": number})
    statement = update(case_key).where(case_key.c.case_id == bindparam("id"), live)
    if changes:
        connection.execute(
            statement.values(wrapped_key=bindparam("wrapped"), epoch=bindparam("number")), changes
        )


def _lock(connection: Connection) -> None:
    """One process at a time steps; SQLite's write transaction is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE key_epoch IN SHARE ROW EXCLUSIVE MODE"))


def _last(connection: Connection) -> Epoch | None:
    query = select(key_epoch.c.number, key_epoch.c.fingerprint).order_by(key_epoch.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return Epoch(*row) if row else None


def _in_use(connection: Connection) -> dict[int, Epoch]:
    used = exists().where(case_key.c.epoch == key_epoch.c.number, live)
    query = select(key_epoch.c.number, key_epoch.c.fingerprint).where(used)
    return {row.number: Epoch(*row) for row in connection.execute(query)}


def _has_destroyed(connection: Connection, number: int) -> bool:
    query = select(case_key.c.case_id).where(case_key.c.epoch == number, ~live).limit(1)
    return connection.execute(query).first() is not None


def _older(connection: Connection, number: int) -> list[Row[Any]]:
    """Some keys of the epochs before one."""
    query = select(case_key).where(case_key.c.epoch < number, live).limit(MOVED_AT_ONCE)
    return list(connection.execute(query.with_for_update()))


def _now() -> str:
    return instant_text(datetime.now(UTC))
