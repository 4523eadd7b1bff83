"""What a process applies: the packages that govern, compiled, and the state of the store that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

import structlog

from services.kit.cache import Cache
from services.kit.dates import today
from services.kit.errors import FailedPrecondition, Unavailable
from services.kit.french import long_date, spaced
from services.kit.releases.archive import Contents
from services.kit.releases.follower import Follower
from services.kit.releases.kinds import Description, Kind, Kinds
from services.kit.releases.store import PackageDamagedError, PackageRevokedError, ReleaseStore
from services.kit.releases.timeline import Release, Span, State
from services.kit.serve import exception_fields

DESCRIPTIONS = 1000
"""Titles kept at hand for the lists."""

C = TypeVar("C")

log = structlog.get_logger()


@dataclass(frozen=True)
class Segment(Generic[C]):
    """Days governed by one version, compiled; without a package, why it cannot be used."""

    span: Span
    package: C | None
    problem: str = ""
    version: str = ""
    """The name of the version in the contract."""


@dataclass(frozen=True)
class Deployment(Generic[C]):
    """What governs in a state of the store: by name in the store, the days and what governs them."""

    state_number: int
    segments: Mapping[str, tuple[Segment[C], ...]]

    def governing(self, name: str, day: date) -> C | None:
        """What governs a day; None when nothing does, FailedPrecondition when it cannot be used."""
        segment = next((one for one in self.segments.get(name, ()) if day in one.span.days), None)
        return None if segment is None else used(segment)

    def packages(self) -> list[C]:
        """All that governs some day and can be used."""
        return [one.package for one in self._all() if one.package is not None]

    def problems(self) -> list[str]:
        """Why days that a version governs are without answer, one French sentence each."""
        return [one.problem for one in self._all() if one.package is None]

    def unusable(self, digest: str) -> str:
        """Why the version of a digest cannot be used; empty when it can."""
        return next((one.problem for one in self._all() if one.span.digest == digest), "")

    def _all(self) -> Iterator[Segment[C]]:
        return (one for segments in self.segments.values() for one in segments)

    def require(self, min_state_number: int) -> None:
        """Unavailable if this state is older than the one asked for."""
        require(self.state_number, min_state_number)


def used(segment: Segment[C]) -> C:
    """What governs some days; FailedPrecondition when it cannot be used: another version never takes its
    place."""
    if segment.package is None:
        raise FailedPrecondition(
            "VERSION_UNUSABLE",
            segment.problem,
            metadata={"name": segment.version, "digest": segment.span.digest},
        )
    return segment.package


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

    def check_in_force(self) -> None:
        """FailedPrecondition when, of what a collection applies today, nothing can be used."""
        day = today()
        for collection in self.kinds.collections:
            kind = self.kinds.get(collection)
            segments = [
                one
                for name, found in self.follower.current().segments.items()
                if kind is not None and kind.holds(name)
                for one in found
                if day in one.span.days
            ]
            if segments and all(one.package is None for one in segments):
                used(segments[0])

    def build(self, state: State) -> Deployment[C]:
        """What governs in a state, compiled before it is taken; the last version published too, so that its
        activation is followed at once.

        Versions are judged one by one: those that cannot be used leave their days without answer, and the
        others go on.
        """
        ready: list[C] = []
        segments: dict[str, tuple[Segment[C], ...]] = {}
        for name in state.names:
            if spans := state.timeline(name):
                segments[name] = tuple(self._segment(state, name, span, ready) for span in spans)
        for last in state.releases[-1:]:
            with suppress(*self._unusable(last.name)):
                self._ready(ready, self._compiled(state, last.digest))
        return Deployment(state.state_number, segments)

    def _segment(self, state: State, name: str, span: Span, ready: list[C]) -> Segment[C]:
        """Days and what governs them, added to what is ready if it can be used with it."""
        release = state.of(span.digest)
        version = self.kinds.of(name).version_name(release)
        try:
            package = self._compiled(state, span.digest)
            self._ready(ready, package)
        except Unavailable:
            raise
        except Exception as error:  # whatever goes wrong with a version concerns its own days alone
            log.error("version_unusable", name=version, digest=span.digest, **exception_fields(error))
            return Segment(span, None, _problem(self.kinds.of(name), release, span, error), version)
        ready.append(package)
        return Segment(span, package, "", version)

    def package(self, name: str, digest: str) -> C:
        """A published package, compiled; FailedPrecondition if what is stored of it cannot serve."""
        state = self.follower.state()
        if state.with_digest(digest) is None:  # another server has just published it
            state = self.store.state()
        try:
            return self._compiled(state, digest)
        except self._unusable(name) as error:
            raise unreadable(digest) from error

    def try_out(self, state: State, name: str, digest: str) -> None:
        """Compiles a package of a state with what governs; FailedPrecondition if it cannot serve."""
        try:
            self._ready(self.follower.current().packages(), self._compiled(state, digest))
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

    def _compiled(self, state: State, digest: str) -> C:
        """A package published in a state; one of the exceptions of its kind, or those of the store."""
        release = state.with_digest(digest)
        if release is None:
            raise PackageDamagedError
        if state.is_void(release):
            raise PackageRevokedError
        return self._cache.get(digest, lambda: self._compile(release.name, digest)).package

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


_REASONS: Mapping[type[Exception], str] = {
    PackageDamagedError: "ce qui en est enregistré est endommagé",
    PackageRevokedError: "la clé qui l’a signée a été révoquée",
}


def _problem(kind: Kind[Any], release: Release, span: Span, error: Exception) -> str:
    """Why days are without answer, and what to do."""
    days = span.days
    until = "" if days.last is None else f" au {long_date(days.last)}"
    reason = _REASONS.get(type(error), "le moteur ne l’accepte plus")
    return spaced(
        f"La version {release.version} de « {kind.name(release.name)} » gouverne du {long_date(days.first)}"
        f"{until} et ne peut pas être utilisée : {reason}. Ces jours restent sans réponse ; remettez la base "
        "de la dernière sauvegarde, ou mettez une autre version en vigueur à partir du même jour."
    )


def unreadable(digest: str) -> FailedPrecondition:
    """The error of a stored package that cannot serve."""
    return FailedPrecondition(
        "PACKAGE_UNREADABLE",
        "Cette version enregistrée est endommagée, sa clé a été révoquée, ou le moteur ne l’accepte plus.",
        metadata={"digest": digest},
    )
