"""Activations and rollbacks: what they make of a state, or why they are refused."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import unquote

from services.kit.dates import Period
from services.kit.errors import (
    Aborted,
    FailedPrecondition,
    FieldReason,
    InvalidArgument,
    NotFound,
    Violations,
)
from services.kit.french import long_date
from services.kit.releases.timeline import Event, EventKind, Release, Span, State, gained, gap


@dataclass(frozen=True)
class Transition:
    """An event, the state after it, the releases that lose days planned for them, and the digests of those
    that govern days that they did not govern before, that of the event first."""

    event: Event
    state: State
    superseded: tuple[Release, ...]
    regaining: tuple[str, ...]


@dataclass(frozen=True)
class Activation:
    """A release is asked to govern from a day on. The first to govern of its name may leave the day out: it
    is then the first that it may govern. Any other would go back over days that are governed already."""

    name: str
    version: str
    effective_date: date | None
    actor: str
    comment: str
    supersede_planned: bool

    def apply(self, state: State, now: datetime) -> Transition:
        """The change; NotFound, InvalidArgument or FailedPrecondition."""
        release = state.release(self.name, self.version)
        if release is None:
            raise NotFound(
                "VERSION_NOT_FOUND",
                f"Aucune version « {self.version} » de « {self.name} » n’est publiée.",
                metadata={"name": self.name, "version": self.version},
            )
        day = self.effective_date
        if day is None:
            if state.timeline(self.name):
                raise _day_required()
            day = release.valid_from
        _check_validity(release, day)
        planned = _planned(state, release, day)
        if planned and not self.supersede_planned:
            raise _overlap(state, planned[0])
        made = event(state, EventKind.ACTIVATED, release, day, now, self.actor, self.comment)
        losers = dict.fromkeys(state.of(span.digest) for span in planned)
        return _transition(state, made, tuple(losers))


@dataclass(frozen=True)
class Rollback:
    """What governed before the last activation is asked to govern again; without a day, from its day."""

    name: str
    effective_date: date | None
    actor: str
    comment: str

    def apply(self, state: State, now: datetime) -> Transition:
        """The change; NotFound, or FailedPrecondition when nothing governed before."""
        if self.name not in state.names:
            raise NotFound(
                "PACKAGE_NOT_FOUND", f"« {self.name} » n’est pas publié.", metadata={"name": self.name}
            )
        activations = state.activations(self.name)
        last = activations[-1] if activations else None
        day = self.effective_date or (last.effective_date if last else None)
        former = self._former(state, last, day) if last and day else None
        if former is None or day is None:
            raise FailedPrecondition(
                "NOTHING_TO_ROLL_BACK", "Rien ne gouvernait ces jours-là avant la dernière activation."
            )
        made = event(state, EventKind.ROLLED_BACK, former, day, now, self.actor, self.comment)
        return _transition(state, made, ())

    def _former(self, state: State, last: Event, day: date) -> Release | None:
        """The release that governed a day before the last event."""
        return state.as_of(last.state_number - 1).governing(self.name, day)


def check_etag(state: State, name: str, etag: str) -> None:
    """Aborted if what happened to a name is not all that the caller read."""
    if etag and etag != state.etag_of(name):
        raise Aborted(
            "ETAG_MISMATCH", "Une autre modification a eu lieu entre-temps : relisez, puis réessayez."
        )


def check_named(actor: str) -> None:
    """FailedPrecondition if the person who publishes is unknown: another one could not be told from them."""
    if not folded(actor):
        raise _two_persons(
            "La règle des deux personnes est en vigueur : la personne qui publie doit être nommée."
        )


def check_two_persons(release: Release, actor: str) -> None:
    """FailedPrecondition if the person who acts is unknown, or is the one who published."""
    publisher, acting = folded(release.publisher), folded(actor)
    if not publisher or not acting or acting == publisher:
        raise _two_persons(
            f"La version {release.version} doit avoir été publiée par une personne nommée, et celle qui la "
            "met en vigueur doit être nommée et en être une autre."
        )


def folded(identity: str) -> str:
    """What two ways of writing one person have in common: letters in any case, spaces and dots around."""
    plain = unicodedata.normalize("NFKC", unquote(identity)).casefold()
    seen = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    return " ".join(seen.split()).strip(" .")


def _day_required() -> InvalidArgument:
    violations = Violations()
    text = "Une version gouverne déjà : donnez le premier jour que celle-ci gouvernera."
    violations.add("effective_date", FieldReason.REQUIRED, text)
    return violations.error()


def _two_persons(sentence: str) -> FailedPrecondition:
    return FailedPrecondition("TWO_PERSONS_REQUIRED", sentence)


def event(
    state: State,
    kind: EventKind,
    release: Release,
    day: date | None,
    now: datetime,
    actor: str,
    comment: str,
) -> Event:
    """The next event of a state."""
    return Event(
        state.state_number + 1, kind, release.name, release.version, release.digest, day, now, actor, comment
    )


def _transition(state: State, made: Event, losers: tuple[Release, ...]) -> Transition:
    """One more event, which must leave no day without a release."""
    after = state.with_event(made)
    spans = after.timeline(made.name)
    hole = gap(spans)
    if hole is not None:
        raise _left_without(hole)
    winners = (made.digest, *(span.digest for span in gained(state.timeline(made.name), spans)))
    return Transition(made, after, losers, tuple(dict.fromkeys(winners)))


def _planned(state: State, release: Release, day: date) -> list[Span]:
    """The spans of other releases that begin after a day and that this release would take, in whole or in
    part."""
    return [
        span
        for span in state.timeline(release.name)
        if span.digest != release.digest and span.days.first > day and release.covers(span.days.first)
    ]


def _check_validity(release: Release, day: date) -> None:
    if release.covers(day):
        return
    until = "" if release.valid_until is None else f" au {long_date(release.valid_until)}"
    raise FailedPrecondition(
        "OUTSIDE_VALIDITY",
        f"La version {release.version} ne peut pas gouverner à partir du {long_date(day)} : elle vaut du "
        f"{long_date(release.valid_from)}{until or ', sans fin'}.",
        metadata={
            "effective_date": day.isoformat(),
            "effective_from": release.valid_from.isoformat(),
            "effective_until": release.valid_until.isoformat() if release.valid_until else "",
        },
    )


def _overlap(state: State, span: Span) -> FailedPrecondition:
    planned = state.of(span.digest)
    return FailedPrecondition(
        "TIMELINE_OVERLAP",
        f"La version {planned.version} est activée à partir du {long_date(span.days.first)}, après le jour "
        "demandé : donnez une date plus tardive, ou confirmez (supersede_planned) que cette version ne "
        "gouverne plus ces jours.",
        metadata={"version": planned.version, "effective_date": span.days.first.isoformat()},
    )


def _left_without(hole: Period) -> FailedPrecondition:
    assert hole.last is not None  # noqa: S101 - a gap lies between two spans
    return FailedPrecondition(
        "TIMELINE_GAP",
        f"Aucune version ne gouvernerait du {long_date(hole.first)} au {long_date(hole.last)}.",
        metadata={"first": hole.first.isoformat(), "last": hole.last.isoformat()},
    )
