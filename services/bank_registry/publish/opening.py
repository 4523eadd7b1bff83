"""What of the registry is open: no contact, no free text that could name a person, no reservation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from services.bank_registry.registry import BankRecord, LocalConvention, Suspension

HIDDEN = frozenset({"contact_name", "address_lines", "postal_code", "city", "email", "phone", "contacts"})
"""Fields of a local convention that say who to write to."""

_OPEN = ("Prêteur", "Accord")
"""First words of the sentences of a history that are open."""
_CORRECTION = "Correction du passé"
_REASON = re.compile(r"^(.*?\s:\ssuspension\s(?:du|à\spartir\sdu)\s.*?)\s\(.*\)\.$", re.DOTALL)


@dataclass(frozen=True)
class Event:
    """A change of a lender: the state that it made, its instant, and what changed in French."""

    state_number: int
    recorded: datetime
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class StateTold:
    """A state, its instant, and the sentences of each lender that it changed."""

    number: int
    recorded: datetime
    lenders: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


@dataclass(frozen=True)
class Publication:
    """What is published: the open registry of a state, seen on a day.

    `url` is where the site will be, empty if it is not known; `events` those of each lender, latest first.
    """

    records: Sequence[BankRecord]
    events: Mapping[str, Sequence[Event]]
    state_number: int
    day: date
    url: str = ""

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of each lender."""
        return {record.bank.id: record.bank.name for record in self.records}

    @cached_property
    def states(self) -> list[StateTold]:
        """What each state changed, the latest first."""
        found: dict[int, StateTold] = {}
        for name in self.names:
            for event in self.events.get(name, ()):
                state = found.setdefault(event.state_number, StateTold(event.state_number, event.recorded))
                state.lenders.append((name, event.sentences))
        return sorted(found.values(), key=lambda state: -state.number)

    def changed_since(self, state_number: int) -> list[BankRecord]:
        """The lenders that an event changed after a state."""
        return [
            record
            for record in self.records
            if any(event.state_number > state_number for event in self.events.get(record.bank.id, ()))
        ]


def opened(record: BankRecord) -> BankRecord:
    """A lender without what is not open."""
    return BankRecord(
        tuple(replace(bank, suspensions=_without_reason(bank.suspensions)) for bank in record.banks),
        tuple(replace(one, suspensions=_without_reason(one.suspensions)) for one in record.agreements),
        tuple(map(_convention, record.conventions)),
    )


def open_sentences(sentences: Iterable[str]) -> tuple[str, ...]:
    """Those of an event that are open, less the reason of a suspension; none if nothing open changed."""
    found = list(_told(sentences))
    return () if all(one.startswith(_CORRECTION) for one in found) else tuple(found)


def _told(sentences: Iterable[str]) -> Iterator[str]:
    for sentence in sentences:
        if sentence.startswith((*_OPEN, _CORRECTION)):
            yield _REASON.sub(r"\1.", sentence)


def _convention(one: LocalConvention) -> LocalConvention:
    return LocalConvention(
        one.id,
        one.period,
        "",
        (),
        "",
        "",
        reference=one.reference,
        answer_days=one.answer_days,
        suspensions=_without_reason(one.suspensions),
    )


def _without_reason(suspensions: Iterable[Suspension]) -> tuple[Suspension, ...]:
    return tuple(Suspension(one.period) for one in suspensions)
