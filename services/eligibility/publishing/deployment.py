"""Which rules govern a request, by its date."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from threading import Lock

from services.eligibility.answer import Engine, RulesetStamp
from services.eligibility.engine import CompiledRules, EngineError, UncompilableError
from services.eligibility.package import Findings, PackageError, RulePackage, read_package
from services.kit.dates import Period
from services.kit.errors import FailedPrecondition, Unavailable
from services.kit.french import long_date
from services.kit.releases import Contents, Follower, PackageDamagedError, ReleaseStore, State

CACHED_RULESETS = 16
"""Compiled rule packages that a process keeps at hand, in force or not: replays come back to them."""

UNUSABLE = (PackageDamagedError, PackageError, UncompilableError, EngineError)
"""What is raised for a stored package that cannot be used."""


@dataclass(frozen=True)
class Ruleset:
    """A rule package and its compiled rules, freed with it."""

    package: RulePackage
    engine: Engine


@dataclass(frozen=True)
class Segment:
    """Days governed by one ruleset."""

    period: Period
    ruleset: Ruleset


@dataclass(frozen=True)
class Deployment:
    """The rulesets of a revision of the deployments, by the days that they govern, in order."""

    revision: int
    segments: tuple[Segment, ...]

    def on(self, day: date) -> Ruleset:
        """The ruleset in force on a day; FailedPrecondition if there is none."""
        for segment in self.segments:
            if day in segment.period:
                return segment.ruleset
        raise FailedPrecondition(
            "RULESET_NOT_IN_FORCE",
            f"Aucun règlement n’est en vigueur le {long_date(day)}.",
            metadata={"request_date": day.isoformat()},
        )

    def require(self, min_state_number: int) -> None:
        """Unavailable if this revision is older than the one asked for."""
        if self.revision < min_state_number:
            raise Unavailable(
                "STATE_NOT_REACHED",
                f"L’état n° {min_state_number} des règlements n’est pas encore visible d’ici.",
                metadata={"state_number": str(self.revision), "min_state_number": str(min_state_number)},
            )

    @property
    def last(self) -> Ruleset:
        """The ruleset of the last days; FailedPrecondition if there is none."""
        if self.segments:
            return self.segments[-1].ruleset
        raise FailedPrecondition("RULESET_NOT_IN_FORCE", "Aucun règlement n’est activé.")

    def stamp(self, ruleset: Ruleset) -> RulesetStamp:
        """How an answer names the ruleset that gives it."""
        identity = ruleset.package.identity
        return RulesetStamp(identity.id, identity.version, ruleset.package.digest, self.revision)


def compiled(contents: Contents) -> Ruleset:
    """The ruleset of these files; PackageError or EngineError when they cannot be used."""
    findings = Findings()
    package = read_package(contents, findings)
    if package is None:
        raise PackageError(findings.all())
    return _compiled(package)


def _compiled(package: RulePackage) -> Ruleset:
    return Ruleset(package, CompiledRules(package).fire)


class Deployments:
    """The rulesets of this process, which follow the store; `read` are packages that the master has read
    already, by digest."""

    def __init__(self, store: ReleaseStore, read: Mapping[str, RulePackage]) -> None:
        self.store = store
        self._read = read
        self.follower = Follower(store, self._deployment)
        self._lock = Lock()
        self._recent: OrderedDict[str, Ruleset] = OrderedDict()

    def start(self) -> None:
        """Takes what the store holds, then follows it."""
        self.follower.start()

    def newest(self, min_state_number: int = 0) -> Deployment:
        """What governs; looks at the store at once if it should be newer than what this process has."""
        if self.follower.current().revision < min_state_number:
            self.follower.refresh()
        return self.follower.current()

    def current(self, min_state_number: int = 0) -> Deployment:
        """What governs, from no older revision than asked; Unavailable if it is not visible yet."""
        deployment = self.newest(min_state_number)
        deployment.require(min_state_number)
        return deployment

    def ruleset(self, digest: str) -> Ruleset:
        """A published ruleset; FailedPrecondition if what is stored of it cannot be used."""
        try:
            return self._ruleset(digest)
        except UNUSABLE as error:
            raise FailedPrecondition(
                "RULESET_UNREADABLE",
                "Ce règlement enregistré est endommagé, ou n’est plus accepté par le moteur ou par les clés.",
                metadata={"digest": digest},
            ) from error

    def _ruleset(self, digest: str) -> Ruleset:
        with self._lock:
            found = self._recent.get(digest)
            if found is None:
                contents, package = self.store.contents(digest), self._read.get(digest)
                found = self._recent[digest] = _compiled(package) if package else compiled(contents)
            self._recent.move_to_end(digest)
            while len(self._recent) > CACHED_RULESETS:
                self._recent.popitem(last=False)
            return found

    def _deployment(self, state: State) -> Deployment:
        """The rulesets of a state of the store, compiled before they are taken; the last one published is
        compiled too, so that its activation is followed at once."""
        with suppress(*UNUSABLE):
            self._ruleset(state.releases[-1].digest)
        names = {release.name for release in state.releases}
        segments = tuple(
            Segment(Period(span.first, span.last), self._ruleset(span.digest))
            for name in sorted(names)
            for span in state.timeline(name)
        )
        return Deployment(state.revision, segments)
