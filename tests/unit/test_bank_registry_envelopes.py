"""Envelopes under any sequence of reservations, whatever the clock of the machine does."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.bank_registry.registry import envelopes
from services.bank_registry.registry.envelopes import AskedReservation
from services.bank_registry.registry.model import (
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Reservation,
    ReservationState,
)
from services.bank_registry.registry.territory import Scope, Territory
from services.kit.dates import Period
from services.kit.errors import FailedPrecondition

DAY = date(2026, 12, 1)
ENVELOPE = 100
BANK = Bank("a", "Banque fictive", BankKind.ASSOCIATION, "732829320")
AGREEMENT = Agreement("fcs", "FCS", Territory(Scope.NATIONAL), Period(DAY), envelope=ENVELOPE)

Step = tuple[str, int, int, int]
"""What is asked, an amount, which reservation, and how far the clock of the machine moves."""

steps = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "commit", "release"]),
        st.integers(1, 60),
        st.integers(1, 8),
        st.integers(-30, 30),
    ),
    max_size=30,
)


@dataclass
class Ledger:
    """The writes of the store, without the store: one after the other, at instants that only grow."""

    clock: int = 1_000
    last: int = 0
    held: dict[int, Reservation] = field(default_factory=dict)

    @property
    def record(self) -> BankRecord:
        return BankRecord((BANK,), (AGREEMENT,), (), tuple(self.held.values()))

    def play(self, step: Step) -> None:
        what, amount, number, move = step
        self.clock += move
        now = max(self.last + 1, self.clock)
        with suppress(FailedPrecondition):
            self._write(what, amount, number, now)
            self.last = now

    def _write(self, what: str, amount: int, number: int, now: int) -> None:
        if what == "reserve":
            made = envelopes.reserve(
                {self.record.bank.id: self.record},
                self.record,
                AskedReservation("fcs", amount, DAY, "", now + amount),
                now,
                now,
            )
            for one in envelopes.expired(self.record, "fcs", now):
                self.held[one.id] = replace(one, state=ReservationState.EXPIRED)
            self.held[len(self.held) + 1] = replace(made, id=len(self.held) + 1)
        elif number in self.held:
            before = self.held[number]
            if what == "commit":
                self.held[number] = envelopes.commit("a", before, min(amount, before.amount), now)
            else:
                self.held[number] = envelopes.release("a", before, now)


@given(steps)
def test_what_is_held_and_committed_never_exceeds_the_envelope(played: list[Step]) -> None:
    """At the instant of every write, before and after it, and whatever is committed for good."""
    ledger = Ledger()
    for step in played:
        ledger.play(step)
        weight = ledger.record.reserved("fcs", ledger.last)
        committed = [one for one in ledger.held.values() if one.state is ReservationState.COMMITTED]
        assert 0 <= weight <= ENVELOPE
        assert sum(one.amount for one in committed) <= ENVELOPE
        assert (
            envelopes.remaining(
                {ledger.record.bank.id: ledger.record}, ledger.record.bank.id, "fcs", DAY, ledger.last
            )
            == ENVELOPE - weight
        )


@given(steps)
def test_what_expired_or_was_released_never_comes_back(played: list[Step]) -> None:
    ledger = Ledger()
    closed: dict[int, ReservationState] = {}
    for step in played:
        ledger.play(step)
        for number, state in closed.items():
            assert ledger.held[number].state is state
        final = (ReservationState.EXPIRED, ReservationState.RELEASED)
        closed |= {number: one.state for number, one in ledger.held.items() if one.state in final}
