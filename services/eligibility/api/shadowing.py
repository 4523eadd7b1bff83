"""Shadow runs at work: a thread of each worker follows the journal, off the path of the answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from uuid import uuid4

import structlog

from services.eligibility.answer import StoredDecision
from services.eligibility.publishing import (
    Advice,
    Deployments,
    Pair,
    Ruleset,
    RunPosition,
    advice,
    moved,
    tally,
)
from services.eligibility.store import Journal, ShadowStore
from services.kit.context import stopping
from services.kit.errors import FailedPrecondition
from services.kit.serve import exception_fields
from services.kit.store import states

CHUNK = 20
"""Decisions counted in one transaction."""
IDLE_SECONDS = 0.5
"""How often the journal is looked at when nothing waits."""
REST = 3
"""Time left to the answers after each decision, in times what it took."""
REFUSED_SECONDS = 30.0
"""How long a candidate that cannot be used is left alone."""

log = structlog.get_logger()


class ShadowRunner:
    """Counts what candidates change, a chunk of decisions at a time; started after the fork."""

    def __init__(self, deployments: Deployments, journal: Journal, shadows: ShadowStore) -> None:
        self._deployments = deployments
        self._journal = journal
        self._shadows = shadows
        self._holder = str(uuid4())
        self._refused: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="shadows", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; what it had not added is counted by another one."""
        self._stop.set()
        self._thread.join()

    def step(self) -> bool:
        """Counts one chunk of each run that waits; false if there was nothing to count."""
        added = [self._count(place) for place in self._shadows.waiting(self._holder)]
        return any(added)

    def _count(self, place: RunPosition) -> bool:
        candidate = self._candidate(place)
        if candidate is None or not (place.held or self._shadows.hold(place.number, self._holder)):
            return False
        decisions = self._journal.decisions(
            after_sequence=place.last_sequence, start_time=place.from_time, limit=CHUNK
        )
        if not decisions:
            return False
        counted = tally(self._pairs(candidate, place, decisions))
        if self._stop.is_set():
            return False
        return self._shadows.add(place, decisions[-1].sequence, counted, self._holder)

    def _candidate(self, place: RunPosition) -> Ruleset | None:
        """The candidate of a run; None while it cannot be used."""
        if self._refused.get(place.digest, 0) > time.monotonic():
            return None
        try:
            return self._deployments.ruleset(place.digest)
        except FailedPrecondition as error:
            log.error("shadow_refused", shadow=place.number, digest=place.digest, reason=error.reason)
            self._refused[place.digest] = time.monotonic() + REFUSED_SECONDS
            return None

    def _pairs(
        self, candidate: Ruleset, place: RunPosition, decisions: Sequence[StoredDecision]
    ) -> Iterator[Pair | None]:
        for decision in decisions:
            began = time.monotonic()
            yield _pair(candidate, place, decision)
            self._stop.wait((time.monotonic() - began) * REST)

    def _follow(self) -> None:
        while not (self._stop.is_set() or stopping()):
            try:
                busy = self.step()
            except Exception as error:
                if not states.is_of_store(error):  # which each call and the probes say already
                    log.error("exception", **exception_fields(error))
                busy = False
            if not busy:
                self._stop.wait(IDLE_SECONDS)


def _pair(candidate: Ruleset, place: RunPosition, decision: StoredDecision) -> Pair | None:
    """The decision as it was recorded, and what the candidate advises; None when either cannot be known."""
    if decision.read is None or decision.record is None:
        return None
    facts = moved(decision.read.facts, place.as_of)
    advised = advice(candidate.package, candidate.engine, facts)
    if advised is None:
        return None
    recorded = Advice(decision.record.outcome, decision.record.reason_codes)
    return Pair(recorded, advised, f"decisions/{decision.decision_id}")
