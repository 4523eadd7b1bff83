"""The clock of a store: its service marks the hour there, and deletes only what has waited since its mark."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    text,
    update,
)

from services.kit import context
from services.kit.dates import instant_of, instant_text, paris_text
from services.kit.errors import DomainError, FailedPrecondition, StartupError
from services.kit.store.audit import Audit, audit_chain, audit_table, verify_audit
from services.kit.store.clock import (
    AHEAD_SECONDS,
    WAIT_SECONDS,
    Doubt,
    Mark,
    Reading,
    advanced,
    read_clocks,
)
from services.kit.store.database import Database
from services.kit.store.ring import open_ring

CLOCK_CHAIN = "clock chain"
"""The purpose of the key that seals the confirmations of the clock."""

MARK_SECONDS = 60.0
"""How often each process marks the hour: what it costs is one short write."""

_REMINDER = 60
"""Turns between two lines of the log that say the same."""

log = structlog.get_logger()


def clock_tables(metadata: MetaData) -> tuple[Table, Table]:
    """The one row of the clock, and the chained audit of its confirmations."""
    clock = Table(
        "clock",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("time", String(27), nullable=False),
        Column("boot", String(36), nullable=False),
        Column("boot_time", String(27), nullable=False),
        Column("since_boot", BigInteger, nullable=False),
        Column("running", BigInteger, nullable=False),
        Column("waits_from", BigInteger, nullable=False),
        Column("confirmations", BigInteger, nullable=False),
        Column("doubt", String(16)),
        Column("doubt_time", String(27)),
        CheckConstraint("id = 1", name="clock_single"),
        CheckConstraint("(doubt IS NULL) = (doubt_time IS NULL)", name="clock_doubt"),
    )
    return clock, audit_table(metadata, "clock_audit")


def create_clock_tables(connection: Connection, last: str | None) -> None:
    """Creates the tables, for the service's migration; a store that has a past begins at its last instant."""
    metadata = MetaData()
    clock_tables(metadata)
    metadata.create_all(connection)
    if last is not None:
        _write(connection, Mark(instant_of(last), "", instant_of(last), 0, running=0), new=True)


_clock, clock_audit = clock_tables(MetaData())

open_clock = partial(audit_chain, clock_audit)
"""The chain of the confirmations, under a seal."""

verify_clock = verify_audit(clock_audit)
"""How the audit of the confirmations is verified under a seal."""

_POSTGRESQL_LOCK = text("SELECT pg_advisory_xact_lock(5394761208841730265)")  # the same in every process


@dataclass(frozen=True)
class DeletionTime:
    """What a deletion goes by, which only the clock of a store gives.

    What was over at `now` may be marked with `running`; what is still over and was marked at
    `marked_until` or before has waited long enough.
    """

    now: datetime
    running: int
    marked_until: int


Delete = Callable[[Connection, DeletionTime], int]
"""Marks what is over, deletes some of what has waited; gives how many were deleted, 0 once none is left."""


class StoreClock:
    """Marks the hour of a store from one process; `delete` is called while the hour is believed alone."""

    def __init__(
        self,
        database: Database,
        delete: Delete | None = None,
        *,
        read: Callable[[], Reading] = read_clocks,
    ) -> None:
        self._database = database
        self._delete = delete
        self._read = read
        self._first = read()
        self._confirmations = -1
        self._detail = ""
        self._turns = 0

    def start(self) -> None:
        """Starts the thread that marks the hour, at once then every MARK_SECONDS."""
        threading.Thread(target=self._loop, name="store-clock", daemon=True).start()

    def detail(self) -> str:
        """What the last mark found wrong with the clock, as a word for the probes; empty when nothing."""
        return self._detail

    def mark(self) -> Mark:
        """Marks the hour, then deletes what has waited long enough, unless the hour is in doubt."""
        deleted = 1
        while deleted:
            with self._database.write() as connection:
                mark, ahead = self._advance(connection)
                believed = not mark.doubt and ahead <= AHEAD_SECONDS
                deleted = self._deletion(connection, mark) if believed else 0
        self._tell(mark, ahead)
        return mark

    def check(self, connection: Connection) -> None:
        """FailedPrecondition / CLOCK_IN_DOUBT while nothing may be deleted by date; in a write."""
        mark, ahead = self._advance(connection)
        if mark.doubt or ahead > AHEAD_SECONDS:
            raise FailedPrecondition(
                "CLOCK_IN_DOUBT",
                "L’heure de ce serveur est en doute : rien n’est effacé d’après une date. Prévenez "
                "l’exploitant, qui vérifie l’horloge et la confirme.",
            )

    def _loop(self) -> None:
        pause = threading.Event()
        while not context.stopping():
            try:
                self.mark()
            except DomainError as error:
                log.warning("clock_not_marked", reason=error.reason)
            pause.wait(MARK_SECONDS)

    def _advance(self, connection: Connection) -> tuple[Mark, float]:
        """The mark of this instant, written; and how far the clocks of the store are ahead of this one."""
        before = _read(connection)
        server = None
        if connection.dialect.name == "postgresql":
            server = connection.scalar(select(func.clock_timestamp()))
        now = self._read()  # after what it is compared with: a slow answer is no clock ahead
        if before is not None and (before.doubt or before.confirmations != self._confirmations):
            self._first, self._confirmations = now, before.confirmations
        mark = advanced(before, now, self._first)
        if mark != before:
            _write(connection, mark, new=before is None)
        last = [time for time in (before and before.time, server) if time]
        return mark, max([(time - now.time).total_seconds() for time in last], default=0.0)

    def _deletion(self, connection: Connection, mark: Mark) -> int:
        if self._delete is None:
            return 0
        waited = mark.running - WAIT_SECONDS
        # Before a day of running time, and again after each confirmation, nothing has waited long enough.
        until = waited if waited >= mark.waits_from else -1
        return self._delete(connection, DeletionTime(mark.time, mark.running, until))

    def _tell(self, mark: Mark, ahead: float) -> None:
        detail = "CLOCK_IN_DOUBT" if mark.doubt else "CLOCK_BEHIND_STORE" if ahead > AHEAD_SECONDS else ""
        self._turns = 0 if detail != self._detail else self._turns + 1
        self._detail = detail
        if detail:
            context.sound_alarm(detail)
        if self._turns % _REMINDER:
            return
        if mark.doubt and mark.doubt_time:
            log.error(
                "clock_in_doubt",
                doubt=mark.doubt.value,
                last_believed=instant_text(mark.time),
                not_believed=instant_text(mark.doubt_time),
            )
        elif detail:
            log.error("clock_behind_store", seconds=round(ahead, 1))


def confirm(
    clocks: Mapping[str, str],
    master_key_file: Path,
    by: str,
    *,
    read: Callable[[], Reading] = read_clocks,
) -> str:
    """Confirms the hour of this machine in the name of a person, in the audit of each store that doubts it.

    `clocks` gives the purpose of the key of this audit, by database. Gives a French sentence.
    """
    now = read()
    confirmed = [url for url, purpose in clocks.items() if _confirmed(url, purpose, master_key_file, by, now)]
    if not confirmed:
        raise StartupError("L’heure n’est pas en doute : il n’y a rien à confirmer.")
    return (
        f"{by} confirme l’heure de cette machine : {paris_text(now.time)}. Ce qui est à effacer attend "
        "encore un jour de marche du service."
    )


def _confirmed(url: str, purpose: str, master_key_file: Path, by: str, now: Reading) -> bool:
    database = Database(url)
    try:
        audit = Audit(clock_audit, open_ring(database, master_key_file).seal(purpose))
        with database.write() as connection:
            mark = _read(connection)
            if mark is None or not mark.doubt:
                return False
            _write(connection, mark.confirmed(now), new=False)
            audit.append(
                connection,
                actor=by,
                method="ConfirmClock",
                resource="clock",
                before={"time": instant_text(mark.time), "doubt": mark.doubt.value},
                after={"time": instant_text(now.time)},
                time=now.time,
            )
            return True
    except DomainError as error:
        raise StartupError(error.message) from error
    finally:
        database.dispose()


def last_believed(connection: Connection) -> datetime | None:
    """The last hour that a store believed while its clock is in doubt; None while it is not."""
    mark = _read(connection, alone=False)
    if mark is None:
        return None
    now = read_clocks()
    mark = advanced(mark, now, now)
    return mark.time if mark.doubt else None


def _read(connection: Connection, *, alone: bool = True) -> Mark | None:
    """The mark of a store; `alone`, the other processes wait until the transaction ends to read theirs."""
    if alone and connection.dialect.name == "postgresql":
        connection.execute(_POSTGRESQL_LOCK)
    row = connection.execute(select(_clock)).first()
    if row is None:
        return None
    fields: dict[str, Any] = dict(row._mapping)
    del fields["id"]
    fields["time"], fields["boot_time"] = instant_of(row.time), instant_of(row.boot_time)
    if row.doubt:
        fields["doubt"], fields["doubt_time"] = Doubt(row.doubt), instant_of(row.doubt_time)
    return Mark(**fields)


def _write(connection: Connection, mark: Mark, *, new: bool) -> None:
    values = {
        **vars(mark),
        "time": instant_text(mark.time),
        "boot_time": instant_text(mark.boot_time),
        "doubt": mark.doubt and mark.doubt.value,
        "doubt_time": mark.doubt_time and instant_text(mark.doubt_time),
    }
    connection.execute(insert(_clock).values(id=1, **values) if new else update(_clock).values(values))
