"""Loans: what must hold of every schedule, the equation of the TAEG, inverse questions against brute
force."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.eligibility.loan import (
    LargestAmount,
    RateWithoutMeaningError,
    ShortestDuration,
    Terms,
    constant_instalment,
    rounded,
    schedule,
    simulate,
    taeg_pct,
)
from tests.support import examples

RATES = st.integers(0, 20_000_000).map(lambda millionths: Fraction(millionths, 1_000_000))
TERMS = st.builds(Terms, st.integers(1, 1_000_000), st.integers(1, 84), RATES)


@settings(max_examples=examples(150))
@given(TERMS)
def test_every_schedule(terms: Terms) -> None:
    lines = schedule(terms)
    assert sum(line.principal for line in lines) == terms.amount
    assert lines[-1].balance == 0
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) <= terms.months
    assert all(line.payment == line.interest + line.principal for line in lines)
    assert all(line.principal >= 0 for line in lines)
    interests = [line.interest for line in lines]
    assert interests == sorted(interests, reverse=True)
    simulation = simulate(terms)
    assert simulation.total_paid - terms.amount == simulation.total_interest == sum(interests)


@settings(max_examples=examples(100))
@given(TERMS, st.data())
def test_the_taeg_solves_its_equation(terms: Terms, data: st.DataObject) -> None:
    """Checked on the payments, the annual rate being applied as written in the directive."""
    fees = data.draw(st.integers(0, terms.amount // 2))
    payments = [line.payment for line in schedule(terms)]
    factor = 1 + taeg_pct(terms.amount - fees, payments) / 100
    discounted = sum(
        (payment * factor ** (Decimal(-number) / 12) for number, payment in enumerate(payments, start=1)),
        Decimal(),
    )
    assert abs(discounted - (terms.amount - fees)) < Decimal("0.000001") * terms.amount


def test_the_published_examples() -> None:
    """The classic examples of the directive, in months."""
    assert rounded(taeg_pct(1000, [0] * 17 + [1200]), 2) == Decimal("12.92")
    assert rounded(taeg_pct(950, [0] * 17 + [1200]), 2) == Decimal("16.85")
    assert rounded(taeg_pct(950, [0] * 11 + [600] + [0] * 11 + [600]), 2) == Decimal("17.10")


def test_rounding_is_exact_half_up() -> None:
    """600 € at 1.75 %: the first interest is exactly 87.5 cents; 10 € at 0.6 % in one month: 1000.5 cents."""
    assert schedule(Terms(60_000, 12, Fraction("1.75")))[0].interest == 88
    assert constant_instalment(1_000, 1, Fraction("0.6")) == 1_001


def test_a_sum_repaid_before_its_term() -> None:
    """1 € in 36 months: 3 cents a month repay it in 34; the payments stop there."""
    simulation = simulate(Terms(100, 36, Fraction(0)))
    assert [line.payment for line in simulation.lines] == [3] * 33 + [1]
    assert simulation.taeg_pct_exact == Decimal("0.000000")


def test_a_rate_without_meaning() -> None:
    with pytest.raises(RateWithoutMeaningError):
        simulate(Terms(100_000, 1, Fraction(0), fees=99_999))
    with pytest.raises(RateWithoutMeaningError) as failure:
        simulate(Terms(100, 1, Fraction(0)), insurance_monthly=10**9)
    assert failure.value.insured


@settings(max_examples=examples(80))
@given(
    amount=st.integers(1, 500_000),
    rate=RATES,
    cap=st.integers(0, 30_000),
    bounds=st.tuples(st.integers(1, 60), st.integers(1, 60)).map(sorted),
)
def test_shortest_duration(amount: int, rate: Fraction, cap: int, bounds: list[int]) -> None:
    found = ShortestDuration(amount, rate, cap, bounds[0], bounds[1]).solve()
    fitting = [
        months
        for months in range(bounds[0], bounds[1] + 1)
        if constant_instalment(amount, months, rate) <= cap
    ]
    assert (found.months if found else None) == (min(fitting) if fitting else None)


@settings(max_examples=examples(80))
@given(
    months=st.integers(1, 60),
    rate=RATES,
    cap=st.integers(0, 10_000),
    bounds=st.tuples(st.integers(1, 40_000), st.integers(1, 40_000)).map(sorted),
)
def test_largest_amount(months: int, rate: Fraction, cap: int, bounds: list[int]) -> None:
    found = LargestAmount(months, rate, cap, bounds[0], bounds[1]).solve()
    fitting = [
        euros * 100
        for euros in range(401)
        if bounds[0] <= euros * 100 <= bounds[1] and constant_instalment(euros * 100, months, rate) <= cap
    ]
    assert (found.amount if found else None) == (max(fitting) if fitting else None)
