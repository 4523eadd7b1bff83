"""What a process applies: the packages that govern, compiled, and the state of the store that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from services.kit.cache import Cache
from services.kit.errors import FailedPrecondition, Unavailable
from services.kit.releases.archive import Contents
from services.kit.releases.follower import Follower
from services.kit.releases.kinds import Description, Kinds
from services.kit.releases.store import PackageDamagedError, ReleaseStore
from services.kit.releases.timeline import Release, Span, State

DESCRIPTIONS = 1000
"""Titles kept at hand for the lists."""

C = TypeVar("C")


@dataclass(frozen=True)
class Segment(Generic[C]):
    """Days governed by one version, compiled."""

    span: Span
    package: C


@dataclass(frozen=True)
class Deployment(Generic[C]):
    """What governs in a state of the store: by name in the store, the days and what governs them."""

    state_number: int
    segments: Mapping[str, tuple[Segment[C], ...]]

    def governing(self, name: str, day: date) -> C | None:
        """What governs a day; None when nothing does."""
        return next((one.package for one in self.segments.get(name, ()) if day in one.span), None)

    def packages(self) -> list[C]:
        """All that governs some day."""
        return [one.package for segments in self.segments.values() for one in segments]

    def require(self, min_state_number: int) -> None:
        """Unavailable if this state is older than the one asked for."""
        require(self.state_number, min_state_number)


@dataclass(frozen=True)
class Compiled(Generic[C]):
    """A compiled package, and the bytes of its files: as near as one can say what it takes in memory."""

    package: C
    weight: int


def compiled_cache(entries: int, weight: int) -> Cache[Compiled[C]]:
    """Compiled packages at hand, in force or not; made before the fork, workers share what it holds."""
    return Cache(entries=entries, weight=weight, weigh=lambda one: one.weight)


class Deployments(Generic[C]):
    """The packages of this process, which follow the store.

    `ready` makes what is needed to answer at once with what governs and with the version published last.
    """

    def __init__(
        self,
        store: ReleaseStore,
        kinds: Kinds[C],
        cache: Cache[Compiled[C]],
        ready: Callable[[Sequence[C], C | None], None] = lambda governing, latest: None,
    ) -> None:
        self.store = store
        self.kinds = kinds
        self.follower = Follower(store, self.build)
        self._cache = cache
        self._ready = ready
        self._descriptions: Cache[Description] = Cache(
            entries=DESCRIPTIONS, weight=DESCRIPTIONS, weigh=lambda _: 1
        )

    def start(self) -> None:
        """Takes what the store holds, then follows it."""
        self.follower.start()

    def newest(self, min_state_number: int = 0) -> Deployment[C]:
        """What governs; looks at the store at once if it should be newer than what this process has."""
        if self.follower.current().state_number < min_state_number:
            self.follower.refresh()
        return self.follower.current()

    def current(self, min_state_number: int = 0) -> Deployment[C]:
        """What governs, from no older state than asked; Unavailable if it is not visible yet."""
        deployment = self.newest(min_state_number)
        deployment.require(min_state_number)
        return deployment

    def build(self, state: State) -> Deployment[C]:
        """What governs in a state, compiled before it is taken; the last version published too, so that its
        activation is followed at once."""
        segments = {
            name: tuple(Segment(span, self._compiled(name, span.digest)) for span in spans)
            for name in state.names
            if (spans := state.timeline(name))
        }
        deployment = Deployment(state.state_number, segments)
        self._ready(deployment.packages(), None)
        for last in state.releases[-1:]:
            with suppress(*self._unusable(last.name)):
                self._ready(deployment.packages(), self._compiled(last.name, last.digest))
        return deployment

    def package(self, name: str, digest: str) -> C:
        """A published package, compiled; FailedPrecondition if what is stored of it cannot serve."""
        try:
            return self._compiled(name, digest)
        except self._unusable(name) as error:
            raise unreadable(digest) from error

    def try_out(self, name: str, digest: str) -> None:
        """Compiles a published package with what governs; FailedPrecondition if it cannot serve."""
        try:
            self._ready(self.follower.current().packages(), self._compiled(name, digest))
        except self._unusable(name) as error:
            raise unreadable(digest) from error

    def contents(self, digest: str) -> Contents:
        """The files of a published package; FailedPrecondition if what is stored cannot be trusted."""
        try:
            return self.store.contents(digest)
        except PackageDamagedError:
            raise unreadable(digest) from None

    def description(self, release: Release) -> Description:
        """What a published package says of itself; empty when what is stored of it cannot be trusted."""
        describe = self.kinds.of(release.name).describe
        with suppress(*self._unusable(release.name)):
            return self._descriptions.get(
                release.digest, lambda: describe(self.store.contents(release.digest))
            )
        return Description()

    def _compiled(self, name: str, digest: str) -> C:
        return self._cache.get(digest, lambda: self._compile(name, digest)).package

    def _compile(self, name: str, digest: str) -> Compiled[C]:
        contents = self.store.contents(digest)
        package = self.kinds.of(name).compile(digest, contents)
        return Compiled(package, sum(map(len, contents.values())))

    def _unusable(self, name: str) -> tuple[type[Exception], ...]:
        return (PackageDamagedError, *self.kinds.of(name).unusable)


def require(state_number: int, min_state_number: int) -> None:
    """Unavailable if a state is older than the one asked for."""
    if state_number < min_state_number:
        raise Unavailable(
            "STATE_NOT_REACHED",
            f"L’état n° {min_state_number} n’est pas encore visible d’ici.",
            metadata={"state_number": str(state_number), "min_state_number": str(min_state_number)},
        )


def unreadable(digest: str) -> FailedPrecondition:
    """The error of a stored package that cannot serve."""
    return FailedPrecondition(
        "PACKAGE_UNREADABLE",
        "Cette version enregistrée est endommagée, ou n’est plus acceptée par le moteur ou par les clés.",
        metadata={"digest": digest},
    )
