"""What was known of each lender, and when; what a write would change of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from services.bank_registry.registry.model import Agreement, Bank, BankRecord, LocalConvention, Reservation

Fact = TypeVar("Fact", Bank, Agreement, LocalConvention, Reservation)

STILL_KNOWN = 253_402_214_400_000_000
"""9999-12-31T00:00:00Z in microseconds: `known_to` of what is known now."""


@dataclass(frozen=True, slots=True)
class Known(Generic[Fact]):
    """A fact as known between two instants (UTC, in microseconds, half-open)."""

    fact: Fact
    known_from: int
    known_to: int = STILL_KNOWN

    def at(self, instant: int) -> bool:
        """Whether the fact was known at an instant."""
        return self.known_from <= instant < self.known_to


@dataclass(frozen=True, slots=True)
class BankHistory:
    """Every version of a lender ever known, in the order of BankRecord."""

    banks: tuple[Known[Bank], ...]
    agreements: tuple[Known[Agreement], ...] = ()
    conventions: tuple[Known[LocalConvention], ...] = ()
    reservations: tuple[Known[Reservation], ...] = ()

    @property
    def facts(self) -> list[Version]:
        """Every version, but those of reservations."""
        held: tuple[Sequence[Known[Any]], ...] = (self.banks, self.agreements, self.conventions)
        return [known.fact for versions in held for known in versions]

    def at(self, instant: int) -> BankRecord | None:
        """The lender as known at an instant, None if it was not."""
        banks = _facts(self.banks, instant)
        if not banks:
            return None
        return BankRecord(
            banks,
            _facts(self.agreements, instant),
            _facts(self.conventions, instant),
            _facts(self.reservations, instant),
        )


def _facts(versions: tuple[Known[Fact], ...], instant: int) -> tuple[Fact, ...]:
    return tuple([known.fact for known in versions if known.at(instant)])


@dataclass(frozen=True, slots=True)
class StateChange:
    """A write and the names of what it created or changed; `recorded_at` in microseconds."""

    state_number: int
    recorded_at: int
    actor: str
    method: str
    reason: str
    names: tuple[str, ...]


Records = Mapping[str, BankRecord]
"""The lenders known at an instant, by id."""


PAST_KEPT = 8
"""Earlier states that are kept at hand, for the pages of lists and for questions about the past."""


class Registry:
    """The whole registry at a state, with its past; immutable."""

    def __init__(self, histories: Mapping[str, BankHistory], instants: tuple[int, ...]) -> None:
        """Takes the histories by bank id, and the instants of the states, first to present."""
        self._histories = dict(histories)
        self._instants = instants
        self._past: dict[int, Records] = {}
        self.current = self._records(STILL_KNOWN - 1)

    def has_case(self, reference: str) -> bool:
        """Whether a reservation was ever made for a case."""
        records = self.current.values()
        return any(one.case_reference == reference for record in records for one in record.reservations)

    def followed_by(self, histories: Mapping[str, BankHistory], instants: tuple[int, ...]) -> Registry:
        """The registry a few states later, from the histories of the lenders that changed."""
        later = Registry.__new__(Registry)
        later._histories = {**self._histories, **histories}
        later._instants = (*self._instants, *instants)
        later._past = {}
        found = ((bank_id, history.at(STILL_KNOWN - 1)) for bank_id, history in histories.items())
        changed = {bank_id: record for bank_id, record in found if record is not None}
        kept = {bank_id: record for bank_id, record in self.current.items() if bank_id not in histories}
        later.current = dict(sorted({**kept, **changed}.items()))
        return later

    @property
    def state_number(self) -> int:
        """Number of writes since the registry was created."""
        return len(self._instants)

    @property
    def last_instant(self) -> int:
        """Instant of the present state (UTC, in microseconds), 0 before the first write."""
        return self._instants[-1] if self._instants else 0

    def at_state(self, state_number: int) -> Records:
        """The lenders known at a state, at most the present one."""
        if state_number == self.state_number:
            return self.current
        past = self._past.get(state_number)
        if past is None:
            past = self._records(self.instant_of(state_number)) if state_number else {}
            if len(self._past) >= PAST_KEPT:
                self._past.clear()
            self._past[state_number] = past
        return past

    def instant_of(self, state_number: int) -> int:
        """The instant of a state, from 1 to the present one."""
        return self._instants[state_number - 1]

    @property
    def histories(self) -> Mapping[str, BankHistory]:
        """Every version of each lender ever known, by id."""
        return self._histories

    def history(self, bank_id: str) -> BankHistory | None:
        """Every version of a lender ever known, None if it never was."""
        return self._histories.get(bank_id)

    def state_number_at(self, instant: int) -> int:
        """The state_number in force at an instant (UTC, in microseconds); 0 before the first write."""
        return bisect_right(self._instants, instant)

    def _records(self, instant: int) -> Records:
        records = ((bank_id, history.at(instant)) for bank_id, history in self._histories.items())
        return {bank_id: record for bank_id, record in records if record is not None}


Version = Bank | Agreement | LocalConvention


@dataclass(frozen=True, slots=True)
class LenderChange:
    """One lender before and after; `before` is None for a new one."""

    before: BankRecord | None
    after: BankRecord

    @property
    def withdrawn(self) -> list[Version]:
        """The facts that are no longer held true."""
        return _missing(facts(self.before), facts(self.after))

    @property
    def stated(self) -> list[Version]:
        """The facts that are newly held true."""
        return _missing(facts(self.after), facts(self.before))


@dataclass(slots=True)
class Difference:
    """The lenders that a write creates and changes, and how many it leaves as they are."""

    created: list[LenderChange] = field(default_factory=list)
    changed: list[LenderChange] = field(default_factory=list)
    unchanged: int = 0

    @property
    def changes(self) -> list[LenderChange]:
        """What is to be written."""
        return self.created + self.changed


def difference(known: Records, entries: Iterable[BankRecord]) -> Difference:
    """Compares entries with what is known; an entry states all that is true of its lender."""
    found = Difference()
    for entry in entries:
        before = known.get(entry.bank.id)
        if before is None:
            found.created.append(LenderChange(None, entry))
        elif set(facts(before)) != set(facts(entry)):
            found.changed.append(LenderChange(before, entry))
        else:
            found.unchanged += 1
    return found


def facts(record: BankRecord | None) -> list[Version]:
    """The lender, its agreements and its conventions, one by one."""
    return [] if record is None else [*record.banks, *record.agreements, *record.conventions]


def _missing(these: list[Version], those: list[Version]) -> list[Version]:
    others = set(those)
    return [fact for fact in these if fact not in others]
