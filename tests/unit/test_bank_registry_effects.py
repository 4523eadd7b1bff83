"""The days that a change touches, against a look at each day by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.bank_registry.registry.effects import days_text, days_touched, from_day, past_days
from services.bank_registry.registry.model import Agreement, Bank, BankKind, BankRecord, Suspension
from services.bank_registry.registry.territory import Scope, Territory
from services.kit.dates import Period

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(number) for number in range(12)]
LENDER = Bank("a", "Banque", BankKind.ASSOCIATION, "732829320")
NATIONAL = Territory(Scope.NATIONAL, ())


@st.composite
def versions(draw: st.DrawFn) -> tuple[Agreement, ...]:
    bounds = sorted(draw(st.sets(st.integers(0, 10), min_size=2, max_size=4)))
    start = draw(st.integers(0, 10))
    suspended = Suspension(
        Period(DAYS[start], DAYS[draw(st.integers(start, 11))]), draw(st.sampled_from("xy"))
    )
    suspensions = (suspended,) if draw(st.booleans()) else ()
    found = []
    for one, other in pairwise(bounds):
        last = DAYS[other] - timedelta(1) if other != bounds[-1] or draw(st.booleans()) else None
        amount = draw(st.sampled_from([None, 1000]))
        period = Period(DAYS[one], last)
        found.append(Agreement("fcs", "FCS", NATIONAL, period, envelope=amount, suspensions=suspensions))
    return tuple(found)


def seen(record: BankRecord, day: date) -> object:
    """All that is true of the agreement on a day."""
    for one in record.agreements:
        if day in one.period:
            return one.envelope, next((s.reason for s in one.suspensions if day in s.period), None)
    return "nothing"


def record(agreements: tuple[Agreement, ...]) -> BankRecord:
    return BankRecord.of(LENDER, agreements)


@given(versions(), versions())
def test_the_days_touched_are_those_that_differ(
    one: tuple[Agreement, ...], other: tuple[Agreement, ...]
) -> None:
    before, after = record(one), record(other)
    periods = days_touched(before, after)
    for day in DAYS:
        assert any(day in period for period in periods) is (seen(before, day) != seen(after, day))
    assert all(first.last and second.first > first.last + timedelta(1) for first, second in pairwise(periods))
    assert days_touched(before, before) == []


@given(versions(), versions(), st.sampled_from(DAYS))
def test_a_change_from_a_day_leaves_the_days_before_it(
    one: tuple[Agreement, ...], other: tuple[Agreement, ...], day: date
) -> None:
    before, after = record(one), record(other)
    spliced = from_day(before, after, day)
    for each in DAYS:
        assert seen(spliced, each) == seen(before if each < day else after, each)
    assert past_days(days_touched(before, spliced), day) == []


def test_the_days_are_told_as_people_read_them() -> None:
    ended = replace(LENDER, period=Period(date.min, FIRST))
    assert days_text(days_touched(BankRecord((ended,)), BankRecord((LENDER,)))) == "à partir du 02/01/2026"
    renamed = replace(LENDER, name="Autre")
    assert days_text(days_touched(BankRecord((LENDER,)), BankRecord((renamed,)))) == "tous les jours"
