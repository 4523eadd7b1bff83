"""What a shadow run has counted, change by change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.eligibility.package import Outcome
from services.eligibility.publishing import Count, OutcomeChange, Tally
from services.eligibility.store.shadow_tables import shadow_change
from services.kit.canonical import canonical


def read(connection: Connection, number: int) -> Mapping[OutcomeChange, Count]:
    """The counts of a run."""
    rows = connection.execute(select(shadow_change).where(shadow_change.c.shadow == number))
    return {_change(row.change): Count(row.number, tuple(json.loads(row.examples))) for row in rows}


def add(connection: Connection, number: int, tally: Tally) -> None:
    """Adds counts to those of a run, whose row the transaction holds."""
    known = read(connection, number)
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
