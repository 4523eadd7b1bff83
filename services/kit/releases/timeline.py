"""Which release governs which days: events painted one over the other, the last one on top."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from itertools import pairwise

from services.kit.canonical import GENESIS, Head
from services.kit.dates import Period
from services.kit.releases.archive import Contents
from services.kit.releases.trust import NO_TRUST, Signature, Trust

_BEGINNING = Head(0, GENESIS)


class EventKind(Enum):
    """What happened to a release."""

    PUBLISHED = "PUBLISHED"
    ACTIVATED = "ACTIVATED"
    ROLLED_BACK = "ROLLED_BACK"


@dataclass(frozen=True)
class Proof:
    """How much the cases of a package see: of so many changes of one token, those that a case sees and those
    that nobody could see; the digest of the report that the publisher quotes, and why the package is
    published all the same where its cases see too little."""

    mutation_count: int
    seen_count: int
    equivalent_count: int = 0
    report: str = ""
    waiver: str = ""

    @property
    def percent(self) -> float:
        """Those seen among those that can be: what is not proved counts against the cases."""
        meant = self.mutation_count - self.equivalent_count
        return 100.0 * self.seen_count / meant if meant else 100.0


@dataclass(frozen=True)
class Event:
    """A publication, or the first day that a release governs; `state_number` orders events, not `time`."""

    state_number: int
    kind: EventKind
    name: str
    version: str
    digest: str
    effective_date: date | None
    time: datetime
    actor: str
    comment: str
    key_id: str = ""
    """The key that signed it, where the policy asks for one."""
    proof: Proof | None = None
    """Of the publication of a kind whose packages are proved."""


@dataclass(frozen=True)
class Release:
    """A published package; it may govern from `valid_from` to `valid_until`, both included.

    `signatures` are those that were accepted: at its publication, and since.
    """

    name: str
    version: str
    digest: str
    valid_from: date
    valid_until: date | None
    publish_time: datetime
    publisher: str
    state_number: int
    signatures: tuple[Signature, ...] = ()

    @property
    def key_id(self) -> str:
        """The key that signed it last; empty when none did."""
        return self.signatures[-1].key_id if self.signatures else ""

    @property
    def last_day(self) -> date | None:
        """The last day that the release may govern; the end of the calendar is no end."""
        return None if self.valid_until == date.max else self.valid_until

    def covers(self, day: date) -> bool:
        """Whether the release may govern on a day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True)
class Candidate:
    """A package to publish; it may govern from `valid_from` to `valid_until`, both included."""

    name: str
    version: str
    valid_from: date
    valid_until: date | None
    contents: Contents
    proof: Proof | None = None


@dataclass(frozen=True)
class Span:
    """Days governed by one release."""

    days: Period
    digest: str


def timeline(events: Iterable[Event], releases: Iterable[Release]) -> tuple[Span, ...]:
    """The spans in order: an activation governs from its date to the end of its release, later ones win; a
    rollback puts back, from its date on, what governed before the event that it follows."""
    ends = {release.digest: release.last_day for release in releases}
    before: list[Span] = []
    spans: list[Span] = []
    for event in events:
        day = event.effective_date
        if day is None:
            continue
        if event.kind is EventKind.ROLLED_BACK:
            before, spans = spans, [*_until(spans, day), *_since(before, day)]
        else:
            before, spans = spans, _painted(spans, Span(Period(day, ends[event.digest]), event.digest))
    return tuple(_merged(spans))


def gained(before: Iterable[Span], after: Iterable[Span]) -> Iterator[Span]:
    """The spans after a change of which some day was not governed by that release before."""
    former = list(before)
    for span in after:
        if not any(one.digest == span.digest and one.days.contains(span.days) for one in former):
            yield span


def gap(spans: Iterable[Span]) -> Period | None:
    """The first days without a release between two spans."""
    for previous, span in pairwise(spans):
        end = previous.days.end
        if end and end < span.days.first:
            return Period.ending(end, span.days.first)
    return None


@dataclass(frozen=True)
class State:
    """Everything published and activated up to a state, whose signatures are accepted, and the record of the
    chain that ends it."""

    state_number: int
    releases: tuple[Release, ...]
    events: tuple[Event, ...]
    trust: Trust = NO_TRUST
    head: Head = field(default=_BEGINNING, compare=False)

    @property
    def etag(self) -> str:
        """Changes with the state; opaque to clients."""
        return _etag(self.state_number)

    def etag_of(self, name: str) -> str:
        """Changes with the events of one name; that of the state where no other name is published."""
        return _etag(max((event.state_number for event in self.events if event.name == name), default=0))

    @property
    def names(self) -> tuple[str, ...]:
        """The names published, in order."""
        return tuple(sorted({release.name for release in self.releases}))

    def release(self, name: str, version: str) -> Release | None:
        """The release of that name and version, or digest."""
        return next(
            (one for one in self.releases if one.name == name and version in (one.version, one.digest)), None
        )

    def of(self, digest: str) -> Release:
        """The release with that digest, which must be published."""
        return next(release for release in self.releases if release.digest == digest)

    def timeline(self, name: str) -> tuple[Span, ...]:
        """Which release of that name governs which days."""
        return timeline((event for event in self.events if event.name == name), self.releases)

    def with_digest(self, digest: str) -> Release | None:
        """The release with that digest, whatever its name; None when it is not published."""
        return next((release for release in self.releases if release.digest == digest), None)

    def latest(self, name: str) -> Release:
        """The release of that name published last, which must be published."""
        return next(release for release in reversed(self.releases) if release.name == name)

    def governing(self, name: str, day: date) -> Release | None:
        """The release of that name that governs a day; None when nothing does."""
        return next((self.of(span.digest) for span in self.timeline(name) if day in span.days), None)

    def activations(self, name: str) -> tuple[Event, ...]:
        """The activations and rollbacks of that name, in order."""
        return tuple(event for event in self.events if event.name == name and event.effective_date)

    def with_event(self, event: Event) -> State:
        """The state after one more event."""
        return replace(self, state_number=event.state_number, events=(*self.events, event))

    def as_of(self, state_number: int) -> State:
        """The state as it was at an earlier state."""
        return replace(
            self,
            state_number=state_number,
            releases=tuple(one for one in self.releases if one.state_number <= state_number),
            events=tuple(event for event in self.events if event.state_number <= state_number),
        )

    def is_void(self, release: Release) -> bool:
        """Whether the key that signed it was revoked, and no other one signed it."""
        return bool(release.signatures) and not self.trust.standing(release.signatures)


def _etag(state_number: int) -> str:
    return hashlib.sha256(f"releases {state_number}".encode()).hexdigest()[:16]


def _painted(spans: list[Span], new: Span) -> list[Span]:
    """The spans with a new one on top of them."""
    end = new.days.end
    return [*_until(spans, new.days.first), new, *(_since(spans, end) if end else ())]


def _until(spans: Iterable[Span], day: date) -> Iterator[Span]:
    """What spans cover before a day."""
    for span in spans:
        days = span.days.before(day)
        if days:
            yield replace(span, days=days)


def _since(spans: Iterable[Span], day: date) -> Iterator[Span]:
    """What spans cover from a day on."""
    for span in spans:
        days = span.days.since(day)
        if days:
            yield replace(span, days=days)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Adjacent spans of one release are one."""
    previous: Span | None = None
    for span in spans:
        if previous is None:
            previous = span
        elif previous.digest == span.digest and previous.days.end == span.days.first:
            previous = replace(previous, days=Period(previous.days.first, span.days.last))
        else:
            yield previous
            previous = span
    if previous is not None:
        yield previous
