"""Money, dates, decimals at the edge; French typography; months and ages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

from microcredit.eligibility.v1 import decision_service_pb2, loan_pb2
from services.kit import french, wire
from services.kit.dates import add_months, age_on
from services.kit.errors import InvalidArgument, Violations
from services.kit.serve.status import to_status

CENTS = st.integers(-wire.MAX_CENTS, wire.MAX_CENTS)
DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@given(CENTS)
def test_money_round_trip(amount: int) -> None:
    violations = Violations()
    message = wire.money(amount)
    assert wire.cents(message, "amount", violations) == amount
    assert not violations
    assert message.units * message.nanos >= 0


@pytest.mark.parametrize(
    ("message", "reasons"),
    [
        (Money(currency_code="USD", units=1), ["NOT_EUROS"]),
        (Money(units=1, nanos=1), ["NOT_EUROS", "TOO_MANY_DECIMALS"]),
        (Money(currency_code="EUR", units=1, nanos=5_000_000), ["TOO_MANY_DECIMALS"]),
        (Money(currency_code="EUR", units=1, nanos=-10_000_000), ["MALFORMED"]),
        (Money(currency_code="EUR", units=-1, nanos=10_000_000), ["MALFORMED"]),
        (Money(currency_code="EUR", nanos=1_000_000_000), ["MALFORMED"]),
        (Money(currency_code="EUR", units=10**11, nanos=10_000_000), ["OUT_OF_RANGE"]),
        (Money(currency_code="EUR", units=-(2**63)), ["OUT_OF_RANGE"]),
    ],
)
def test_wrong_money(message: Money, reasons: list[str]) -> None:
    violations = Violations()
    assert wire.cents(message, "loan.amount", violations) is None
    assert [(v.field, v.reason) for v in violations] == [("loan.amount", reason) for reason in reasons]


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1899, 12, 31), date(2200, 1, 1), date(9999, 12, 31)])
def test_a_date_that_no_file_can_mean_is_out_of_range(day: date) -> None:
    violations = Violations()
    assert wire.civil_date(wire.date_pb(day), "day", violations) is None
    assert [(v.field, v.reason) for v in violations] == [("day", "OUT_OF_RANGE")]


@given(DATES)
def test_date_round_trip(day: date) -> None:
    violations = Violations()
    assert wire.civil_date(wire.date_pb(day), "day", violations) == day
    assert not violations


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Date(), "INCOMPLETE"),
        (Date(year=2026, month=12), "INCOMPLETE"),
        (Date(month=12, day=1), "INCOMPLETE"),
        (Date(year=2026, month=2, day=29), "NOT_IN_CALENDAR"),
        (Date(year=-1, month=1, day=1), "NOT_IN_CALENDAR"),
        (Date(year=2**31 - 1, month=1, day=1), "NOT_IN_CALENDAR"),
    ],
)
def test_wrong_date(message: Date, reason: str) -> None:
    violations = Violations()
    assert wire.civil_date(message, "birth_date", violations) is None
    assert [(v.field, v.reason) for v in violations] == [("birth_date", reason)]


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_decimal_round_trip(value: Decimal) -> None:
    violations = Violations()
    read = wire.decimal(wire.decimal_pb(value), "rate", violations)
    assert read == value
    assert not violations


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "1e3", "1,5", ".5", "1.", "NaN", "Infinity", "--1", "١", "1_000", "1\n", "1" * 31],
)
def test_wrong_decimal(text: str) -> None:
    violations = Violations()
    assert wire.decimal(DecimalMessage(value=text), "rate", violations) is None
    assert [v.reason for v in violations] == ["MALFORMED"]


def test_every_message_has_french_typography() -> None:
    violations = Violations()
    wire.cents(Money(nanos=1), "a", violations)
    wire.decimal(DecimalMessage(value="x"), "b", violations)
    with pytest.raises(InvalidArgument) as refused:
        violations.raise_if_any()
    status = to_status(refused.value, "kit.test")
    bad = error_details_pb2.BadRequest()
    assert any(packed.Unpack(bad) for packed in status.details)
    assert len(bad.field_violations) == len(violations)
    for violation in bad.field_violations:
        assert "« " not in violation.description
        assert " »" not in violation.description


@pytest.mark.parametrize(
    ("typed", "leaves"),
    [
        ("Quoi ? Oui ; non ! Ainsi : a", "Quoi\u202f? Oui\u202f; non\u202f! Ainsi\u00a0: a"),
        ("« a ; b : c » : 10:30, a != b", "«\u00a0a ; b : c\u00a0»\u00a0: 10:30, a != b"),
        ("« » «» «  x »", "«\u00a0» «» «\u00a0 x\u00a0»"),
        ("voir http://x:80 ; n° 4, 3 Mio", "voir http://x:80\u202f; n°\u00a04, 3\u00a0Mio"),
        ("2° point, 12 %", "2°\u00a0point, 12\u00a0%"),
        ("l'eau : 1 2", "l'eau\u00a0: 1 2"),
    ],
)
def test_a_sentence_gets_its_spaces_where_it_leaves(typed: str, leaves: str) -> None:
    assert french.spaced(typed) == leaves
    assert french.spaced(leaves) == leaves


@given(CENTS)
def test_euros_never_break(amount: int) -> None:
    text = french.euros(amount)
    assert " " not in text
    plain = text.removesuffix("\u00a0€").replace("\u202f", "").replace(",", ".")
    assert Decimal(plain) * 100 == amount


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (french.euros(123456), "1\u202f234,56\u00a0€"),
        (french.euros(-6348), "-63,48\u00a0€"),
        (french.euros(0), "0,00\u00a0€"),
        (french.euros(100_000_000), "1\u202f000\u202f000,00\u00a0€"),
        (french.percent(Decimal("1.5")), "1,50\u00a0%"),
        (french.percent(Decimal("1.005")), "1,01\u00a0%"),
        (french.percent(Decimal("-0.001")), "0,00\u00a0%"),
        (french.percent(Decimal("33.25"), 1), "33,3\u00a0%"),
        (french.number(1234567), "1\u202f234\u202f567"),
        (french.number(Decimal("1234.50")), "1\u202f234,50"),
        (french.long_date(date(2026, 12, 1)), "1er\u00a0décembre\u00a02026"),
        (french.long_date(date(2026, 8, 2)), "2\u00a0août\u00a02026"),
        (french.short_date(date(2026, 2, 1)), "01/02/2026"),
        (french.months(24), "24\u00a0mois"),
        (french.plural(0, "jour"), "0\u00a0jour"),
        (french.plural(1, "jour"), "1\u00a0jour"),
        (french.plural(2, "jour"), "2\u00a0jours"),
        (french.plural(2, "avis", "avis"), "2\u00a0avis"),
        (french.join([]), ""),
        (french.join(["a"]), "a"),
        (french.join(["a", "b"]), "a et b"),
        (french.join(["a", "b", "c"]), "a, b et c"),
    ],
)
def test_typography(text: str, expected: str) -> None:
    assert text == expected


def test_a_text_typed_on_an_ordinary_keyboard_is_typeset() -> None:
    assert french.typeset("n° 4 : « l'art » ; 24 mois, 12 % le 1 mars 2026 ?") == (
        "n°\u00a04\u00a0: «\u00a0l’art\u00a0»\u202f; 24\u00a0mois, 12\u00a0% le 1\u00a0mars\u00a02026\u202f?"
    )


@given(st.text(alphabet="ab1 '«»:;!?%€.n°\u00a0\u202f", max_size=40))
def test_typesetting_twice_changes_nothing_more(text: str) -> None:
    once = french.typeset(text)
    assert french.typeset(once) == once
    assert "'" not in once


@given(DATES, st.integers(-600, 600))
def test_add_months_keeps_the_day_or_clamps_it(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert (moved.year - day.year) * 12 + moved.month - day.month == months
    assert moved.day == day.day or (moved.day < day.day and (moved + timedelta(days=1)).day == 1)


def test_add_months_clamps_to_the_end_of_february() -> None:
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert add_months(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)


@given(DATES, st.integers(0, 120))
def test_age_changes_on_the_birthday(birth: date, years: int) -> None:
    leap_day = (birth.month, birth.day) == (2, 29)
    birthday = add_months(birth, 12 * years)
    if leap_day and birthday.day == 28:
        birthday += timedelta(days=1)
    assert age_on(birth, birthday) == years
    assert age_on(birth, birthday - timedelta(days=1)) == years - 1


def test_a_leap_day_birthday_is_reached_on_the_first_of_march() -> None:
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age_on(date(2008, 2, 29), date(2026, 3, 1)) == 18


@pytest.mark.parametrize(
    ("size", "pieces"),
    [
        (0, []),
        (1, [1]),
        (wire.CHUNK_BYTES, [wire.CHUNK_BYTES]),
        (2 * wire.CHUNK_BYTES + 1, [wire.CHUNK_BYTES, wire.CHUNK_BYTES, 1]),
    ],
)
def test_a_file_travels_in_pieces(size: int, pieces: list[int]) -> None:
    data = bytes(number % 251 for number in range(size))
    found = list(wire.chunks(data))
    assert [len(piece) for piece in found] == pieces
    assert b"".join(found) == data


def loan(amount: int | None = None, months: int | None = None, rate: str | None = None) -> wire.Fields:
    """The fields of a loan, and where their problems go."""
    terms = loan_pb2.LoanTerms(
        amount=None if amount is None else wire.money(amount),
        months=months,
        nominal_rate_pct=None if rate is None else DecimalMessage(value=rate),
    )
    return wire.Fields(terms, "terms.", Violations())


@pytest.mark.parametrize(
    ("cents", "reasons"), [(99, ["OUT_OF_RANGE"]), (100, []), (500, []), (501, ["OUT_OF_RANGE"])]
)
def test_the_bounds_of_a_field_are_included(cents: int, reasons: list[str]) -> None:
    fields = loan(amount=cents, months=cents)
    found = (
        fields.amount("amount", 100, 500, required=True),
        fields.number("months", 100, 500, str, required=True),
    )
    assert found == ((None, None) if reasons else (cents, cents))
    wrong = [(item.field, item.reason) for item in fields.violations]
    assert wrong == [(f"terms.{name}", reason) for name in ("amount", "months") for reason in reasons]


@pytest.mark.parametrize(
    ("rate", "good"),
    [
        ("0", True),
        ("5.000000", True),
        ("5.0000010", True),
        ("0.0000001", False),
        ("100.01", False),
        ("-1", False),
    ],
)
def test_a_percentage_has_so_many_decimals_at_most(rate: str, *, good: bool) -> None:
    fields = loan(rate=rate)
    found = fields.percent("nominal_rate_pct", 100, 6, required=True)
    assert (found == Fraction(rate)) if good else (found is None)
    assert [item.reason for item in fields.violations] == ([] if good else ["OUT_OF_RANGE"])


def test_absent_fields_are_told_together_when_they_are_required() -> None:
    fields = loan()
    assert fields.amount("amount", 0, 1, required=False) is None
    assert not fields.violations
    for found in (
        fields.amount("amount", 0, 1, required=True),
        fields.number("months", 0, 1, str, required=True),
        fields.percent("nominal_rate_pct", 100, 6, required=True),
    ):
        assert found is None
    names = [item.field for item in fields.violations]
    assert names == ["terms.amount", "terms.months", "terms.nominal_rate_pct"]
    with pytest.raises(InvalidArgument) as refusal:
        fields.violations.whole(None)
    assert [item.field for item in refusal.value.violations] == names


def test_an_instant_that_no_calendar_holds_is_refused() -> None:
    request = decision_service_pb2.PurgeDecisionsRequest(end_time=Timestamp(seconds=10**12))
    fields = wire.Fields(request, "", Violations())
    assert fields.instant("end_time") is None
    assert [(item.field, item.reason) for item in fields.violations] == [("end_time", "NOT_IN_CALENDAR")]


def test_what_was_read_leaves_whole_or_not_at_all() -> None:
    violations = Violations()
    assert violations.whole(0) == 0
    with pytest.raises(TypeError, match="without a violation"):
        violations.whole(None)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)))  # noqa: DTZ001 - bounds of hypothesis
def test_an_instant_round_trip(naive: datetime) -> None:
    time = naive.replace(tzinfo=UTC)
    request = decision_service_pb2.PurgeDecisionsRequest(end_time=wire.timestamp(time))
    assert wire.Fields(request, "", Violations()).instant("end_time") == time
    assert (wire.timestamp(None), wire.date_pb(None)) == (None, None)
