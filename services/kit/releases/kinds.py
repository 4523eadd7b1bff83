"""What a service hands in for each kind of package that it deploys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from services.kit.findings import Finding
from services.kit.releases.archive import Contents
from services.kit.releases.report import Asked, Report
from services.kit.releases.timeline import Event, Release

C = TypeVar("C")


@dataclass(frozen=True)
class Description:
    """What a package says of itself: its French title and, by field of Package and Version, what only its
    kind says."""

    title: str = ""
    own: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Edited:
    """A file edited alone, to become the next version of a package; no version means the next one, no day
    that of the version before."""

    content: bytes
    version: str
    effective_from: date | None


@dataclass(frozen=True)
class Editing:
    """How a file edited alone becomes a package: `apply` has the files of the version published last, the
    edit, and every version published; `max_bytes` bounds the file."""

    apply: Callable[[Contents, Edited, Sequence[str]], Contents]
    max_bytes: int


@dataclass(frozen=True)
class Kind(Generic[C]):
    """One kind of package.

    `collection` is the first word of the names of the contract; `prefix` begins the names of the store.
    `check` has the files, the seconds that the call has left, and what is asked of it besides its findings;
    it raises Unavailable when the machine lacked time or memory. With `proved`, a publication counts what the
    cases of the package see, and may quote a report or waive it. `compile` has a
    digest and the files, and raises one of `unusable` for what cannot serve. `rewritten` has the files that
    govern, those of another version and today: a warning for each value in force up to today that the second
    changes. `unvoted` has the files of a version and the first day that it is to govern: a warning for each
    of its values that still waits for a vote.
    """

    collection: str
    prefix: str
    example: str
    noun: str
    max_archive_bytes: int
    max_findings: int
    check: Callable[[Contents, float, Asked], Report]
    compile: Callable[[str, Contents], C]
    describe: Callable[[Contents], Description]
    unusable: tuple[type[Exception], ...]
    single: bool = False
    proved: bool = False
    editing: Editing | None = None
    rewritten: Callable[[Contents, Contents, date], Iterable[Finding]] = lambda governing, other, day: ()
    unvoted: Callable[[Contents, date], Iterable[Finding]] = lambda contents, day: ()

    def stored(self, identifier: str) -> str:
        """The name in the store of a package of the contract."""
        return f"{self.prefix}{identifier}"

    def name(self, stored: str) -> str:
        """The name in the contract of a package of the store."""
        return f"{self.collection}/{stored.removeprefix(self.prefix)}"

    def version_name(self, one: Release | Event) -> str:
        """The name in the contract of a published version."""
        return f"{self.name(one.name)}/versions/{one.version}"

    def holds(self, stored: str) -> bool:
        """Whether a name of the store is that of a package of this kind."""
        return stored.startswith(self.prefix)


class Kinds(Generic[C]):
    """The kinds of packages of a service."""

    def __init__(self, *kinds: Kind[C]) -> None:
        self._kinds = {kind.collection: kind for kind in kinds}

    @property
    def collections(self) -> tuple[str, ...]:
        """What is deployed, as names of the contract begin."""
        return tuple(self._kinds)

    @property
    def first(self) -> Kind[C]:
        """The kind that examples are taken from."""
        return next(iter(self._kinds.values()))

    def get(self, collection: str) -> Kind[C] | None:
        """The kind of a collection."""
        return self._kinds.get(collection)

    def of(self, stored: str) -> Kind[C]:
        """The kind of a package of the store."""
        return next(kind for kind in self._kinds.values() if kind.holds(stored))
