"""The store of shadow runs: each decision is counted once, whatever stops, however many processes count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    String,
    and_,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from services.eligibility.answer import RulesetStamp
from services.eligibility.package import Outcome
from services.eligibility.publishing import Count, NewShadow, OutcomeChange, RunPosition, Shadow, Tally
from services.eligibility.store.tables import DECISION, journal, shadow, shadow_change, stop_request
from services.kit.canonical import canonical
from services.kit.dates import instant_of, instant_text
from services.kit.errors import NotFound
from services.kit.store import Database, fingerprint, idempotency, reused

LEASE = timedelta(seconds=5)
"""How long the process that counts is left alone after each chunk: the longest pause when it dies."""
_LOCK = text("SELECT pg_advisory_xact_lock(6180339887498948482)")  # the same number in every process


def read_counts(connection: Connection, number: int) -> Mapping[OutcomeChange, Count]:
    """The counts of a run."""
    rows = connection.execute(select(shadow_change).where(shadow_change.c.shadow == number))
    return {_change(row.change): Count(row.number, tuple(json.loads(row.examples))) for row in rows}


def add_counts(connection: Connection, number: int, tally: Tally) -> None:
    """Adds counts to those of a run, whose row the transaction holds."""
    known = read_counts(connection, number)
    for change, count in tally.counts.items():
        written = _written(change)
        mark = hashlib.sha256(written.encode()).hexdigest()
        if change in known:
            here = (shadow_change.c.shadow == number, shadow_change.c.change_hash == mark)
            total = _values(known[change].plus(count))
            connection.execute(update(shadow_change).where(*here).values(total))
        else:
            key = {"shadow": number, "change_hash": mark, "change": written}
            connection.execute(insert(shadow_change).values({**key, **_values(count)}))


def _values(count: Count) -> dict[str, Any]:
    return {"number": count.number, "examples": canonical(count.examples)}


def _written(change: OutcomeChange) -> str:
    return canonical([change.base.value, change.candidate.value, change.added, change.removed])


def _change(written: str) -> OutcomeChange:
    base, candidate, added, removed = json.loads(written)
    return OutcomeChange(Outcome(base), Outcome(candidate), tuple(added), tuple(removed))


class ShadowStore:
    """The shadow runs of all the processes that share a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, new: NewShadow, *, validate_only: bool = False) -> Shadow:
        """Starts a run, or gives the one that the same request started; AlreadyExists for another request."""
        mark = _fingerprint(new)
        with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_LOCK)
            known = _by_request(connection, new.request_id)
            if known is None:
                row = _new_row(connection, new, mark)
                if not validate_only:
                    connection.execute(insert(shadow).values(row))
                return _shadow(connection, row)
            if known["fingerprint"] != mark:
                raise reused(new.request_id)
            return _shadow(connection, known)

    def get(self, number: int) -> Shadow:
        """A run; NotFound."""
        with self._database.read() as connection:
            return _shadow(connection, _row(connection, number))

    def latest(self, *, before: int | None = None, limit: int) -> Sequence[Shadow]:
        """The latest runs, of lower number than the one given."""
        query = select(shadow).order_by(shadow.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(shadow.c.number < before)
        with self._database.read() as connection:
            return [_shadow(connection, row._asdict()) for row in connection.execute(query).all()]

    def stop(self, number: int, *, request_id: str = "", validate_only: bool = False) -> Shadow:
        """Ends a run; nothing is counted any more. NotFound; AlreadyExists if the id was used for another."""
        stopped = {"stop_time": _now(), "lease_holder": None, "lease_end": None}
        mark = fingerprint("stop", str(number))
        with self._database.write() as connection:
            known = idempotency.answered(connection, stop_request, request_id, mark)
            row = _row(connection, number)
            if known is None and not validate_only:
                connection.execute(update(shadow).where(_running(number)).values(stopped))
                idempotency.remember(connection, stop_request, request_id, mark, b"")
                row = _row(connection, number)
            return _shadow(connection, row)

    def waiting(self, holder: str) -> Sequence[RunPosition]:
        """The runs that decisions wait for and that no other process counts."""
        waits = exists().where(_to_count(shadow.c.last_sequence, shadow.c.from_time))
        query = select(shadow).where(shadow.c.stop_time.is_(None), _free(holder), waits)
        with self._database.read() as connection:
            return [_place(row, holder) for row in connection.execute(query.order_by(shadow.c.number))]

    def hold(self, number: int, holder: str) -> bool:
        """Keeps the other processes from counting a run for a while; false if one of them does."""
        query = update(shadow).where(_running(number), _free(holder)).values(_lease(holder))
        with self._database.write() as connection:
            return connection.execute(query).rowcount == 1

    def add(self, place: RunPosition, last_sequence: int, tally: Tally, holder: str) -> bool:
        """Adds what was counted from a place to `last_sequence`; false, and nothing is added, if the run was
        stopped or another process counted from that place."""
        here = and_(_running(place.number), shadow.c.last_sequence == place.last_sequence)
        moved = {
            "last_sequence": last_sequence,
            "left_out": shadow.c.left_out + tally.left_out,
            **_lease(holder),
        }
        with self._database.write() as connection:
            if not connection.execute(update(shadow).where(here).values(moved)).rowcount:
                return False
            add_counts(connection, place.number, tally)
            return True


def _by_request(connection: Connection, request_id: str) -> Mapping[str, Any] | None:
    if not request_id:
        return None
    row = connection.execute(select(shadow).where(shadow.c.request_id == request_id)).first()
    return row._asdict() if row else None


def _row(connection: Connection, number: int) -> Mapping[str, Any]:
    row = connection.execute(select(shadow).where(shadow.c.number == number)).first()
    if row is None:
        name = f"shadows/{number}"
        raise NotFound("SHADOW_NOT_FOUND", "Aucun essai à blanc ne porte ce nom.", metadata={"name": name})
    return row._asdict()


def _new_row(connection: Connection, new: NewShadow, mark: str) -> dict[str, Any]:
    from_time = instant_text(new.from_time) if new.from_time else None
    return {
        "number": (connection.scalar(select(func.max(shadow.c.number))) or 0) + 1,
        "ruleset_id": new.candidate.id,
        "ruleset_version": new.candidate.version,
        "ruleset_digest": new.candidate.digest,
        "ruleset_revision": new.candidate.state_number,
        "as_of_date": new.as_of,
        "from_time": from_time,
        "actor": new.actor,
        "request_id": new.request_id or None,
        "fingerprint": mark,
        "start_time": _now(),
        "stop_time": None,
        "last_sequence": _place_before(connection, from_time),
        "left_out": 0,
    }


def _place_before(connection: Connection, from_time: str | None) -> int:
    """The sequence just before the first decision of that instant or later; the last one if there is none."""
    head = connection.scalar(select(func.max(journal.c.sequence))) or 0
    if from_time is None:
        return head
    first = select(func.min(journal.c.sequence)).where(journal.c.time >= from_time)
    return (connection.scalar(first) or head + 1) - 1


def _fingerprint(new: NewShadow) -> str:
    return fingerprint(new.candidate.digest, str(new.from_time), str(new.as_of))


def _running(number: int) -> ColumnElement[bool]:
    return and_(shadow.c.number == number, shadow.c.stop_time.is_(None))


def _free(holder: str) -> ColumnElement[bool]:
    """No other process counts the run."""
    return or_(shadow.c.lease_holder.is_(None), shadow.c.lease_holder == holder, shadow.c.lease_end < _now())


def _lease(holder: str) -> dict[str, Any]:
    return {"lease_holder": holder, "lease_end": instant_text(datetime.now(UTC) + LEASE)}


def _shadow(connection: Connection, row: Mapping[str, Any]) -> Shadow:
    return Shadow(
        number=row["number"],
        candidate=RulesetStamp(
            row["ruleset_id"], row["ruleset_version"], row["ruleset_digest"], row["ruleset_revision"]
        ),
        as_of=row["as_of_date"],
        actor=row["actor"],
        start_time=instant_of(row["start_time"]),
        stop_time=instant_of(row["stop_time"]) if row["stop_time"] else None,
        tally=Tally(read_counts(connection, row["number"]), row["left_out"]),
        pending=0 if row["stop_time"] else _pending(connection, row),
    )


def _pending(connection: Connection, row: Mapping[str, Any]) -> int:
    due = _to_count(literal(row["last_sequence"], BigInteger), literal(row["from_time"], String))
    return connection.scalar(select(func.count()).select_from(journal).where(due)) or 0


def _place(row: Row[Any], holder: str) -> RunPosition:
    return RunPosition(
        number=row.number,
        digest=row.ruleset_digest,
        as_of=row.as_of_date,
        from_time=instant_of(row.from_time) if row.from_time else None,
        last_sequence=row.last_sequence,
        held=row.lease_holder == holder and row.lease_end > _now(),
    )


def _to_count(last_sequence: ColumnElement[int], from_time: ColumnElement[str]) -> ColumnElement[bool]:
    """The decisions of the journal that a run has still to count."""
    due = or_(from_time.is_(None), journal.c.time >= from_time)
    return and_(journal.c.kind == DECISION, journal.c.sequence > last_sequence, due)


def _now() -> str:
    return instant_text(datetime.now(UTC))
