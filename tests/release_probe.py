"""A kind of package without a trade: one file that says its id, version and days, and how it misbehaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from services.kit import context
from services.kit.cache import Cache
from services.kit.errors import Unavailable
from services.kit.findings import Finding, Place, Severity
from services.kit.releases import (
    Asked,
    Candidate,
    Candidates,
    Compiled,
    Contents,
    Deployments,
    Description,
    Edited,
    Editing,
    Kind,
    Kinds,
    Proof,
    ReleaseServicer,
    ReleaseStore,
    Report,
    Shortfall,
    Turns,
    compiled_cache,
)
from services.kit.store import Database
from tests.releases_support import SEAL, make_store, settle

FILE = "things.txt"
PAGE_KEY = b"k" * 32
MAX_BYTES = 2000


def package(
    identifier: str, version: str, *, first: str = "2026-01-01", last: str = "", word: str = ""
) -> dict[str, bytes]:
    """The files of a package; `word` is how it misbehaves."""
    return {FILE: ";".join((identifier, version, first, last, word)).encode()}


def read(contents: Contents) -> list[str]:
    """What a package says: id, version, first day, last day, word."""
    return contents[FILE].decode().split(";")


@dataclass
class Probe:
    """What the checks and compilations of a kind saw."""

    prefix: str
    collection: str = "things"
    checked: list[Contents] = field(default_factory=list)
    compiled: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, contents: Contents, seconds: float, asked: Asked) -> Report:
        with self._counted():
            self.checked.append(contents)
            identifier, version, first, last, word = read(contents)
            if word == "starved":
                raise Unavailable("CHECK_INTERRUPTED", "Le contrôle n’a pas pu finir.")
            severity = Severity.WARNING if word in ("odd", "unseen") else Severity.ERROR
            findings = (
                (Finding(Place(FILE, 1, 2), "Le mot est de trop.", "WORD", "Retirez-le.", severity),)
                if word
                else ()
            )
            days = (date.fromisoformat(first), date.fromisoformat(last) if last else None)
            candidate = Candidate(f"{self.prefix}{identifier}", version, *days, contents)
            report = Report(findings, "Contrôlé.", contents, candidate, identifier, version)
            if not asked.publishing or word != "unseen":
                return report
            return replace(report, proof=Proof(10, 8), shortfall=Shortfall("Trop peu.", findings))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield
        finally:
            with self.lock:
                self.at_once -= 1

    def compile(self, digest: str, contents: Contents) -> str:
        if read(contents)[4] == "unusable":
            raise ValueError
        self.compiled.append(digest)
        return read(contents)[1]

    def kind(self, *, single: bool = False) -> Kind[str]:
        return Kind(
            collection=self.collection,
            prefix=self.prefix,
            example="une-chose",
            noun="objet",
            max_archive_bytes=MAX_BYTES,
            max_findings=3,
            check=self.check,
            compile=self.compile,
            describe=lambda contents: Description(f"Chose {read(contents)[1]}"),
            unusable=(ValueError,),
            single=single,
            proved=True,
            editing=Editing(_edit, MAX_BYTES),
            rewritten=_rewritten,
            unvoted=_unvoted,
        )


def _unvoted(contents: Contents, day: date) -> tuple[Finding, ...]:
    """What begins before 2026 has nothing to vote."""
    waits = read(contents)[4] == "unseen" and day.year >= 2026
    return (Finding(Place(FILE, 1, 1), "À voter.", "UNVOTED", severity=Severity.WARNING),) if waits else ()


def _rewritten(governing: Contents, other: Contents, day: date) -> tuple[Finding, ...]:
    """Both say the first day of the year: a value in force changes with each version of that day."""
    same = read(governing)[2] == read(other)[2] == "2026-01-01"
    sentence = "La valeur en vigueur change."
    place = Place(FILE, 1, 1)
    return (Finding(place, sentence, "VALUE_IN_FORCE", severity=Severity.WARNING),) if same else ()


def _edit(contents: Contents, edited: Edited, versions: Sequence[str]) -> Contents:
    identifier, *_ = read(contents)
    version = edited.version or f"{len(versions) + 1}"
    first = edited.effective_from or date(2026, 1, 1)
    return package(identifier, version, first=first.isoformat(), word=edited.content.decode())


@dataclass(frozen=True)
class Served:
    """A ReleaseService of probes, called in this process."""

    servicer: ReleaseServicer
    deployments: Deployments[str]
    candidates: Candidates
    probe: Probe
    cache: Cache[Compiled[str]]
    url: str

    def call(self, method: str, request: object, *, actor: str = "anne", seconds: float = 30) -> Any:
        """The answer of a method, as one caller with a time limit."""
        context.enter(context.Call("test", time.monotonic() + seconds, actor))
        return getattr(self.servicer, method)(request, None)


@contextmanager
def served(
    url: str,
    folder: Path,
    *,
    prefix: str = "",
    single: bool = False,
    keys: Sequence[bytes] = (),
    two_persons: bool = False,
) -> Iterator[Served]:
    """A ReleaseService on a new store; its deployments follow that store."""
    make_store(url, folder)
    database = Database(url)
    settle(database, *keys, two_persons=two_persons)
    database.dispose()
    with _opened(url, prefix, single=single) as found:
        yield found


@contextmanager
def another(things: Served) -> Iterator[Served]:
    """Another server on the same store."""
    with _opened(things.url, things.probe.prefix) as found:
        yield found


@contextmanager
def _opened(url: str, prefix: str, *, single: bool = False) -> Iterator[Served]:
    database = Database(url)
    store = ReleaseStore(database, SEAL)
    probe = Probe(prefix)
    cache: Cache[Compiled[str]] = compiled_cache(4, 10_000)
    deployments = Deployments(store, Kinds(probe.kind(single=single)), cache)
    deployments.start()
    candidates = Candidates(deployments, Turns())
    try:
        yield Served(
            ReleaseServicer(deployments, candidates, PAGE_KEY), deployments, candidates, probe, cache, url
        )
    finally:
        deployments.follower.stop()
        database.dispose()
