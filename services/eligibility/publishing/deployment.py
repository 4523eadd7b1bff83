"""Which rules govern a request, by its date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.eligibility.answer import Engine, RulesetStamp
from services.eligibility.engine import CompiledRules, EngineError, UncompilableError
from services.eligibility.package import RulePackage, read_package
from services.kit import releases
from services.kit.dates import Period
from services.kit.errors import FailedPrecondition
from services.kit.findings import PackageError
from services.kit.french import long_date
from services.kit.releases import Contents, Kind, Kinds, ReleaseStore, Segment, Span, compiled_cache, used

CACHED_RULESETS, CACHED_BYTES = 16, 32 * 1024 * 1024
"""Compiled rule packages that a process keeps at hand, in force or not (replays come back to them), and the
bytes of their files."""

UNUSABLE = (PackageError, UncompilableError, EngineError)
"""What is raised for a stored package that cannot be used."""


@dataclass(frozen=True)
class Ruleset:
    """A rule package and its compiled rules, freed with it."""

    package: RulePackage
    engine: Engine


@dataclass(frozen=True)
class Deployment:
    """The rulesets of a state of the store, by the days that they govern."""

    applied: releases.Deployment[Ruleset]

    @classmethod
    def always(cls, ruleset: Ruleset) -> Deployment:
        """One ruleset for all days."""
        segment = Segment(Span(Period(date.min), ruleset.package.digest), ruleset)
        return cls(releases.Deployment(0, {"": (segment,)}))

    def on(self, day: date) -> Ruleset:
        """The ruleset in force on a day; FailedPrecondition if there is none that can be used."""
        for name in self.applied.segments:
            ruleset = self.applied.governing(name, day)
            if ruleset is not None:
                return ruleset
        raise FailedPrecondition(
            "RULESET_NOT_IN_FORCE",
            f"Aucun règlement n’est en vigueur le {long_date(day)}.",
            metadata={"request_date": day.isoformat()},
        )

    @property
    def last(self) -> Ruleset:
        """The ruleset of the last days; FailedPrecondition if there is none that can be used."""
        segments = [one for found in self.applied.segments.values() for one in found]
        if segments:
            return used(segments[-1])
        raise FailedPrecondition("RULESET_NOT_IN_FORCE", "Aucun règlement n’est activé.")

    def rulesets(self) -> list[Ruleset]:
        """All that govern some day and can be used, in the order of the days."""
        return self.applied.packages()

    def require(self, min_state_number: int) -> None:
        """Unavailable if this state is older than the one asked for."""
        self.applied.require(min_state_number)

    def stamp(self, ruleset: Ruleset) -> RulesetStamp:
        """How an answer names the ruleset that gives it."""
        identity = ruleset.package.identity
        return RulesetStamp(identity.id, identity.version, ruleset.package.digest, self.applied.state_number)


def compiled(contents: Contents) -> Ruleset:
    """The ruleset of these files; one of UNUSABLE when they cannot be used."""
    return _compiled(read_package(contents))


def compiled_once(read: Mapping[str, RulePackage], digest: str, contents: Contents) -> Ruleset:
    """The ruleset of these files, whose package the master may have read already."""
    package = read.get(digest)
    return compiled(contents) if package is None else _compiled(package)


def _compiled(package: RulePackage) -> Ruleset:
    return Ruleset(package, CompiledRules(package).fire)


class Deployments:
    """The rulesets of this process, which follow the store."""

    def __init__(self, store: ReleaseStore, kind: Kind[Ruleset]) -> None:
        self.releases = releases.Deployments(
            store, Kinds(kind), compiled_cache(CACHED_RULESETS, CACHED_BYTES)
        )

    def start(self) -> None:
        """Takes what the store holds, then follows it."""
        self.releases.start()

    def newest(self, min_state_number: int = 0) -> Deployment:
        """What governs; looks at the store at once if it should be newer than what this process has."""
        return Deployment(self.releases.newest(min_state_number))

    def current(self, min_state_number: int = 0) -> Deployment:
        """What governs, from no older state than asked; Unavailable if it is not visible yet."""
        return Deployment(self.releases.current(min_state_number))

    def ruleset(self, digest: str) -> Ruleset:
        """A published ruleset; FailedPrecondition if what is stored of it cannot be used."""
        return self.releases.package("", digest)
