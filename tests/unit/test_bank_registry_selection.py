"""One lender or all of them against an application: every reason, territories, versions, ranking."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bank_registry.registry.geography import Geography
from services.bank_registry.registry.model import (
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Bounds,
    LoanRequest,
    LocalConvention,
    Suspension,
)
from services.bank_registry.registry.selection import BankCheck, check_bank, select
from services.bank_registry.registry.territory import Scope, Territory
from services.kit.dates import Period

GEOGRAPHY = Geography.load()
DAY = date(2026, 12, 1)
ONE_DAY = timedelta(days=1)
AGREEMENT = Agreement(
    "fcs",
    "FCS-1",
    Territory(Scope.DEPARTEMENTS, ("35", "56")),
    Period.ending(date(2024, 1, 1), date(2027, 1, 1)),
    verified_on=date(2026, 6, 1),
)


def asked(commune: str = "56165", amount: int = 150_000, months: int = 24, **more: object) -> LoanRequest:
    found = GEOGRAPHY.resolve(commune)
    assert found is not None
    return replace(LoanRequest(DAY, found, amount, months), **more)  # type: ignore[arg-type]


def bank(bank_id: str = "a", name: str = "Banque A", successor: str = "") -> Bank:
    return Bank(bank_id, name, BankKind.CREDIT_INSTITUTION, "732829320", successor=successor)


def check(*agreements: Agreement, request: LoanRequest | None = None, successor: str = "") -> BankCheck:
    return check_bank(
        BankRecord.of(bank(successor=successor), agreements), request or asked(), {}, GEOGRAPHY, 0
    )


def codes(found: BankCheck) -> list[str]:
    return [reason.code.value for reason in found.reasons]


def warnings(found: BankCheck) -> list[str]:
    return [warning.code.value for warning in found.warnings]


def test_every_reason_is_given_at_once_in_order_with_its_values() -> None:
    agreement = replace(
        AGREEMENT,
        territory=Territory(Scope.DEPARTEMENTS, ("35", "22")),
        period=Period.ending(date(2024, 1, 1), DAY),
        suspensions=(Suspension(Period(date(2026, 11, 1))),),
        envelope=5_000_000,
        committed=4_850_000,
        amount=Bounds(30_000, 100_000),
        months=Bounds(6, 18),
        rate=Bounds(Decimal("1"), Decimal("2")),
        accepted_objects=("EMPLOI", "LOGEMENT"),
    )
    request = asked(amount=150_001, rate=Decimal("2.001"), category="MOBILITE")
    assert [reason.message for reason in check(agreement, request=request).reasons] == [
        "L’accord FCS-1 s’est terminé le 30 novembre 2026.",
        "L’accord FCS-1 est suspendu depuis le 1er novembre 2026, jusqu’à nouvel ordre.",
        "Ploërmel (56165) est hors du territoire de l’accord FCS-1 "
        "(départements : Ille-et-Vilaine (35) et Côtes-d’Armor (22)).",
        "Le montant demandé (1 500,01 €) dépasse ce qui reste de l’enveloppe de l’accord FCS-1 (1 500,00 €).",
        "Le montant demandé (1 500,01 €) dépasse le maximum de l’accord FCS-1 (1 000,00 €).",
        "La durée demandée (24 mois) dépasse la durée maximale de l’accord FCS-1 (18 mois).",
        "Le taux demandé (2,001 %) dépasse le taux maximal de l’accord FCS-1 (2,00 %).",
        "L’objet demandé (MOBILITE) n’est pas de ceux de l’accord FCS-1 (EMPLOI et LOGEMENT).",
    ]


def test_the_least_values_are_said_too() -> None:
    agreement = replace(
        AGREEMENT,
        period=Period(DAY + ONE_DAY),
        amount=Bounds(30_000),
        months=Bounds(6),
        rate=Bounds(Decimal("1")),
    )
    request = asked(amount=29_999, months=5, rate=Decimal("0.99"))
    assert [reason.message for reason in check(agreement, request=request).reasons] == [
        "L’accord FCS-1 ne commence que le 2 décembre 2026.",
        "Le montant demandé (299,99 €) est inférieur au minimum de l’accord FCS-1 (300,00 €).",
        "La durée demandée (5 mois) est inférieure à la durée minimale de l’accord FCS-1 (6 mois).",
        "Le taux demandé (0,99 %) est inférieur au taux minimal de l’accord FCS-1 (1,00 %).",
    ]


@pytest.mark.parametrize(
    ("request_", "agreement"),
    [
        (asked(amount=30_000, months=6, rate=Decimal("1")), {}),
        (asked(amount=500_000, months=36, rate=Decimal("2.0")), {}),
        (asked(), {"envelope": 150_000, "committed": None}),
        (asked(), {"envelope": 150_001, "committed": 1}),
        (asked(category="EMPLOI"), {"accepted_objects": ("EMPLOI",)}),
        (asked(category=""), {"accepted_objects": ("EMPLOI",)}),
        (asked(rate=None), {"rate": Bounds(Decimal(5), Decimal(6))}),
    ],
)
def test_an_exact_bound_passes(request_: LoanRequest, agreement: dict[str, object]) -> None:
    bounded = replace(
        AGREEMENT,
        amount=Bounds(30_000, 500_000),
        months=Bounds(6, 36),
        rate=Bounds(Decimal(1), Decimal(2)),
    )
    found = check(replace(bounded, **agreement), request=request_)  # type: ignore[arg-type]
    assert found.selectable
    assert codes(found) == []


@given(
    start=st.integers(-3, 3),
    length=st.one_of(st.none(), st.integers(1, 5)),
    suspended=st.one_of(st.none(), st.integers(-3, 3)),
    suspension=st.one_of(st.none(), st.integers(1, 3)),
)
def test_dates_agree_with_lists_of_days(
    start: int, length: int | None, suspended: int | None, suspension: int | None
) -> None:
    """An oracle that enumerates days, the last one included, instead of comparing bounds."""

    def days(first: int, count: int | None) -> set[date]:
        return {DAY + ONE_DAY * offset for offset in range(first, first + (count or 50))}

    def period(first: int, count: int | None) -> Period:
        last = None if count is None else DAY + ONE_DAY * (first + count - 1)
        return Period(DAY + ONE_DAY * first, last)

    suspensions = () if suspended is None else (Suspension(period(suspended, suspension)),)
    agreement = replace(AGREEMENT, period=period(start, length), suspensions=suspensions)
    running = days(start, length)
    expected = []
    if min(running) > DAY:
        expected.append("AGREEMENT_NOT_STARTED")
    if max(running) < DAY:
        expected.append("AGREEMENT_ENDED")
    if suspended is not None and DAY in days(suspended, suspension):
        expected.append("AGREEMENT_SUSPENDED")
    assert codes(check(agreement)) == expected


@pytest.mark.parametrize(
    ("scope", "territory", "commune", "covered"),
    [
        (Scope.NATIONAL, (), "98818", True),
        (Scope.REGIONS, ("53",), "56165", True),
        (Scope.REGIONS, ("52", "94"), "56165", False),
        (Scope.DEPARTEMENTS, ("2A",), "2A004", True),
        (Scope.DEPARTEMENTS, ("2B",), "2A004", False),
        (Scope.DEPARTEMENTS, ("971",), "97105", True),
        (Scope.DEPARTEMENTS, ("972",), "97105", False),
        (Scope.EPCI, ("200066777",), "56165", True),
        (Scope.EPCI, ("200066777",), "56260", False),
        (Scope.COMMUNES, ("56165",), "56165", True),
        (Scope.COMMUNES, ("56260", "56138"), "56165", True),
        (Scope.COMMUNES, ("56165",), "56138", True),
        (Scope.COMMUNES, ("56260",), "56165", False),
    ],
)
def test_territories(scope: Scope, territory: tuple[str, ...], commune: str, covered: bool) -> None:
    agreement = replace(AGREEMENT, territory=Territory(scope, territory))
    expected = [] if covered else ["OUT_OF_TERRITORY"]
    assert codes(check(agreement, request=asked(commune))) == expected


def test_one_agreement_without_reason_is_enough() -> None:
    ended = replace(AGREEMENT, id="old", period=Period.ending(date(2020, 1, 1), date(2024, 1, 1)))
    found = check(AGREEMENT, ended)
    assert found.selectable
    assert codes(found) == []
    assert [[reason.code for reason in one.reasons] for one in found.agreements] == [[], ["AGREEMENT_ENDED"]]


def test_a_refused_lender_has_the_reasons_of_the_agreements_that_could_matter() -> None:
    small = replace(AGREEMENT, amount=Bounds(None, 100_000), verified_on=None)
    short = replace(small, id="short", reference="FCS-2", months=Bounds(None, 12))
    older = replace(
        small, id="older", reference="FCS-0", period=Period.ending(date(2018, 1, 1), date(2020, 1, 1))
    )
    ended = replace(small, id="old", period=Period.ending(date(2020, 1, 1), date(2024, 1, 1)))
    coming = replace(small, id="new", reference="FCS-3", period=Period(date(2030, 1, 1)))

    def told(*agreements: Agreement) -> list[str]:
        return [reason.message.partition(" (")[0] for reason in check(*agreements).reasons]

    assert told(small, short, ended, older, coming) == [
        "Le montant demandé",
        "Le montant demandé",
        "La durée demandée",
    ]
    assert codes(check(small, ended)) == ["AMOUNT_ABOVE_LENDER_MAX"]
    assert codes(check(ended, older, coming))[:2] == ["AGREEMENT_NOT_STARTED", "AGREEMENT_ENDED"]
    assert all("FCS-0" not in reason.message for reason in check(ended, older).reasons)
    assert warnings(check(ended)) == ["NO_LOCAL_CONVENTION"]
    assert len(check(small, short, ended).agreements) == 3


def test_no_agreement_at_all_is_a_reason() -> None:
    found = check()
    assert not found.selectable
    assert codes(found) == ["NO_AGREEMENT"]


@pytest.mark.parametrize(
    ("on_date", "expected"),
    [
        (date(2019, 12, 31), ["AGREEMENT_NOT_STARTED", "AMOUNT_ABOVE_LENDER_MAX"]),
        (date(2021, 12, 31), ["AMOUNT_ABOVE_LENDER_MAX"]),
        (date(2022, 6, 1), ["AGREEMENT_ENDED", "AMOUNT_ABOVE_LENDER_MAX"]),
        (date(2023, 1, 1), []),
        (date(2031, 1, 1), []),
    ],
)
def test_the_terms_of_the_day_are_judged(on_date: date, expected: list[str]) -> None:
    """Terms of 2020-2021, a gap in 2022, better terms since 2023."""
    first = replace(
        AGREEMENT, period=Period.ending(date(2020, 1, 1), date(2022, 1, 1)), amount=Bounds(None, 100_000)
    )
    second = replace(AGREEMENT, period=Period(date(2023, 1, 1)))
    found = check(first, second, request=asked(on_date=on_date))
    assert len(found.agreements) == 1
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("verified_on", "flagged"),
    [(date(2025, 12, 1), False), (date(2025, 11, 30), True), (None, True), (date(2027, 1, 1), False)],
)
def test_an_agreement_is_to_be_verified_within_12_months(verified_on: date | None, flagged: bool) -> None:
    found = check(replace(AGREEMENT, verified_on=verified_on))
    assert ("NOT_VERIFIED_RECENTLY" in warnings(found)) is flagged
    assert found.selectable


def test_the_verification_that_matters_is_that_of_the_agreements_that_can_be_used() -> None:
    stale = replace(AGREEMENT, id="old", amount=Bounds(None, 1), verified_on=None)
    assert "NOT_VERIFIED_RECENTLY" not in warnings(check(AGREEMENT, stale))
    assert "NOT_VERIFIED_RECENTLY" in warnings(check(stale))


def test_a_missing_convention_and_a_successor_are_warnings() -> None:
    assert warnings(check(AGREEMENT, successor="b")) == ["NO_LOCAL_CONVENTION", "SUCCEEDED_BY_ANOTHER_BANK"]


def test_the_best_lenders_come_first() -> None:
    def record(
        bank_id: str, name: str, rate: str | None, days: int | None = None, **more: object
    ) -> BankRecord:
        convention = LocalConvention(
            "cias", AGREEMENT.period, "Service", ("1 rue",), "56800", "Ploërmel", answer_days=days
        )
        agreement = replace(
            AGREEMENT,
            rate=Bounds(None, Decimal(rate) if rate else None),
            **more,  # type: ignore[arg-type]
        )
        conventions = () if bank_id.startswith("no") else (convention,)
        return BankRecord.of(bank(bank_id, name), (agreement,), conventions)

    records = [
        record("refused", "A", "1", 1, amount=Bounds(None, 1)),
        record("no-rate", "A", None),
        record("no-convention", "É", "1.5"),
        record("no-convention-2", "F", "1.50"),
        record("no-convention-3", "e", "1.5"),
        record("slow", "A", "1", 20),
        record("fast", "Z", "3", 10),
        record("fast-cheap", "Z", "2", 10),
        record("unknown-delay", "A", "1", None),
    ]
    found = select({record.bank.id: record for record in records}, asked(), GEOGRAPHY, 0)
    assert [check.bank.id for check in found] == [
        "fast-cheap",
        "fast",
        "slow",
        "unknown-delay",
        "no-convention",
        "no-convention-3",
        "no-convention-2",
        "no-rate",
        "refused",
    ]
