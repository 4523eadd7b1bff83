"""The key database: a key for each case, wrapped by the master key, destroyed to erase the case.

It is kept and saved apart from what the keys encrypt."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from uuid import uuid4

import structlog
from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    select,
    text,
    update,
)

from services.kit.dates import instant_text
from services.kit.errors import StartupError, Unavailable
from services.kit.store import vault
from services.kit.store.database import Database, migrate

_metadata = MetaData()

_case_key = Table(
    "case_key",
    _metadata,
    Column("case_id", String(36), primary_key=True),
    Column("reference_hash", String(64)),
    Column("wrapped_key", LargeBinary),
    Column("create_time", String(27), nullable=False),
    Column("erase_time", String(27)),
    CheckConstraint("(wrapped_key IS NULL) = (erase_time IS NOT NULL)", name="case_key_erased"),
)

_live = _case_key.c.wrapped_key.is_not(None)
"""The keys that were not destroyed: at most one for a reference."""

Index(
    "case_key_live",
    _case_key.c.reference_hash,
    unique=True,
    sqlite_where=_live,
    postgresql_where=_live,
)
Index("case_key_reference", _case_key.c.reference_hash)


def master_key_table(metadata: MetaData) -> Table:
    """The table that says which master key a database is tied to, for the migration and the store."""
    return Table(
        "master_key",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("fingerprint", String(64), nullable=False),
    )


_master_key = master_key_table(_metadata)

KEY_MIGRATIONS = Path(__file__).parent / "key_migrations"

log = structlog.get_logger()

_CHUNK = 500
"""Values in one query."""


@dataclass(frozen=True)
class CaseKey:
    """The key that encrypts what is kept of a case."""

    case_id: str
    key: bytes


def prepare_keys(url: str, master_key_file: Path) -> None:
    """Creates or upgrades the key database; creates the master key if neither of them exists yet.

    StartupError if the master key is missing or is not the one that wraps the stored keys.
    """
    migrate(url, KEY_MIGRATIONS)
    keys = Database(url)
    try:
        tie(keys, _master_key, master_key_file, "la base des clés")
    finally:
        keys.dispose()


def tie(database: Database, table: Table, file: Path, owner: str) -> None:
    """Ties the first master key to a database, and creates it; afterwards no other is accepted: StartupError.

    `owner` says in French which database it is.
    """
    with database.write() as connection:
        # Two servers that start at once on an empty base would each create a master key, and one would be
        # lost; SQLite's write transaction is alone already.
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE master_key"))
        known = connection.scalar(select(table.c.fingerprint))
        if known is None and not file.exists():
            vault.create(file)
        fingerprint = vault.load(file).fingerprint()
        if known is None:
            connection.execute(insert(table).values(id=1, fingerprint=fingerprint))
        elif known != fingerprint:
            raise StartupError(f"La clé maîtresse {file} n’est pas celle de {owner} : remettez la bonne.")


class KeyStore:
    """The keys of cases; every use reads them anew, so that an erased one is never used."""

    def __init__(self, database: Database, master_key_file: Path) -> None:
        self._database = database
        master = vault.load(master_key_file)
        self._wrapping = master.derived("case keys")
        self._references = master.derived("case references")
        self._requests = master.derived("request ids")

    def request_tag(self, request_id: str) -> str | None:
        """What stands for a request id in a store; None without one."""
        return vault.tag(self._requests, request_id) if request_id else None

    def open_cases(self, references: Sequence[str]) -> list[CaseKey]:
        """The key of each case, in one query; new for a reference that has none, and for each empty one.

        The caller holds the lock of what they encrypt: nobody opens nor erases a case meanwhile.
        """
        hashes = [self._hash(reference) for reference in references]
        known = self._live(_case_key.c.reference_hash, [hash_ for hash_ in hashes if hash_])
        opened = dict(known)
        fresh: list[tuple[str | None, CaseKey]] = []
        found: list[CaseKey] = []
        for hash_ in hashes:
            case = opened.get(hash_) if hash_ else None
            if case is None:
                case = CaseKey(str(uuid4()), vault.new_key())
                fresh.append((hash_, case))
            if hash_:
                opened[hash_] = case
            found.append(case)
        if fresh:
            self._store(fresh)
        return found

    def is_empty(self) -> bool:
        """True when no case ever had a key, not even one destroyed since."""
        with self._database.read() as connection:
            return connection.execute(select(_case_key.c.case_id).limit(1)).first() is None

    def keys(self, case_ids: Iterable[str]) -> dict[str, bytes]:
        """The keys that still exist, by case."""
        return {case_id: case.key for case_id, case in self._live(_case_key.c.case_id, case_ids).items()}

    def cases(self, case_reference: str) -> list[str]:
        """The cases that a reference has had: a new one after each erasure."""
        query = select(_case_key.c.case_id).where(_case_key.c.reference_hash == self._hash(case_reference))
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def destroy(self, case_ids: Iterable[str], time: datetime) -> None:
        """Destroys the keys of cases for good, in the files of a SQLite database too."""
        destroyed = {"wrapped_key": None, "erase_time": instant_text(time)}
        with self._database.write() as connection:
            # SQLite leaves deleted bytes in its pages unless told: an erased key must not be dug out of the
            # file.
            if self._database.is_sqlite:
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            for chunk in _chunks(case_ids):
                connection.execute(
                    update(_case_key).where(_case_key.c.case_id.in_(chunk), _live).values(destroyed)
                )
        if self._database.is_sqlite:
            self._empty_log()

    def _hash(self, case_reference: str) -> str | None:
        return vault.tag(self._references, case_reference) if case_reference else None

    def _live(self, column: Column[str], wanted: Iterable[str]) -> dict[str, CaseKey]:
        """The keys that were not destroyed, by the value of a column."""
        found: dict[str, CaseKey] = {}
        chunks = list(_chunks(wanted))
        if not chunks:
            return found
        with self._database.read() as connection:
            for chunk in chunks:
                query = select(column, _case_key.c.case_id, _case_key.c.wrapped_key).where(
                    column.in_(chunk), _live
                )
                for value, case_id, wrapped in connection.execute(query):
                    key = self._unwrapped(case_id, wrapped)
                    if key is not None:
                        found[value] = CaseKey(case_id, key)
        return found

    def _unwrapped(self, case_id: str, wrapped: bytes) -> bytes | None:
        try:
            return vault.decrypted(self._wrapping, wrapped, case_id)
        except vault.UnreadableError:
            log.error("case_key_damaged", case_id=case_id)
            return None

    def _store(self, fresh: Iterable[tuple[str | None, CaseKey]]) -> None:
        now = instant_text(datetime.now(UTC))
        rows = [
            {
                "case_id": case.case_id,
                "reference_hash": hash_,
                "wrapped_key": vault.encrypted(self._wrapping, case.key, case.case_id),
                "create_time": now,
            }
            for hash_, case in fresh
        ]
        with self._database.write() as connection:
            connection.execute(insert(_case_key), rows)

    def _empty_log(self) -> None:
        """SQLite keeps former pages in its log until it is emptied; readers in the way leave it for later."""
        try:
            with self._database.read() as connection:
                path = connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
            with closing(sqlite3.connect(path)) as file:
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (sqlite3.Error, Unavailable):
            log.warning("key_log_not_emptied")


def _chunks(values: Iterable[str]) -> Iterator[tuple[str, ...]]:
    remaining = iter(dict.fromkeys(values))
    while chunk := tuple(islice(remaining, _CHUNK)):
        yield chunk
