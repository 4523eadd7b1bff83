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
from services.kit.releases.store import ReleaseStore
from services.kit.releases.timeline import State
from services.kit.serve import exception_fields
from services.kit.store import states

POLL_SECONDS = 0.25
"""How often the state of the store is read: a change is followed well within a second."""

_UNUSABLE = (
    "L’état n° {state_number} ne peut pas être chargé (contenu altéré, signature refusée ou moteur en "
    "échec) ; l’état n° {loaded}, le dernier bon, continue de répondre."
)
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
    """Holds what `build` makes of the last state that it could build; started after the fork."""

    def __init__(self, store: ReleaseStore, build: Callable[[State], T]) -> None:
        self._store = store
        self._build = build
        self._changed = threading.Condition()
        self._refreshing = threading.Lock()
        self._stop = threading.Event()
        self._value: T
        self._state: State
        self._status: FollowerStatus
        self._thread = threading.Thread(target=self._follow, name="releases", daemon=True)

    def start(self) -> None:
        """Takes the last state that can be built, then follows the store; StartupError if there is none."""
        state = self._store.state()
        numbers = range(state.state_number, -1, -1)
        for state_number in numbers:
            value = self._built(state.as_of(state_number))
            if value is not None:
                self._take(value[0], state_number, state)
                self._thread.start()
                return
        raise StartupError("Aucune version enregistrée ne peut être chargée.")

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
            if self._store.last_state_number() == self._status.store_state_number:
                self._note(self._status.store_state_number)
                return
            state = self._store.state()
            built = self._built(state)
            if built is None:
                self._note(state.state_number)
            else:
                self._take(built[0], state.state_number, state)

    def wait(self, after_state_number: int, timeout: float) -> bool:
        """Waits until a later state is taken; false if none was in time (seconds)."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._status.loaded_state_number > after_state_number, timeout
            )

    def _take(self, value: T, state_number: int, state: State) -> None:
        problem = _problem(state.state_number, state_number)
        with self._changed:
            self._value, self._state = value, state.as_of(state_number)
            self._status = FollowerStatus(state.state_number, state_number, datetime.now(UTC), problem)
            self._changed.notify_all()

    def _note(self, store_state_number: int) -> None:
        """The store answered; what this process applies stays."""
        with self._changed:
            problem = _problem(store_state_number, self._status.loaded_state_number)
            self._status = replace(self._status, store_state_number=store_state_number, problem=problem)

    def _built(self, state: State) -> tuple[T] | None:
        """What is made of a state, or None if it cannot be used."""
        try:
            return (self._build(state),)
        except Exception as error:
            if states.is_of_store(error):
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


def _problem(store_state_number: int, loaded_state_number: int) -> str:
    if store_state_number == loaded_state_number:
        return ""
    return spaced(_UNUSABLE.format(state_number=store_state_number, loaded=loaded_state_number))
