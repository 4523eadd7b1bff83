"""Remembered answers are those of the full work, to the letter."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from google.type import decimal_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.api.remembered import RememberedChecks
from services.bank_registry.api.service import BankRegistryServicer
from services.bank_registry.registry.geography import Geography
from services.bank_registry.registry.history import BankHistory, Known, Registry
from services.bank_registry.registry.model import (
    Agreement,
    Bank,
    BankKind,
    Bounds,
    LocalConvention,
    Reservation,
    ReservationState,
    Suspension,
)
from services.bank_registry.registry.period import Period
from services.bank_registry.registry.territory import Scope, Territory
from tests.bank_registry_support import loan

GEOGRAPHY = Geography.load()
NOW = time.time_ns() // 1000
DAYS = [date(2025, 1, 1), date(2026, 6, 1), date(2026, 12, 1), date(2027, 1, 1), date(2028, 3, 1)]
AMOUNTS = [30_000, 150_000, 150_001, 300_000, 500_000]
TERRITORIES = [
    Territory(Scope.NATIONAL),
    Territory(Scope.DEPARTEMENTS, ("56", "35")),
    Territory(Scope.EPCI, ("200066777",)),
    Territory(Scope.COMMUNES, ("56138", "35238")),
    Territory(Scope.REGIONS, ("52",)),
]

days = st.sampled_from(DAYS)
maybe_days = st.one_of(st.none(), days)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start, end = draw(days), draw(maybe_days)
    return Period(start, end if end and end > start else None)


suspensions = st.lists(st.builds(Suspension, periods(), st.just("contrôle")), max_size=1).map(tuple)
amounts = st.one_of(st.none(), st.sampled_from(AMOUNTS))
agreements = st.builds(
    Agreement,
    id=st.sampled_from(["a", "b", "c"]),
    reference=st.just("FCS"),
    territory=st.sampled_from(TERRITORIES),
    period=periods(),
    suspensions=suspensions,
    envelope=amounts,
    committed=st.one_of(st.none(), st.just(30_000)),
    amount=st.builds(Bounds, amounts, amounts),
    months=st.builds(Bounds, st.one_of(st.none(), st.just(6)), st.one_of(st.none(), st.just(24))),
    rate=st.builds(
        Bounds, st.one_of(st.none(), st.just(Decimal(1))), st.one_of(st.none(), st.just(Decimal(2)))
    ),
    accepted_objects=st.sampled_from([(), ("EMPLOI",), ("EMPLOI", "MOBILITE")]),
    verified_on=maybe_days,
)
banks = st.builds(
    Bank,
    id=st.just("x"),
    name=st.just("Banque fictive"),
    kind=st.just(BankKind.ASSOCIATION),
    siren=st.just("732829320"),
    successor=st.sampled_from(["", "y"]),
    period=periods(),
    suspensions=suspensions,
)
conventions = st.builds(
    LocalConvention,
    id=st.just("cias"),
    period=periods(),
    contact_name=st.just("Service"),
    address_lines=st.just(("1 rue",)),
    postal_code=st.just("56800"),
    city=st.just("Ploërmel"),
    suspensions=suspensions,
)
reservations = st.builds(
    Reservation,
    id=st.integers(1, 3),
    agreement_id=st.sampled_from(["a", "b"]),
    amount=st.sampled_from(AMOUNTS),
    state=st.sampled_from(list(ReservationState)),
    on_date=days,
    case_reference=st.just(""),
    created_at=st.just(NOW),
    expires_at=st.sampled_from([NOW - 1, NOW + 3_600_000_000]),
)


@dataclass
class Fixed:
    """A store whose registry never changes."""

    held: Registry

    def registry(self, min_state_number: int = 0) -> Registry:
        return self.held

    def page_key(self) -> bytes:
        return b"k"


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    unique = draw(st.lists(agreements, max_size=3, unique_by=lambda one: one.id))
    held = draw(st.lists(reservations, max_size=2, unique_by=lambda one: one.id))
    history = BankHistory(
        (Known(draw(banks), 1),),
        tuple(Known(one, 1) for one in sorted(unique, key=lambda one: one.id)),
        tuple(Known(one, 1) for one in draw(st.lists(conventions, max_size=1))),
        tuple(Known(one, 1) for one in held),
    )
    return Registry({"x": history}, (1,))


@st.composite
def requests(draw: st.DrawFn) -> pb.CheckBankRequest:
    asked = loan(
        draw(days).isoformat(),
        draw(st.sampled_from(["56165", "56138", "35238", "75056", "56800", ""])),
        f"{draw(st.sampled_from(AMOUNTS)) / 100:.2f}",
        draw(st.sampled_from([0, 5, 6, 24, 25])),
        draw(st.sampled_from(["", "1.5", "2.001"])),
    )
    asked.object_category = draw(st.sampled_from(["", "EMPLOI", "MOBILITE", "SANTE"]))
    return pb.CheckBankRequest(name="banks/x", loan_request=asked)


def outcome(call: Any, request: Any) -> object:
    try:
        return call(request, None)
    except Exception as error:
        return type(error), str(error), getattr(error, "violations", None)


@settings(max_examples=150)
@given(registry=registries(), asked=st.lists(requests(), min_size=1, max_size=8))
def test_a_remembered_answer_is_the_full_one(registry: Registry, asked: list[pb.CheckBankRequest]) -> None:
    store = cast(Any, Fixed(registry))
    servicer = BankRegistryServicer(store, GEOGRAPHY, "x")
    remembered = RememberedChecks(store, GEOGRAPHY, servicer)
    for request in (*asked, *reversed(asked)):
        expected, given_ = (
            outcome(servicer.CheckBank, request),
            outcome(remembered.check, request.SerializeToString()),
        )
        assert (pb.CheckBankResponse.FromString(given_) if isinstance(given_, bytes) else given_) == expected


def test_a_reservation_that_expires_is_no_longer_remembered() -> None:
    agreement = Agreement("a", "FCS", TERRITORIES[0], Period(DAYS[0]), envelope=150_000, verified_on=DAYS[2])
    held = Reservation(
        1, "a", 150_000, ReservationState.HELD, DAYS[2], "", 1, time.time_ns() // 1000 + 300_000
    )
    bank = Bank("x", "Banque fictive", BankKind.ASSOCIATION, "732829320")
    history = BankHistory((Known(bank, 1),), (Known(agreement, 1),), (), (Known(held, 1),))
    store = cast(Any, Fixed(Registry({"x": history}, (1,))))
    remembered = RememberedChecks(store, GEOGRAPHY, BankRegistryServicer(store, GEOGRAPHY, "x"))
    request = pb.CheckBankRequest(name="banks/x", loan_request=loan())

    def selectable() -> bool:
        return pb.CheckBankResponse.FromString(
            remembered.check(request.SerializeToString(), cast(Any, None))
        ).check.selectable

    assert not selectable()
    while time.time_ns() // 1000 <= held.expires_at:
        time.sleep(0.01)
    assert selectable()


def test_an_unusual_number_is_left_to_the_full_reader() -> None:
    registry = Registry({}, ())
    store = cast(Any, Fixed(registry))
    servicer = BankRegistryServicer(store, GEOGRAPHY, "x")
    remembered = RememberedChecks(store, GEOGRAPHY, servicer)
    for change in (
        {"nominal_rate_pct": decimal_pb2.Decimal(value="1e3")},
        {"nominal_rate_pct": decimal_pb2.Decimal(value="")},
        {"object_category": "é"},
    ):
        asked = loan()
        asked.MergeFrom(pb.LoanRequest(**cast(Any, change)))
        request = pb.CheckBankRequest(name="banks/x", loan_request=asked)
        kind, _, violations = cast(Any, outcome(remembered.check, request.SerializeToString()))
        assert kind.__name__ == "InvalidArgument"
        assert len(violations) == 1
