"""A table whose records are sealed one after another: appending under the write lock, and verifying."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from services.kit.canonical import GENESIS, Head, Verification, chained, sealed
from services.kit.context import check_deadline
from services.kit.store.engine import SQLITE_BUSY_SECONDS

PLAIN_VERSION, SEALED_VERSION = 1, 2
"""Versions of the sealed form, without a key and with one: another set of columns, or another text of them,
is another version."""

_LOCK = text("SELECT pg_advisory_xact_lock(:number)")
_LOCK_TIMEOUT = text(f"SET LOCAL lock_timeout = '{SQLITE_BUSY_SECONDS}s'")
_SEALS = ("prev_hash", "hash")
_BATCH = 500

Record = Mapping[str, Any]
"""Values of a row by column; those left out are null."""


BEGINNING = Head(0, GENESIS)
"""Before the first record."""


class BrokenChainError(Exception):
    """A record is not as it was written, or is missing; `sequence` is its rank."""

    def __init__(self, sequence: int) -> None:
        super().__init__(sequence)
        self.sequence = sequence


@dataclass(frozen=True)
class ChainSeal:
    """What seals the records that follow `after`: a key, so that whoever writes the database without it can
    make none. The records up to there, of a time without a key, have a plain hash; without a key, all have.
    """

    key: bytes | None
    after: Head = BEGINNING


class Chain:
    """The records of a table, numbered by its primary key; all the columns are sealed but those `unsealed`.

    `lock` is a number of its own for each kind of chain, the same in every process. Columns that came `later`
    than the first records are sealed where they are not null: what was sealed before they came still holds.
    """

    def __init__(
        self,
        table: Table,
        seal: ChainSeal,
        *,
        lock: int,
        unsealed: Collection[str] = (),
        later: Collection[str] = (),
    ) -> None:
        self._table = table
        self._keyed = seal
        (self._rank,) = table.primary_key.columns
        self._names = [column.name for column in table.columns]
        self._sealed = [name for name in self._names if name not in (*unsealed, *_SEALS)]
        self._later = frozenset(later)
        self._lock = lock
        # Raw SQL: a value that is not of its column's type must be found, not stop the reading.
        columns = ", ".join(f'"{name}"' for name in self._names)
        reading, order = f'SELECT {columns} FROM "{table.name}"', f'ORDER BY "{self._rank.name}"'  # noqa: S608
        self._reading = text(f"{reading} {order}")
        self._reading_last = text(f"{reading} {order} DESC LIMIT 1")
        self._reading_after = text(f'{reading} WHERE "{self._rank.name}" > :rank {order}')

    @property
    def name(self) -> str:
        """The name of its table."""
        return self._table.name

    def head(self, connection: Connection, *, lock: bool = False) -> Head:
        """The last record; `lock` makes the other writers of the chain wait until the transaction ends, as
        long as SQLite makes them wait."""
        if lock and connection.dialect.name == "postgresql":
            connection.execute(_LOCK_TIMEOUT)
            connection.execute(_LOCK, {"number": self._lock})
        query = select(self._rank, self._table.c.hash).order_by(self._rank.desc()).limit(1)
        row = connection.execute(query).first()
        return Head(*row) if row else BEGINNING

    def append(self, connection: Connection, last: Head, records: Sequence[Record]) -> Head:
        """Adds records after the head, which the caller locked; gives the new one."""
        rows = []
        for record in records:
            row = {**dict.fromkeys(self._names), **record, self._rank.name: last.sequence + 1}
            mark = self._seal(last, row)
            rows.append({**row, "prev_hash": last.hash, "hash": mark})
            last = Head(last.sequence + 1, mark)
        if rows:
            connection.execute(insert(self._table), rows)
        return last

    def verify(
        self,
        connection: Connection,
        expected: Head | None = None,
        *,
        beginning: Head = BEGINNING,
        is_whole: Callable[[Record], bool] = lambda _: True,
    ) -> Verification:
        """Reads every record after `beginning`, whatever is in them; `is_whole` judges what is not sealed.

        With a head kept from an earlier day, a removed end and a full rewrite are found too. The end has no
        hash when it was altered into something else.
        """
        heads = [head for head in (self._keyed.after, expected) if head and head.sequence]
        last, count, broken = beginning, 0, 0
        rows = connection.execute(self._reading, execution_options={"yield_per": _BATCH})
        for row in map(dict, rows.mappings()):
            if count % _BATCH == 0:
                check_deadline()
            count += 1
            if broken:
                continue
            if self._follows(row, last, heads, is_whole):
                last = Head(row[self._rank.name], row["hash"])
            else:
                broken = last.sequence + 1
        if not broken and any(last.sequence < head.sequence for head in heads):
            broken = last.sequence + 1
        return Verification(broken, count, self.head(connection))

    def holds(self, connection: Connection, head: Head) -> bool:
        """Whether a record is there as it was read; the beginning always is."""
        found = select(self._table.c.hash).where(self._rank == head.sequence)
        return head.sequence == 0 or connection.scalar(found) == head.hash

    def ends_whole(self, connection: Connection) -> bool:
        """Whether the last record is as it was sealed: the cheapest part of a verification."""
        found = connection.execute(self._reading_last).mappings().first()
        if found is None:
            return True
        row = dict(found)
        before = Head(row[self._rank.name] - 1, row["prev_hash"])
        return self._follows(row, before, [self._keyed.after], lambda _: True)

    def goes_on(self, connection: Connection, head: Head) -> bool:
        """Whether a record is there as it was anchored, and every one after it follows."""
        try:
            return self.holds(connection, head) and all(True for _ in self.after(connection, head))
        except BrokenChainError:
            return False

    def after(self, connection: Connection, last: Head) -> Iterator[Record]:
        """The records after a head that was verified; BrokenChainError at the first that does not follow."""
        rows = connection.execute(self._reading_after, {"rank": last.sequence})
        for row in map(dict, rows.mappings()):
            if not self._follows(row, last, [self._keyed.after], lambda _: True):
                raise BrokenChainError(last.sequence + 1)
            last = Head(row[self._rank.name], row["hash"])
            yield row

    def _follows(
        self, row: Record, last: Head, heads: Sequence[Head], is_whole: Callable[[Record], bool]
    ) -> bool:
        """True when a record comes after the last one, says what was sealed, and is the one of the heads that
        has its rank."""
        try:
            head = Head(last.sequence + 1, self._seal(last, row))
            found = (row[self._rank.name], row["hash"], row["prev_hash"])
            if found != (head.sequence, head.hash, last.hash) or not is_whole(row):
                return False
        except TypeError:  # a value that is not of its column's type
            return False
        return all(head == known for known in heads if known.sequence == head.sequence)

    def _seal(self, last: Head, row: Record) -> str:
        record = {
            name: _plain(row[name])
            for name in self._sealed
            if name not in self._later or row[name] is not None
        }
        if self._keyed.key is None or last.sequence < self._keyed.after.sequence:
            return chained(last.hash, {"version": PLAIN_VERSION, **record})
        return sealed(self._keyed.key, last.hash, {"version": SEALED_VERSION, **record})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
