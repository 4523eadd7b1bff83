"""What is told of a change, in French."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from services.bank_registry.registry.model import (
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Bounds,
    LocalConvention,
    Suspension,
)
from services.bank_registry.registry.narrative import narrate
from services.bank_registry.registry.territory import Scope, Territory
from services.kit.dates import Period

START, LATER, END = date(2024, 1, 1), date(2026, 6, 1), date(2027, 1, 1)
BANK = Bank("a", "Banque fictive", BankKind.CREDIT_INSTITUTION, "732829320")
AGREEMENT = Agreement("fcs", "FCS-1", Territory(Scope.DEPARTEMENTS, ("56",)), Period.ending(START, END))
CONVENTION = LocalConvention("cias", Period(START), "Service", ("1 rue",), "56800", "Ploërmel")
RECORD = BankRecord((BANK,), (AGREEMENT,), (CONVENTION,))


def told(before: BankRecord | None, after: BankRecord | None) -> list[str]:
    return [sentence.replace("\u00a0", " ").replace("\u202f", " ") for sentence in narrate(before, after)]


def test_nothing_is_told_of_what_does_not_change() -> None:
    assert told(RECORD, RECORD) == []


def test_an_entry_and_a_withdrawal() -> None:
    assert told(None, RECORD) == [
        "Prêteur « Banque fictive » : entrée au registre.",
        "Accord FCS-1 : entrée au registre, à partir du 1er janvier 2024, jusqu’au 31 décembre 2026.",
        "Convention cias : entrée au registre, à partir du 1er janvier 2024.",
    ]
    assert told(RECORD, replace(RECORD, agreements=())) == [
        "Accord FCS-1 : retrait du registre, où il n’aurait pas dû figurer."
    ]


def test_every_field_that_changes_from_a_day_on() -> None:
    first = replace(AGREEMENT, period=Period.ending(START, LATER))
    second = replace(
        AGREEMENT,
        period=Period.ending(LATER, END),
        manager="Bpifrance",
        territory=Territory(Scope.EPCI, ("200066777",)),
        envelope=500_000,
        amount=Bounds(30_000, 300_000),
        months=Bounds(None, 36),
        rate=Bounds(Decimal("1.5"), None),
        accepted_objects=("EMPLOI", "MOBILITE"),
        verified_on=LATER,
    )
    start = "à partir du 1er juin 2026, «"
    assert told(RECORD, replace(RECORD, agreements=(first, second))) == [
        f"Accord FCS-1 : territoire {start} départements 56 » devient « intercommunalités 200066777 ».",
        f"Accord FCS-1 : gestionnaire du fonds {start} rien » devient « Bpifrance ».",
        f"Accord FCS-1 : enveloppe {start} rien » devient « 5 000,00 € ».",
        f"Accord FCS-1 : montants acceptés {start} rien » devient "
        "« à partir de 300,00 € jusqu’à 3 000,00 € ».",
        f"Accord FCS-1 : durées acceptées (mois) {start} rien » devient « jusqu’à 36 ».",
        f"Accord FCS-1 : taux acceptés (%) {start} rien » devient « à partir de 1,5 ».",
        f"Accord FCS-1 : objets acceptés {start} rien » devient « EMPLOI, MOBILITE ».",
        f"Accord FCS-1 : dernière vérification {start} rien » devient « 1er juin 2026 ».",
    ]


def test_ends_and_suspensions() -> None:
    def suspended(*periods: Period) -> BankRecord:
        return replace(RECORD, banks=(replace(BANK, suspensions=tuple(map(Suspension, periods))),))

    week = Period.ending(date(2026, 12, 7), date(2026, 12, 14))
    open_ended = Period(date(2026, 12, 7))
    assert told(RECORD, suspended(week)) == ["Prêteur : suspension du 7 décembre 2026 au 13 décembre 2026."]
    assert told(suspended(open_ended), suspended(week)) == [
        "Prêteur : suspension levée à partir du 14 décembre 2026."
    ]
    assert told(suspended(week), suspended(open_ended)) == [
        "Prêteur : suspension à partir du 7 décembre 2026, jusqu’à nouvel ordre."
    ]
    assert told(suspended(week), RECORD) == ["Prêteur : suspension prévue du 7 décembre 2026 annulée."]
    ended = replace(RECORD, conventions=(replace(CONVENTION, period=Period.ending(START, END)),))
    assert told(RECORD, ended) == ["Convention cias : dernier jour le 31 décembre 2026."]
    assert told(ended, RECORD) == ["Convention cias : plus de dernier jour prévu."]
    moved = replace(RECORD, banks=(replace(BANK, period=Period(START)),))
    assert told(RECORD, moved) == ["Prêteur : premier jour le 1er janvier 2024."]


def test_a_change_of_days_alone_tells_no_terms() -> None:
    split = (
        replace(AGREEMENT, period=Period.ending(START, LATER)),
        replace(AGREEMENT, period=Period.ending(LATER, END)),
    )
    assert told(RECORD, replace(RECORD, agreements=split)) == []
