"""The rows of releases: the chain of what happened, verified as it is read, archives and requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, MetaData, func, insert, select
from sqlalchemy.exc import IntegrityError

from services.kit.canonical import Head, Verification, canonical
from services.kit.dates import instant_text
from services.kit.errors import FailedPrecondition
from services.kit.releases import history
from services.kit.releases.history import Record, RecordKind
from services.kit.releases.signature import SignatureError
from services.kit.releases.tables import release_tables
from services.kit.releases.timeline import Release, State
from services.kit.store import BrokenChainError, Chain, ChainSeal, Database, reused

_TABLES = release_tables(MetaData())
_LOCK = 5127790183466219003  # the same number in every process
_EMPTY = State(0, (), ())

RELEASE_CHAIN = "release chain"
"""The purpose of the key that seals what happens to releases."""


class Ledger:
    """What happened to the releases of a store, in one chain: what does not verify is not followed."""

    def __init__(self, database: Database, seal: ChainSeal) -> None:
        self._database = database
        self._chain = open_releases(seal)
        self._known = _EMPTY

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, State]]:
        """A read-only transaction, and the state that it sees."""
        with self._database.read() as connection:
            yield connection, self._read(connection)

    @contextmanager
    def writing(self, *, validate_only: bool = False) -> Iterator[tuple[Connection, State]]:
        """A transaction and the state that it begins with, which nobody else changes before its end; to
        validate, reading is enough."""
        if validate_only:
            with self.reading() as found:
                yield found
        else:
            with self._database.write() as connection:
                self._chain.head(connection, lock=True)
                yield connection, self._read(connection)

    def last_sequence(self) -> int:
        """The rank of the last record, 0 when there is none."""
        with self._database.read() as connection:
            last = select(func.coalesce(func.max(_TABLES.record.c.sequence), 0))
            return int(connection.scalar(last) or 0)

    def append(self, connection: Connection, state: State, record: Record) -> State:
        """Adds a record to the chain, which the caller locked; the state after it."""
        row = {
            "state_number": record.state_number,
            "kind": record.kind.value,
            "content": canonical(record.content),
        }
        head = self._chain.append(connection, state.head, [row])
        return replace(history.applied(state, record), head=head)

    def _read(self, connection: Connection) -> State:
        """Everything so far, of which only what follows what is known is read; the whole when that is not in
        the store, in which a backup was restored."""
        state = self._known if self._chain.holds(connection, self._known.head) else _EMPTY
        sequence = state.head.sequence + 1
        try:
            for row in self._chain.after(connection, state.head):
                sequence = row["sequence"]
                content = json.loads(row["content"])
                record = Record(row["state_number"], RecordKind(row["kind"]), content)
                state = replace(history.applied(state, record), head=Head(sequence, row["hash"]))
        except BrokenChainError as error:
            raise _altered(error.sequence) from None
        except (KeyError, TypeError, ValueError, StopIteration, SignatureError):
            raise _altered(sequence) from None
        self._known = state
        return state


def open_releases(seal: ChainSeal) -> Chain:
    """The chain of what happens to releases, under a seal."""
    return Chain(_TABLES.record, seal, lock=_LOCK)


def verify_releases(connection: Connection, seal: ChainSeal) -> Verification:
    """Whether what happened to the releases is as it was written, under a seal."""
    return open_releases(seal).verify(connection)


class HistoryAlteredError(FailedPrecondition):
    """The history is not the one that the service wrote."""


_FOREIGN_ARCHIVE = (
    "La base contient un paquet que personne n’a publié, à la place de celui-ci : un autre programme l’y a "
    "écrit. Gardez cette base à part, et remettez la dernière sauvegarde entière."
)


def _altered(sequence: int) -> HistoryAlteredError:
    return HistoryAlteredError(
        "RELEASE_HISTORY_ALTERED",
        f"L’historique des publications a été altéré à partir de l’enregistrement n° {sequence} : il n’est "
        "plus suivi. Gardez cette base à part, et remettez la dernière sauvegarde entière.",
        metadata={"sequence": str(sequence)},
    )


def state_number_made(connection: Connection, request_id: str, mark: str) -> int | None:
    """The state number that this very request made; AlreadyExists if its id was used for another one."""
    if not request_id:
        return None
    table = _TABLES.request
    row = connection.execute(select(table).where(table.c.request_id == request_id)).first()
    if row is not None and row.fingerprint != mark:
        raise reused(request_id)
    return None if row is None else int(row.revision)


def insert_request(connection: Connection, request_id: str, mark: str, state_number: int) -> None:
    """Keeps the request that made a state, if it has an id."""
    if request_id:
        row = {"request_id": request_id, "fingerprint": mark, "state_number": state_number}
        connection.execute(insert(_TABLES.request).values(row))


def insert_archive(connection: Connection, release: Release, archive: bytes) -> None:
    """Keeps a package; HistoryAlteredError if a row that no publication made has its place."""
    row = {
        "digest": release.digest,
        "name": release.name,
        "version": release.version,
        "valid_from": release.valid_from,
        "valid_until": release.valid_until,
        "publish_time": instant_text(release.publish_time),
        "publisher": release.publisher,
        "key_id": release.key_id,
        "state_number": release.state_number,
        "archive": archive,
    }
    try:
        connection.execute(insert(_TABLES.release).values(row))
    except IntegrityError:  # what was published is refused before: this row was written by another program
        raise HistoryAlteredError("RELEASE_HISTORY_ALTERED", _FOREIGN_ARCHIVE) from None


def read_archive(connection: Connection, digest: str) -> bytes:
    """The archive kept under a digest, empty when there is none."""
    table = _TABLES.release
    return bytes(connection.scalar(select(table.c.archive).where(table.c.digest == digest)) or b"")
