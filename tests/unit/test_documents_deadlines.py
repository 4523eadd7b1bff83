"""Delays of administrative letters: public holidays, « délai franc », implicit refusal, withdrawal."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.contract.deadlines import (
    implicit_refusal,
    next_working_day,
    public_holidays,
    remedy_last_day,
    terms,
    withdrawal_last_day,
)
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
    moving = {date(2027, 3, 29), date(2027, 5, 6), date(2027, 5, 17)}
    assert moving < public_holidays(2027)
    assert len(public_holidays(2027)) == 11
    assert date(2038, 4, 26) in public_holidays(2038)  # Easter Monday, the latest there is
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


FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))


# Years that a calendar library may get wrong: Whit Monday while it was worked by default, Ascension on 1 May,
# the earliest and the latest Easter, the turn of a century, after the last year that it knows.
@pytest.mark.parametrize(
    ("year", "easter"),
    [
        (2000, (4, 23)),
        (2005, (3, 27)),
        (2006, (4, 16)),
        (2007, (4, 8)),
        (2008, (3, 23)),
        (2038, (4, 25)),
        (2100, (3, 28)),
        (2285, (3, 22)),
    ],
)
def test_holidays_of_years_that_are_not_like_others(year: int, easter: tuple[int, int]) -> None:
    sunday = date(year, *easter)
    moving = {sunday + timedelta(days=days) for days in (1, 39, 50)}
    assert public_holidays(year) == {*moving, *(date(year, *day) for day in FIXED)}


@pytest.mark.parametrize(
    ("territory", "added"),
    [
        ("METROPOLE", ()),
        ("ALSACE_MOSELLE", ((12, 26),)),
        ("ALSACE_MOSELLE_GOOD_FRIDAY", ((3, 26), (12, 26))),
        ("GUADELOUPE", ((5, 27),)),
        ("MARTINIQUE", ((5, 22),)),
        ("GUYANE", ((6, 10),)),
        ("LA_REUNION", ((12, 20),)),
        ("MAYOTTE", ((4, 27),)),
        ("SAINT_BARTHELEMY", ((10, 9),)),
        ("SAINT_MARTIN", ((5, 28),)),
    ],
)
def test_the_profile_names_the_holidays_that_move_a_delay(
    territory: str, added: tuple[tuple[int, int], ...]
) -> None:
    here = public_holidays(2027, territory)
    assert here - public_holidays(2027) == {date(2027, *day) for day in added}
    for month, day in added:
        held = date(2027, month, day)
        assert next_working_day(held, territory) > held


def test_every_territory_of_the_profile_has_its_holidays() -> None:
    schema = json.loads(
        (ROOT / "services/documents/profiles/profile.schema.json").read_text(encoding="utf-8")
    )
    described = schema["properties"]["remedies"]["properties"]["public_holidays"]
    assert described["enum"] == list(described["x-labels"])
    assert all(len(public_holidays(2027, territory)) >= 11 for territory in described["enum"])


def test_a_letter_counts_with_the_holidays_of_its_organisation() -> None:
    """A refusal of 25 October 2028 is challenged until 26 December: Saint-Étienne, in Alsace-Moselle."""
    data = {"case": {"received_on": date(2028, 8, 25)}}
    assert terms(data, date(2028, 9, 1))["implicit_remedy"] == date(2028, 12, 26)
    found = terms(data, date(2028, 9, 1), "ALSACE_MOSELLE")["implicit_remedy"]
    assert found == date(2028, 12, 27)


def test_letters_state_the_dates_of_their_data() -> None:
    data = {
        "case": {"received_on": date(2026, 11, 18)},
        "deadlines": {"documents": date(2026, 12, 15)},
        "bank_decision": {"offer": {"accepted_on": date(2026, 11, 20)}},
    }
    assert terms(data, date(2026, 11, 23)) == {
        "implicit_refusal": date(2027, 1, 18),
        "implicit_remedy": date(2027, 3, 19),
        "suspended_refusal": date(2027, 2, 9),
        "suspended_remedy": date(2027, 4, 12),
        "withdrawal": date(2026, 12, 4),
    }
    assert "suspended_refusal" not in terms(data, date(2026, 12, 16))
    assert terms({}, date(2026, 11, 23)) == {}
