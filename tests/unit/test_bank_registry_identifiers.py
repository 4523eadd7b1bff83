"""Identifiers of institutions, right and wrong."""

from __future__ import annotations

import pytest

from services.bank_registry.registry import identifiers
from services.bank_registry.registry.geography import Geography
from services.bank_registry.registry.territory import Scope, unknown_place


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (identifiers.siren_problem, "732829320"),
        (identifiers.siren_problem, "200066777"),
        (identifiers.siret_problem, "73282932000074"),
        (identifiers.siret_problem, "35600000009075"),  # La Poste: not Luhn, a sum that is a multiple of 5
        (identifiers.siret_problem, "35600000000048"),  # La Poste: Luhn, as its head office
        (identifiers.cib_problem, "01234"),
        (identifiers.bic_problem, "FICTFRP0"),
        (identifiers.bic_problem, "FICTFRP0XXX"),
        (identifiers.bic_problem, "FICTREP0"),  # overseas
        (identifiers.lei_problem, "R0MUWSFPU8MPRO8K5P83"),
    ],
)
def test_a_right_identifier_has_no_problem(check: object, text: str) -> None:
    assert check(text) is None  # type: ignore[operator]


@pytest.mark.parametrize(
    ("check", "text", "said"),
    [
        (identifiers.siren_problem, "732829321", "La clé de contrôle du SIREN 732829321 est fausse"),
        (identifiers.siren_problem, "732 829 320", "doit compter neuf chiffres"),
        (identifiers.siret_problem, "73282932000075", "La clé de contrôle du SIRET"),
        (identifiers.siret_problem, "35600000009076", "La clé de contrôle du SIRET"),
        (identifiers.siret_problem, "7328293200007", "doit compter quatorze chiffres"),
        (identifiers.cib_problem, "1234", "cinq chiffres"),
        (identifiers.bic_problem, "DEUTDEFF", "Le BIC est d’un autre pays (DE)"),
        (identifiers.bic_problem, "FICTMCP0", "est d’un autre pays (MC)"),
        (identifiers.bic_problem, "fictfrp0", "s’écrit en capitales"),
        (identifiers.lei_problem, "R0MUWSFPU8MPRO8K5P84", "La clé de contrôle du LEI"),
    ],
)
def test_a_wrong_identifier_is_explained(check: object, text: str, said: str) -> None:
    assert said in check(text)  # type: ignore[operator]


@pytest.mark.parametrize("text", ["Mme Témoin-Zoé", "mariette", "MARTINDE", "0612345678", "06 12 34 56 78"])
def test_the_name_or_the_telephone_of_a_person_is_never_repeated(text: str) -> None:
    """Typed by mistake where a code is expected; a code that is wrong is quoted."""
    checks = ("siren", "siret", "cib", "bic", "lei")
    said = [str(getattr(identifiers, f"{name}_problem")(text)) for name in checks]
    said += [unknown_place(scope, text, Geography.load()) for scope in Scope if scope is not Scope.NATIONAL]
    assert [sentence for sentence in said if text.casefold() in sentence.casefold()] == []


def test_a_wrong_code_is_quoted() -> None:
    assert "« 1234 »" in (identifiers.cib_problem("1234") or "")
    assert "« 99 »" in unknown_place(Scope.DEPARTEMENTS, "99", Geography.load())


def test_a_code_of_another_bank_is_known() -> None:
    assert identifiers.other_holder("20041", "Banque fictive de l’Oust")
    assert identifiers.other_holder("20041", "La Banque Postale") is None
    assert identifiers.other_holder("99990", "Banque fictive de l’Oust") is None
