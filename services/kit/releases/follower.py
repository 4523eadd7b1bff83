"""What a process makes of the releases, kept as fresh as their store by a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

import structlog

from services.kit.errors import StartupError, Unavailable
from services.kit.french import spaced
from services.kit.releases.store import ReleaseStore
from services.kit.releases.timeline import State
from services.kit.serve import exception_fields

POLL_SECONDS = 0.25
"""How often the revision of the store is read: a change is followed well within a second."""

_UNUSABLE = (
    "La révision {revision} ne peut pas être chargée (contenu altéré, signature refusée ou moteur en "
    "échec) ; la révision {loaded}, la dernière bonne, continue de répondre."
)
_UNREACHABLE = "La base de données ne répond pas ; la révision {loaded} continue de répondre."

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True)
class FollowerStatus:
    """What a process applies; `problem` is a French sentence, empty when it follows the store."""

    store_revision: int
    loaded_revision: int
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
        revisions = range(state.revision, -1, -1)
        for revision in revisions:
            value = self._built(state.as_of(revision))
            if value is not None:
                self._take(value[0], revision, state)
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
            if self._store.last_revision() == self._status.store_revision:
                self._note(self._status.store_revision)
                return
            state = self._store.state()
            built = self._built(state)
            if built is None:
                self._note(state.revision)
            else:
                self._take(built[0], state.revision, state)

    def wait(self, after_revision: int, timeout: float) -> bool:
        """Waits until a later revision is taken; false if none was in time (seconds)."""
        with self._changed:
            return self._changed.wait_for(lambda: self._status.loaded_revision > after_revision, timeout)

    def _take(self, value: T, revision: int, state: State) -> None:
        problem = _problem(state.revision, revision)
        with self._changed:
            self._value, self._state = value, state.as_of(revision)
            self._status = FollowerStatus(state.revision, revision, datetime.now(UTC), problem)
            self._changed.notify_all()

    def _note(self, store_revision: int) -> None:
        """The store answered; what this process applies stays."""
        with self._changed:
            problem = _problem(store_revision, self._status.loaded_revision)
            self._status = replace(self._status, store_revision=store_revision, problem=problem)

    def _built(self, state: State) -> tuple[T] | None:
        """What is made of a state, or None if it cannot be used."""
        try:
            return (self._build(state),)
        except Unavailable:
            raise
        except Exception as error:
            log.error("release_unusable", revision=state.revision, **exception_fields(error))
            return None

    def _follow(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.refresh()
            except Unavailable:
                self._unreachable()
            except Exception as error:
                log.error("exception", **exception_fields(error))
                self._unreachable()

    def _unreachable(self) -> None:
        with self._changed:
            problem = spaced(_UNREACHABLE.format(loaded=self._status.loaded_revision))
            self._status = replace(self._status, problem=problem)


def _problem(store_revision: int, loaded_revision: int) -> str:
    if store_revision == loaded_revision:
        return ""
    return spaced(_UNUSABLE.format(revision=store_revision, loaded=loaded_revision))
