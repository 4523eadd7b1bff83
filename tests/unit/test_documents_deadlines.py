"""Delays of administrative letters: public holidays, « délai franc », implicit refusal, withdrawal."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.contract.deadlines import (
    easter,
    implicit_refusal,
    next_working_day,
    public_holidays,
    remedy_last_day,
    withdrawal_last_day,
)
from services.documents.contract.terms import terms
from services.kit.dates import add_months
from tests.support import ROOT

VECTORS = json.loads((ROOT / "tests" / "cases" / "eligibility_cases.json").read_text(encoding="utf-8"))
DAYS = st.dates(date(2005, 1, 1), date(2150, 12, 31))


def cases(kind: str) -> list[Any]:
    found = [case for case in VECTORS["dated_law_cases"] if case["kind"] == kind]
    assert found
    return [pytest.param(case["input"], case["expected"], id=case["id"]) for case in found]


def days(given_dates: dict[str, str]) -> dict[str, date]:
    return {name: date.fromisoformat(text) for name, text in given_dates.items()}


@pytest.mark.parametrize(("given_dates", "expected"), cases("contentious_deadline"))
def test_the_delay_to_go_to_court(given_dates: dict[str, str], expected: dict[str, str]) -> None:
    last = remedy_last_day(days(given_dates)["notification_date"])
    assert last == date.fromisoformat(expected["last_day"])


@pytest.mark.parametrize(("given_dates", "expected"), cases("implicit_refusal_suspended"))
def test_a_suspended_refusal(given_dates: dict[str, str], expected: dict[str, Any]) -> None:
    known = days(given_dates)
    suspended = (min(known["documents_received"], known["deadline_given"]) - known["documents_asked_on"]).days
    assert suspended == expected["days_suspended"]
    assert implicit_refusal(known["received"], suspended) == date.fromisoformat(expected["date"])


@pytest.mark.parametrize(("given_dates", "expected"), cases("withdrawal"))
def test_the_withdrawal_period(given_dates: dict[str, str], expected: dict[str, str]) -> None:
    last = withdrawal_last_day(days(given_dates)["acceptance_date"])
    assert last == date.fromisoformat(expected["withdrawal_last_day"])


def test_holidays_of_a_year() -> None:
    assert easter(2027) == date(2027, 3, 28)
    assert easter(2038) == date(2038, 4, 25)
    moving = {date(2027, 3, 29), date(2027, 5, 6), date(2027, 5, 17)}
    assert moving < public_holidays(2027)
    assert len(public_holidays(2027)) == 11
    assert next_working_day(date(2026, 12, 25)) == date(2026, 12, 28)
    assert next_working_day(date(2027, 5, 15)) == date(2027, 5, 18)


@given(DAYS)
def test_a_working_day_is_near_and_open(day: date) -> None:
    found = next_working_day(day)
    assert day <= found <= day + timedelta(days=6)
    assert found.weekday() < 5
    assert found not in public_holidays(found.year)


@given(DAYS)
def test_the_last_day_leaves_two_whole_months(day: date) -> None:
    assert remedy_last_day(day) > add_months(day, 2)
    assert easter(day.year).weekday() == 6
    assert date(day.year, 3, 22) <= easter(day.year) <= date(day.year, 4, 25)


def test_letters_state_the_dates_of_their_data() -> None:
    data = {
        "case": {"received_on": date(2026, 11, 18)},
        "deadlines": {"documents": date(2026, 12, 15)},
        "bank_decision": {"offer": {"accepted_on": date(2026, 11, 20)}},
    }
    assert terms(data, 6, date(2026, 11, 23)) == {
        "consent_end": date(2027, 5, 23),
        "implicit_refusal": date(2027, 1, 18),
        "implicit_remedy": date(2027, 3, 19),
        "suspended_refusal": date(2027, 2, 9),
        "suspended_remedy": date(2027, 4, 12),
        "withdrawal": date(2026, 12, 4),
    }
    assert "suspended_refusal" not in terms(data, 6, date(2026, 12, 16))
    assert terms({}, 6, date(2026, 11, 23)) == {"consent_end": date(2027, 5, 23)}
