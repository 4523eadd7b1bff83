"""Erasures under way: recorded with what they remove, then carried out to the last copy on the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import structlog
from sqlalchemy import Column, Connection, MetaData, String, Table, delete, func, insert, select

from services.kit.dates import instant_of, instant_text
from services.kit.errors import DomainError
from services.kit.store import states
from services.kit.store.database import Database
from services.kit.store.epochs import MissingEpochError
from services.kit.store.keys import KeyStore

RETRY_SECONDS = 1.0
"""How long an erasure that something keeps from ending waits before it is tried again."""

LOOK_SECONDS = 30.0
"""How often a process looks for those that another one left."""

PATIENCE_SECONDS = 0.5
"""How long who asks for an erasure waits for its end; afterwards a thread ends it."""

CONTENTS = ""
"""In the place of a case: contents were removed, of cases whose keys still serve."""

ERASED = "Effacement terminé : rien de ce qui est effacé ne peut être relu sur le disque."

ERASING = (
    "Effacement en cours : plus rien n’est montré, mais le disque peut encore garder ce qui est effacé, tant "
    "qu’une lecture ou une sauvegarde de la base dure. Le service le termine de lui-même."
)

log = structlog.get_logger()


def erasure_table(metadata: MetaData) -> Table:
    """The table of erasures that are not carried out yet, for a service's migration and its store."""
    return Table(
        "pending_erasure",
        metadata,
        Column("case_id", String(36), primary_key=True),
        Column("time", String(27), nullable=False),
    )


class Erasing:
    """Carries out the erasures of a store: destroys the keys, ends their epochs, empties the logs of SQLite.

    An erasure is planned in the transaction that removes something: a process that stops anywhere afterwards
    leaves it to another, and it is said to be done only when nothing of it can be read back.
    """

    def __init__(self, database: Database, table: Table, keys: KeyStore) -> None:
        self._database = database
        self._table = table
        self._keys = keys
        self._wake = threading.Event()
        self._stop = False
        self._hindrance = ""

    @property
    def logs_are_ours(self) -> bool:
        """Whether what the database wrote besides its tables is emptied here: PostgreSQL keeps its own."""
        return self._database.is_sqlite

    def plan(self, connection: Connection, case_ids: Iterable[str], now: datetime) -> None:
        """Records that the keys of cases are to be destroyed, in the caller's write transaction."""
        known = set(connection.scalars(select(self._table.c.case_id)))
        rows = [{"case_id": case_id, "time": instant_text(now)} for case_id in set(case_ids) - known]
        if rows:
            connection.execute(insert(self._table), rows)

    def destroy_planned(self, connection: Connection) -> None:
        """Destroys at once the keys that were to be: what is about to be encrypted takes none of them."""
        planned = list(connection.scalars(select(self._table.c.case_id)))
        if planned and self._keys.keys(planned):
            self._keys.destroy(planned, datetime.now(UTC))

    def since(self, case_ids: Iterable[str] | None = None) -> datetime | None:
        """Since when an erasure is under way, of some cases or of any; None once all are done."""
        query = select(func.min(self._table.c.time))
        if case_ids is not None:
            query = query.where(self._table.c.case_id.in_([*case_ids, CONTENTS]))
        with self._database.read() as connection:
            oldest = connection.scalar(query)
        return instant_of(oldest) if oldest else None

    def finish(self, seconds: float = PATIENCE_SECONDS) -> bool:
        """Carries out what was planned, outside any lock; False if it is to be tried again."""
        deadline = time.monotonic() + seconds
        try:
            done = self._finish(deadline)
        except (DomainError, MissingEpochError, OSError) as error:
            self._tell(type(error).__name__)
            done = False
        if done:
            self._hindrance = ""
        else:
            self._wake.set()
        return done

    def start(self, before: Callable[[], object] = lambda: None) -> None:
        """Ends from now on, in a thread, what this process or another one left; `before` comes first each
        time that it looks."""
        threading.Thread(target=self._follow, args=(before,), name="erasures", daemon=True).start()

    def stop(self) -> None:
        """Ends the thread; what it had not done is for another process."""
        self._stop = True
        self._wake.set()

    def _finish(self, deadline: float) -> bool:
        with self._database.read() as connection:
            planned = {row.case_id: row.time for row in connection.execute(select(self._table))}
        if planned:
            self._keys.destroy(set(planned) - {CONTENTS}, datetime.now(UTC))
        if not self._keys.renew(deadline):
            return False
        if not planned:
            return True
        while not (self._keys.database.empty_log() and self._database.empty_log()):
            if time.monotonic() > deadline:
                self._tell("readers")
                return False
            time.sleep(0.01)
        with self._database.write() as connection:
            for case_id, planned_at in planned.items():
                mine = (self._table.c.case_id == case_id) & (self._table.c.time == planned_at)
                connection.execute(delete(self._table).where(mine))
        return True

    def _tell(self, hindrance: str) -> None:
        """Says in the log what an erasure waits for, once."""
        if hindrance != self._hindrance:
            log.warning("erasure_waits", cause=hindrance)
        self._hindrance = hindrance

    def _follow(self, before: Callable[[], object]) -> None:
        while not self._stop:
            self._wake.clear()
            try:
                before()
                done = self.finish()
            except Exception as error:
                if not states.is_of_store(error):  # which each call and the probes say already
                    log.error("exception", error=type(error).__name__)
                done = False
            if done:
                self._wake.wait(LOOK_SECONDS)
            else:
                time.sleep(RETRY_SECONDS)
