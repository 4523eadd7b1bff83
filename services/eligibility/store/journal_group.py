"""Group commit: the threads that write at the same moment share one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from services.kit.context import remaining
from services.kit.errors import DeadlineExceeded, Unavailable
from services.kit.store import write_places

Entry = TypeVar("Entry")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Ticket(Generic[Entry, Result]):
    """What a thread hands in, then what became of it."""

    entries: Sequence[Entry]
    outcome: list[Result] | BaseException | None = None

    def given(self) -> list[Result]:
        """What became of it, once it is settled."""
        if isinstance(self.outcome, list):
            return self.outcome
        raise self.outcome or RuntimeError("not settled")


class GroupCommit(Generic[Entry, Result]):
    """Hands to `commit`, one call at a time, everything that waits; it gives one result for each entry, or
    raises and has written nothing."""

    def __init__(self, commit: Callable[[Sequence[Entry]], Sequence[Result]]) -> None:
        self._commit = commit
        self._changed = threading.Condition()
        self._waiting: list[_Ticket[Entry, Result]] = []
        self._is_led = False

    def run(self, entries: Sequence[Entry]) -> list[Result]:
        """The results of entries, once they are committed; DeadlineExceeded if the time of the call runs out
        before their turn: they are not written then."""
        ticket: _Ticket[Entry, Result] = _Ticket(entries)
        with write_places.held():
            return self._run(ticket)

    def _run(self, ticket: _Ticket[Entry, Result]) -> list[Result]:
        with self._changed:
            self._waiting.append(ticket)
            self._await_turn(ticket)
            if ticket.outcome is not None:
                return ticket.given()
            # Nobody writes: this thread does, for all those that queued while the last group was written.
            # Under load a commit is shared by many; alone, a write waits for nobody.
            self._is_led = True
            group, self._waiting = self._waiting, []
        self._lead(group)
        return ticket.given()

    def _await_turn(self, ticket: _Ticket[Entry, Result]) -> None:
        """Returns when the ticket is settled, or when its thread must lead the next group."""
        time_left = min(remaining(), threading.TIMEOUT_MAX)
        if self._changed.wait_for(lambda: ticket.outcome is not None or not self._is_led, max(0, time_left)):
            return
        if ticket in self._waiting:
            self._waiting.remove(ticket)
            raise DeadlineExceeded
        # Too late to withdraw: it is in a group being written. Answering "late" now would deny a decision
        # that the journal will hold.
        self._changed.wait_for(lambda: ticket.outcome is not None)

    def _lead(self, group: Sequence[_Ticket[Entry, Result]]) -> None:
        try:
            self._settle(group)
        finally:
            with self._changed:
                self._is_led = False
                self._changed.notify_all()

    def _settle(self, group: Sequence[_Ticket[Entry, Result]]) -> None:
        try:
            results = iter(self._commit([entry for ticket in group for entry in ticket.entries]))
        except BaseException as error:
            if len(group) > 1 and not isinstance(error, Unavailable | DeadlineExceeded):
                self._settle_apart(group)
            else:
                for ticket in group:
                    ticket.outcome = error
            return
        for ticket in group:
            ticket.outcome = list(islice(results, len(ticket.entries)))

    def _settle_apart(self, group: Sequence[_Ticket[Entry, Result]]) -> None:
        """What cannot be written fails alone: the others only shared its transaction."""
        for ticket in group:
            self._settle([ticket])
