"""What a process makes of the releases, kept as fresh as their store by a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

import structlog

from services.kit.errors import FailedPrecondition, StartupError, Unavailable
from services.kit.french import spaced
from services.kit.releases.ledger import HistoryAlteredError
from services.kit.releases.store import ReleaseStore
from services.kit.releases.timeline import State
from services.kit.serve import exception_fields
from services.kit.store import states

POLL_SECONDS = 0.25
"""How often the state of the store is read: a change is followed well within a second."""

_UNUSABLE = (
    "L’état n° {state_number} ne peut pas être chargé ; l’état n° {loaded}, que ce processus avait pris, "
    "continue de répondre."
)
_REFUSED = "{reason} L’état n° {loaded}, que ce processus avait pris, continue de répondre."
_UNREACHABLE = "La base de données ne répond pas ; l’état n° {loaded} continue de répondre."

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True)
class FollowerStatus:
    """What a process applies; `problem` is a French sentence, empty when it follows the store."""

    store_state_number: int
    loaded_state_number: int
    load_time: datetime
    problem: str


class Follower(Generic[T]):
    """Holds what `build` makes of the last state that it could build; started after the fork.

    While it runs, the last good one goes on; it starts from no other state than that of the store, for an
    older one would bring back what no longer governs.
    """

    def __init__(self, store: ReleaseStore, build: Callable[[State], T]) -> None:
        self._store = store
        self._build = build
        self._changed = threading.Condition()
        self._refreshing = threading.Lock()
        self._stop = threading.Event()
        self._value: T
        self._state: State
        self._status: FollowerStatus
        self._looked = 0
        self._refusal = ""
        self._thread = threading.Thread(target=self._follow, name="releases", daemon=True)

    def start(self) -> None:
        """Takes the state of the store, then follows it; StartupError if it cannot be taken."""
        try:
            state = self._store.state()
        except HistoryAlteredError as error:
            raise StartupError(error.message) from None
        value = self._built(state)
        if value is None:
            raise StartupError(
                f"L’état n° {state.state_number} des publications ne peut pas être chargé : le journal du "
                "service dit pourquoi."
            )
        self._take(value[0], state)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        self._thread.join()

    def current(self) -> T:
        """What governs now in this process."""
        return self._value

    def state(self) -> State:
        """The state that governs now in this process."""
        return self._state

    def status(self) -> FollowerStatus:
        """What this process applies, and what the store holds."""
        with self._changed:
            return self._status

    def refresh(self) -> None:
        """Looks at the store at once."""
        with self._refreshing:
            last = self._store.last_sequence()
            if last == self._looked:
                self._note(self._status.store_state_number)
                return
            try:
                state = self._store.state()
            except HistoryAlteredError as error:
                log.error("releases_refused", reason=error.reason, **error.metadata)
                self._looked, self._refusal = last, error.message
                self._note(self._status.store_state_number)
                return
            built = self._built(state)
            self._looked, self._refusal = last, ""
            if built is None:
                self._note(state.state_number)
            else:
                self._take(built[0], state)

    def wait(self, after_state_number: int, timeout: float) -> bool:
        """Waits until a later state is taken; false if none was in time (seconds)."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._status.loaded_state_number > after_state_number, timeout
            )

    def _take(self, value: T, state: State) -> None:
        with self._changed:
            self._value, self._state = value, state
            self._looked = state.head.sequence
            self._status = FollowerStatus(state.state_number, state.state_number, datetime.now(UTC), "")
            self._changed.notify_all()

    def _note(self, store_state_number: int) -> None:
        """The store answered; what this process applies stays."""
        with self._changed:
            problem = _problem(store_state_number, self._status.loaded_state_number, self._refusal)
            self._status = replace(self._status, store_state_number=store_state_number, problem=problem)

    def _built(self, state: State) -> tuple[T] | None:
        """What is made of a state, or None if it cannot be used."""
        try:
            return (self._build(state),)
        except Exception as error:
            if isinstance(error, Unavailable) or states.is_of_store(error):
                raise
            log.error("release_unusable", state_number=state.state_number, **exception_fields(error))
            return None

    def _follow(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.refresh()
            except Unavailable:
                self._unreachable()
            except FailedPrecondition as refusal:
                self._unreachable(refusal.message)
            except Exception as error:
                log.error("exception", **exception_fields(error))
                self._unreachable()

    def _unreachable(self, sentence: str = "") -> None:
        with self._changed:
            problem = spaced(sentence or _UNREACHABLE.format(loaded=self._status.loaded_state_number))
            self._status = replace(self._status, problem=problem)


def _problem(store_state_number: int, loaded_state_number: int, refusal: str) -> str:
    if refusal:
        return spaced(_REFUSED.format(reason=refusal, loaded=loaded_state_number))
    if store_state_number == loaded_state_number:
        return ""
    return spaced(_UNUSABLE.format(state_number=store_state_number, loaded=loaded_state_number))
