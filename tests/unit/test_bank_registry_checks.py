"""Answers to checks depend on nothing that was asked before, whatever the days and the times of knowledge."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, cast

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.api import BankRegistryServicer
from services.bank_registry.registry import (
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Geography,
    LocalConvention,
    Registry,
    Reservation,
    ReservationState,
    Scope,
    Suspension,
)
from services.bank_registry.registry.history import STILL_KNOWN, BankHistory, Known
from services.bank_registry.registry.model import Bounds
from services.bank_registry.registry.territory import Territory
from services.bank_registry.registry.timeline import end, revise, suspend
from services.kit.dates import Period
from tests.bank_registry_support import loan
from tests.support import examples

GEOGRAPHY = Geography.load()
WRITES = [1_700_000_000_000_000 + 1_000_000 * number for number in range(4)]
"""Instants of the revisions, in microseconds."""
DAYS = [date(2025, 1, 1), date(2026, 3, 1), date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 1)]
ANY = Period(date.min)
V = TypeVar("V", Bank, Agreement, LocalConvention)

days = st.sampled_from(DAYS)
later_days = st.sampled_from(DAYS[1:])
cents = st.sampled_from([30_000, 150_000, 300_000])


@dataclass
class Fixed:
    """A store whose registry never changes."""

    held: Registry

    def registry(self, min_state_number: int = 0) -> Registry:
        return self.held

    def page_key(self) -> bytes:
        return b"k" * 32


def served(registry: Registry) -> BankRegistryServicer:
    """A process that just started on a registry."""
    return BankRegistryServicer(cast(Any, Fixed(registry)), GEOGRAPHY, "x")


BANK = Bank("x", "Banque fictive", BankKind.ASSOCIATION, "732829320", period=Period(DAYS[0]))
AGREEMENT = Agreement(
    "a",
    "FCS-1",
    Territory(Scope.DEPARTEMENTS, ("56",)),
    Period.ending(DAYS[0], DAYS[4]),
    amount=Bounds(None, 300_000),
    rate=Bounds(None, Decimal(2)),
    envelope=500_000,
    verified_on=DAYS[2],
)
CONVENTION = LocalConvention(
    "cias", Period(DAYS[0]), "Service des prêts", ("1 rue de l’Exemple",), "56800", "Ploërmel"
)


@st.composite
def changed(draw: st.DrawFn, versions: tuple[V, ...], change: Callable[[V, int], V]) -> tuple[V, ...]:
    """The versions after one edit of a keeper: new terms from a day on, an end, a suspension, or nothing."""
    day, number = draw(later_days), draw(st.integers(1, 3))
    match draw(st.sampled_from(["nothing", "revise", "revise", "end", "suspend"])):
        case "revise":
            return revise(versions, lambda one: change(one, number), day)
        case "end":
            return end(versions, day) or versions
        case "suspend" if not any(version.suspensions for version in versions):
            return suspend(versions, Suspension(Period(day, DAYS[4])))
    return versions


@st.composite
def histories(draw: st.DrawFn) -> list[BankRecord]:
    """What is known of a lender after each write."""
    reservation = Reservation(
        1,
        "a",
        draw(cents),
        ReservationState.HELD,
        DAYS[1],
        "",
        WRITES[0],
        draw(st.sampled_from(WRITES)) + 500_000,
    )
    state = BankRecord((BANK,), (AGREEMENT, replace(AGREEMENT, id="b", reference="FCS-2")), (CONVENTION,))
    states = [state]
    for _ in WRITES[1:]:
        agreements: list[Agreement] = []
        for name in ("a", "b"):
            of_name = tuple(one for one in state.agreements if one.id == name)
            agreements += draw(
                changed(of_name, lambda one, number: replace(one, amount=Bounds(None, 100_000 * number)))
            )
        state = BankRecord(
            draw(changed(state.banks, lambda one, number: replace(one, name=f"Banque {number}"))),
            tuple(agreements),
            draw(changed(state.conventions, lambda one, number: replace(one, answer_days=number))),
            (reservation,),
        )
        states.append(state)
    return states


def registry_of(states: Sequence[BankRecord]) -> Registry:
    """The registry after these states of one lender, one write each."""
    instants = WRITES[: len(states)]

    def known(facts_of: Callable[[BankRecord], Sequence[Any]]) -> tuple[Known[Any], ...]:
        found = []
        for fact in dict.fromkeys(fact for state in states for fact in facts_of(state)):
            held = [fact in facts_of(state) for state in states]
            for index, instant in enumerate(instants):
                if held[index] and (index == 0 or not held[index - 1]):
                    gone = (i for i in range(index, len(states)) if not held[i])
                    until = next((instants[i] for i in gone), STILL_KNOWN)
                    found.append(Known(fact, instant, until))
        by_start = sorted(found, key=lambda one: getattr(one.fact, "period", ANY).first)
        return tuple(sorted(by_start, key=lambda one: str(one.fact.id)))

    history = BankHistory(
        known(lambda state: state.banks),
        known(lambda state: state.agreements),
        known(lambda state: state.conventions),
        known(lambda state: state.reservations),
    )
    return Registry({"x": history}, tuple(instants))


@st.composite
def questions(draw: st.DrawFn) -> pb.CheckBankRequest:
    asked = pb.CheckBankRequest(
        name="banks/x",
        loan_request=loan(
            draw(days).isoformat(),
            draw(st.sampled_from(["56165", "35238"])),
            f"{draw(cents) // 100}.00",
            draw(st.sampled_from([6, 24])),
            draw(st.sampled_from(["", "1.5", "2.5"])),
        ),
    )
    instant = draw(st.one_of(st.none(), st.sampled_from(WRITES), st.just(WRITES[-1] + 1_000_000)))
    if instant is not None:
        asked.known_time.FromMicroseconds(instant)
    return asked


@settings(max_examples=examples(150), deadline=None)
@given(states=histories(), asked=st.lists(questions(), min_size=2, max_size=8))
def test_an_answer_is_that_of_a_process_that_was_asked_nothing_else(
    states: list[BankRecord], asked: list[pb.CheckBankRequest]
) -> None:
    registry = registry_of(states)
    servicer = served(registry)
    for request in (*asked, *reversed(asked)):
        fresh = served(registry_of(states))
        assert servicer.CheckBank(request, cast(Any, None)) == fresh.CheckBank(request, cast(Any, None))
        listing = pb.ListSelectableBanksRequest(loan_request=request.loan_request)
        if request.HasField("known_time"):
            listing.known_time.CopyFrom(request.known_time)
        found = servicer.ListSelectableBanks(listing, cast(Any, None)).checks
        assert found == fresh.ListSelectableBanks(listing, cast(Any, None)).checks


def shown_end(servicer: BankRegistryServicer, known: int | None = None) -> tuple[int, int]:
    """The year and month of the end that a check of 1 March 2026 shows."""
    request = pb.CheckBankRequest(name="banks/x", loan_request=loan("2026-03-01"))
    if known is not None:
        stamp = Timestamp()
        stamp.FromMicroseconds(known)
        request.known_time.CopyFrom(stamp)
    check = servicer.CheckBank(request, cast(Any, None)).check
    end_date = check.agreement_checks[0].agreement.end_date
    return end_date.year, end_date.month


@pytest.mark.parametrize("past_first", [True, False])
def test_the_days_of_an_agreement_are_those_known_at_the_time_of_each_question(past_first: bool) -> None:
    """A neighbouring version was ended since: the version of the day is the same, its last day is not."""
    start = BankRecord((BANK,), (AGREEMENT,))
    amended = revise((AGREEMENT,), lambda one: replace(one, amount=Bounds(None, 200_000)), DAYS[2])
    states = [start, replace(start, agreements=amended), replace(start, agreements=end(amended, DAYS[3]))]
    servicer = served(registry_of(states))
    expected = {WRITES[1]: (2027, 1), None: (2026, 10)}
    for known in sorted(expected, key=lambda one: (one is None) is past_first):
        assert shown_end(servicer, known) == expected[known]


def test_a_reservation_weighs_until_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    expires = WRITES[0] + 3_600_000_000
    held = Reservation(1, "a", 500_000, ReservationState.HELD, DAYS[1], "", WRITES[0], expires)
    servicer = served(registry_of([BankRecord((BANK,), (AGREEMENT,), (), (held,))]))
    request = pb.CheckBankRequest(name="banks/x", loan_request=loan("2026-03-01"))

    def remaining_at(instant: int) -> tuple[bool, int]:
        monkeypatch.setattr(time, "time_ns", lambda: instant * 1000)
        check = servicer.CheckBank(request, cast(Any, None)).check
        return check.selectable, check.agreement_checks[0].agreement.remaining.units

    assert remaining_at(expires - 1) == (False, 0)
    assert remaining_at(expires) == (True, 5000)


def test_a_page_holds_two_hundred_lenders_at_most_whatever_is_asked() -> None:
    """Without a cap on pages, the answer would hold all of them and a client could ask for any size."""
    histories = {
        f"b{number:03}": BankHistory((Known(replace(BANK, id=f"b{number:03}"), WRITES[0]),))
        for number in range(250)
    }
    servicer = served(Registry(histories, (WRITES[0],)))
    request = pb.ListBanksRequest(page_size=1000)
    first = servicer.ListBanks(request, cast(Any, None))
    request.page_token = first.next_page_token
    second = servicer.ListBanks(request, cast(Any, None))
    assert (len(first.banks), len(second.banks), second.next_page_token) == (200, 50, "")
    names = [bank.name for bank in (*first.banks, *second.banks)]
    assert len(set(names)) == first.total_size == 250
