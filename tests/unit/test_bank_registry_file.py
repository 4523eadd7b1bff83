"""The JSON file of a registry keeper: every error at once, with its path and a French sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.bank_registry.importers.document import Reading, UnreadableFile, read
from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import Bounds
from services.kit.geography import Geography
from tests.bank_registry_support import agreement, bank
from tests.support import ROOT

GEOGRAPHY = Geography.load()
CONVENTION = {
    "start": "2024-01-01",
    "contact_name": "Service",
    "address_lines": ["1 rue de l’Exemple"],
    "postal_code": "56800",
    "city": "Ploërmel",
}


def reading(*banks: object, known: Records | None = None) -> Reading:
    data = json.dumps({"format": "registre-preteurs/1", "banks": banks}).encode()
    return read(data, known or {}, GEOGRAPHY)


def problems(*banks: object, known: Records | None = None) -> dict[str, str]:
    return {problem.field: problem.reason for problem in reading(*banks, known=known).problems}


def test_the_sample_has_nothing_wrong() -> None:
    sample = ROOT / "services/bank_registry/samples/preteurs-fictifs.json"
    found = read(sample.read_bytes(), {}, GEOGRAPHY)
    assert list(found.problems) == list(found.advice) == []
    assert len(found.records) >= 6
    assert all("fictif" in record.bank.id or "fictive" in record.bank.id for record in found.records)


def test_everything_wrong_is_said_at_once() -> None:
    wrong = {
        "id": "Banque de l’Oust",
        "name": "Banque\u202e",
        "kind": "BANQUE",
        "siren": "123456789",
        "cib": "1234",
        "bic": "bankfrpp",
        "lei": "FICT00OUST00BANQUE65",
        "successor": "inconnue",
        "adresse": "Ploërmel",
        "agreements": [
            agreement(
                reference="",
                scope="COMMUNES",
                territories=["56165", "56165", "56800", "2a004", 56],
                start="2027-01-01",
                end="2026-12-31",
                suspensions=[{"start": "2026-02-30"}, {"start": "31/12/2026"}, {"start": "9999-12-31"}, 3],
                guarantee_share_pct="101",
                envelope=50000.0,
                committed="1 000",
                amount_min="300.00",
                amount_max="299.99",
                months_min=0,
                months_max=True,
                rate_min_pct="1,5",
                rate_max_pct="1e1",
                accepted_objects=["mobilité", "EMPLOI", "EMPLOI"],
                vérified_on="2026-01-01",
            ),
            "fcs",
        ],
        "local_conventions": [{**CONVENTION, "address_lines": [], "postal_code": "5680", "email": "a@b"}],
    }
    found = problems(wrong)
    a = "banks[0].agreements[0]"
    assert found == {
        "banks[0].id": "ID_MALFORMED",
        "banks[0].name": "TEXT_INVISIBLE",
        "banks[0].kind": "UNKNOWN_VALUE",
        "banks[0].siren": "SIREN_INVALID",
        "banks[0].cib": "CIB_INVALID",
        "banks[0].bic": "BIC_INVALID",
        "banks[0].lei": "LEI_INVALID",
        "banks[0].adresse": "UNKNOWN_FIELD",
        f"{a}.reference": "REQUIRED",
        f"{a}.territories[1]": "DUPLICATE",
        f"{a}.territories[2]": "UNKNOWN_PLACE",
        f"{a}.territories[3]": "UNKNOWN_PLACE",
        f"{a}.territories[4]": "TEXT_EXPECTED",
        f"{a}.end": "END_BEFORE_START",
        f"{a}.suspensions[0].start": "DATE_IMPOSSIBLE",
        f"{a}.suspensions[1].start": "DATE_MALFORMED",
        f"{a}.suspensions[2].start": "DATE_OUT_OF_RANGE",
        f"{a}.suspensions[3]": "OBJECT_EXPECTED",
        f"{a}.guarantee_share_pct": "PERCENT_OUT_OF_RANGE",
        f"{a}.envelope": "MONEY_MALFORMED",
        f"{a}.committed": "MONEY_MALFORMED",
        f"{a}.amount_max": "BELOW_MINIMUM",
        f"{a}.months_min": "INTEGER_OUT_OF_RANGE",
        f"{a}.months_max": "INTEGER_OUT_OF_RANGE",
        f"{a}.rate_min_pct": "PERCENT_MALFORMED",
        f"{a}.rate_max_pct": "PERCENT_MALFORMED",
        f"{a}.accepted_objects[0]": "CODE_MALFORMED",
        f"{a}.accepted_objects[2]": "DUPLICATE",
        f"{a}.vérified_on": "UNKNOWN_FIELD",
        "banks[0].agreements[1]": "OBJECT_EXPECTED",
        "banks[0].local_conventions[0].address_lines": "LINE_COUNT",
        "banks[0].local_conventions[0].postal_code": "POSTAL_CODE_MALFORMED",
        "banks[0].local_conventions[0].email": "EMAIL_MALFORMED",
    }


def test_sentences_suggest_what_was_meant() -> None:
    wrong = agreement(scope="COMMUNES", territories=["56800", "2a004"], startt="2024-01-01")
    said = {
        problem.field.rpartition(".")[2]: problem.description
        for problem in reading(bank("a", 1, wrong)).problems
    }
    assert "56165 (Ploërmel)" in said["territories[0]"]
    assert "« 2A004 »" in said["territories[1]"]
    assert "« start »" in said["startt"]


def test_identifiers_are_unique_and_successors_exist() -> None:
    known = {
        record.bank.id: record for record in reading(bank("known", 1, cib="99990"), bank("b", 2)).records
    }
    assert problems(
        bank("new", 1, cib="99990", successor="knwon"),
        bank("b", 3),
        bank("b", 4),
        bank("c", 4, lei="FICT00OUST00BANQUE64"),
        bank("d", 5, lei="FICT00OUST00BANQUE64", successor="e"),
        bank("e", 6, successor="d"),
        known=known,
    ) == {
        "banks[0].siren": "DUPLICATE",
        "banks[0].cib": "DUPLICATE",
        "banks[0].successor": "UNKNOWN_BANK",
        "banks[2].id": "DUPLICATE",
        "banks[3].siren": "DUPLICATE",
        "banks[4].lei": "DUPLICATE",
        "banks[4].successor": "CIRCULAR",
        "banks[5].successor": "CIRCULAR",
    }


def test_a_successor_keeps_the_cib_of_the_absorbed_lender() -> None:
    assert problems(bank("a", 1, cib="99990", successor="b"), bank("b", 2, cib="99990")) == {}


def test_a_lender_may_change_its_identifiers() -> None:
    known = {record.bank.id: record for record in reading(bank("a", 1), bank("b", 2)).records}
    assert problems(bank("a", 2), bank("b", 1), known=known) == {}


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (bank("a", 1, agreement(), agreement(start="2026-12-31", end=None)), "agreements"),
        (
            bank(
                "a",
                1,
                agreement(
                    suspensions=[{"start": "2026-01-01"}, {"start": "2025-01-01", "end": "2026-01-01"}]
                ),
            ),
            "agreements[0].suspensions",
        ),
        (
            bank("a", 1, local_conventions=[CONVENTION, {**CONVENTION, "start": "2030-01-01"}]),
            "local_conventions",
        ),
    ],
)
def test_periods_that_overlap_are_refused(entry: dict[str, Any], path: str) -> None:
    assert problems(entry) == {f"banks[0].{path}": "OVERLAP"}


def test_terms_that_follow_one_another_are_accepted() -> None:
    later = agreement(start="2027-01-01", end=None, months_max=36)
    (record,) = reading(bank("a", 1, later, agreement())).records
    assert [found.months for found in record.agreements] == [Bounds(), Bounds(None, 36)]
    assert record.agreements[0].period.end == record.agreements[1].period.start


def test_what_deserves_a_look_does_not_forbid_the_import() -> None:
    odd = agreement(scope="NATIONAL", territories=["56"], envelope="100.00", committed="100.01")
    found = reading(
        bank("a", 1, odd, cib="30004"), bank("b", 2, cib="13807", name="Banque Populaire Grand Ouest")
    )
    assert list(found.problems) == []
    assert {advice.field: advice.reason for advice in found.advice} == {
        "banks[0].agreements[0].committed": "COMMITTED_ABOVE_ENVELOPE",
        "banks[0].agreements[0].territories": "CODES_WITHOUT_EFFECT",
        "banks[0].cib": "CIB_OF_ANOTHER_BANK",
    }


def test_names_are_kept_in_composed_form() -> None:
    (record,) = reading(bank("a", 1, name="  Cre\u0301dit de l’Œuvre ")).records
    assert record.bank.name == "Crédit de l’Œuvre"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"{", "n’est pas du JSON valide (ligne 1, colonne 2)"),
        ("{}".encode("utf-16"), "UTF-8"),
        ('{"name": "é"}'.encode("cp1252"), "UTF-8"),
        (b"[]", "un objet"),
        (b'{"a": 1, "a": 2}', "deux fois"),
        (b'{"a": NaN}', "n’est pas un nombre"),
        (b'{"a": ' + b"9" * 5000 + b"}", "démesurés"),
        (b'{"a": ' + b"[" * 200_000, "démesurés"),
    ],
)
def test_what_is_not_a_json_object_is_said_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence.replace("(", r"\(").replace(")", r"\)")):
        read(data, {}, GEOGRAPHY)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbf{}", {"format": "REQUIRED"}),
        (b'{"format": "2", "banks": {}}', {"format": "UNKNOWN_FORMAT", "banks": "LIST_EXPECTED"}),
        (
            b'{"format": 1, "banks": [[]], "bank": 1}',
            {"format": "TEXT_EXPECTED", "banks[0]": "OBJECT_EXPECTED", "bank": "UNKNOWN_FIELD"},
        ),
    ],
)
def test_the_outermost_object_is_checked_too(data: bytes, expected: dict[str, str]) -> None:
    found = {problem.field: problem.reason for problem in read(data, {}, GEOGRAPHY).problems}
    assert found == expected
