"""Cells as a French keeper writes them, in a text file or in a workbook."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bank_registry.files import columns
from services.bank_registry.files.columns import find
from services.bank_registry.registry.model import Contact, Suspension
from services.bank_registry.registry.narrative import KINDS
from services.kit import tables as cells
from services.kit.dates import Period
from services.kit.tables import Bad, guarded, printed

SPACES = [" ", "\u00a0", "\u202f"]
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=30).map(str.strip)


@given(DAYS)
def test_a_day_is_read_as_french_as_iso_and_as_a_spreadsheet_has_it(day: date) -> None:
    forms = (f"{day:%d/%m/%Y}", f"{day.day}/{day.month}/{day.year}", f" {day.isoformat()} ", day)
    assert {cells.day(form) for form in forms} == {day}


@given(
    st.integers(0, 10**12), st.sampled_from(SPACES), st.sampled_from(["", "€", " €", "\u00a0€", "\u202f€"])
)
def test_an_amount_is_read_with_any_space_comma_or_point(amount: int, space: str, unit: str) -> None:
    exact = Decimal(amount).scaleb(-2)
    grouped = f"{exact:,.2f}".replace(",", space).replace(".", ",")
    for form in (f"{grouped}{unit}", f"{exact}", f"{exact}".replace(".", ","), exact, printed(exact)):
        assert cells.money(form) == amount


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (cells.day, "31/12/26"),
        (cells.day, "1er janvier 2026"),
        (cells.day, 46022),
        (cells.day, "31/02/2026"),
        (cells.day, "01/00/2026"),
        (columns.suspensions, "du 01/01/2026 au 31/02/2026"),
        (cells.money, "1.234,56"),
        (cells.money, "1,234"),
        (cells.money, "12 34,56"),
        (cells.money, "-5"),
        (cells.money, "1e3"),
        (cells.money, "٣"),
        (cells.money, date(2026, 1, 2)),
        (cells.integer, "2,5"),
        (cells.integer, "vingt"),
        (cells.percent, "50 pour cent"),
        (cells.text, date(2026, 1, 2)),
        (columns.suspensions, "31/12/2026"),
        (columns.contacts, "a;b;c;d;e"),
        (cells.choice(KINDS), "banque"),
    ],
)
def test_what_is_ambiguous_or_wrong_is_refused(parse: cells.Parse[object], value: object) -> None:
    assert isinstance(parse(value), Bad)


def test_units_and_spaces_do_not_count() -> None:
    assert cells.percent("2,50 %") == Decimal("2.5")
    assert cells.integer("1 000") == cells.integer(1000) == 1000
    assert cells.code("200 066\u00a0777") == cells.code(200066777) == "200066777"
    assert cells.codes("56, 35;2A 974") == ["56", "35", "2A", "974"]
    assert cells.codes(56) == ["56"]


@given(TEXTS)
def test_a_guarded_text_is_no_formula_and_comes_back(text: str) -> None:
    written = guarded(text)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cells.as_text(written) == text


PERIODS = st.builds(
    lambda start, days: Period(start, days),
    DAYS.filter(lambda day: day.year < 2990),
    st.none(),
) | st.builds(Period, st.dates(date(1900, 1, 1), date(2000, 1, 1)), st.dates(date(2000, 1, 1)))


@given(st.lists(st.builds(Suspension, PERIODS, TEXTS), min_size=1, max_size=4))
def test_suspensions_in_a_cell_come_back(found: list[Suspension]) -> None:
    written = [
        {
            "start_date": one.period.first,
            **({"end_date": one.period.last} if one.period.last else {}),
            **({"reason": one.reason} if one.reason else {}),
        }
        for one in found
    ]
    assert columns.suspensions(guarded(columns.suspended(found))) == written


@given(st.lists(st.builds(Contact, TEXTS.filter(bool), TEXTS, TEXTS, TEXTS), min_size=1, max_size=4))
def test_contacts_in_a_cell_come_back(found: list[Contact]) -> None:
    read = columns.contacts(guarded(columns.contacts_of(found)))
    assert isinstance(read, list)
    back = [
        Contact(one["role"], one.get("display_name", ""), one.get("email", ""), one.get("phone", ""))
        for one in read
    ]
    assert back == found


@pytest.mark.parametrize(
    "name", ["Référence de l'accord", "REFERENCE DE L’ACCORD", " référence  de l’accord"]
)
def test_a_header_is_known_without_accents_case_or_apostrophe(name: str) -> None:
    column = find(name)
    assert column is not None
    assert column.field.name == "reference"
