"""The JSON file of a registry keeper: every error at once, with its path and a French sentence."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from services.bank_registry.files.plan import ImportPlan, make_plan
from services.bank_registry.files.reading import read_whole
from services.bank_registry.registry.geography import Geography
from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import BankRecord, Bounds
from services.kit.tables import UnreadableFile
from tests.bank_registry_support import agreement, bank
from tests.support import ROOT

GEOGRAPHY = Geography.load()
TODAY = date(2026, 11, 25)
CONVENTION = {
    "start": "2024-01-01",
    "contact_name": "Service",
    "address_lines": ["1 rue de l’Exemple"],
    "postal_code": "56800",
    "city": "Ploërmel",
}


def plan(*banks: object, known: Records | None = None) -> ImportPlan:
    data = json.dumps({"format": "registre-preteurs/1", "banks": banks}).encode()
    return make_plan(read_whole(data, GEOGRAPHY), known or {}, TODAY, complete=False)


def problems(*banks: object, known: Records | None = None) -> dict[str, str]:
    return {found.place.column: found.code for found in plan(*banks, known=known).refusals}


def records(*banks: object) -> dict[str, BankRecord]:
    return {outcome.after.bank.id: outcome.after for outcome in plan(*banks).outcomes}


def test_the_sample_has_nothing_wrong() -> None:
    sample = ROOT / "services/bank_registry/samples/preteurs-fictifs.json"
    found = read_whole(sample.read_bytes(), GEOGRAPHY)
    assert found.refusals == found.warnings == []
    assert len(found.entries) >= 6
    assert all("fictif" in bank_id or "fictive" in bank_id for bank_id in found.entries)


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
        "banks[0].id": "MALFORMED",
        "banks[0].name": "NOT_PRINTABLE",
        "banks[0].kind": "UNKNOWN_VALUE",
        "banks[0].siren": "MALFORMED",
        "banks[0].cib": "MALFORMED",
        "banks[0].bic": "MALFORMED",
        "banks[0].lei": "MALFORMED",
        "banks[0].adresse": "UNKNOWN_FIELD",
        f"{a}.reference": "REQUIRED",
        f"{a}.territories[1]": "DUPLICATE",
        f"{a}.territories[2]": "UNKNOWN_PLACE",
        f"{a}.territories[3]": "UNKNOWN_PLACE",
        f"{a}.territories[4]": "WRONG_TYPE",
        f"{a}.end": "BOUNDS_REVERSED",
        f"{a}.suspensions[0].start": "NOT_IN_CALENDAR",
        f"{a}.suspensions[1].start": "MALFORMED",
        f"{a}.suspensions[2].start": "OUT_OF_RANGE",
        f"{a}.suspensions[3]": "WRONG_TYPE",
        f"{a}.guarantee_share_pct": "OUT_OF_RANGE",
        f"{a}.envelope": "MALFORMED",
        f"{a}.committed": "MALFORMED",
        f"{a}.amount_max": "OUT_OF_RANGE",
        f"{a}.months_min": "OUT_OF_RANGE",
        f"{a}.months_max": "OUT_OF_RANGE",
        f"{a}.rate_min_pct": "MALFORMED",
        f"{a}.rate_max_pct": "MALFORMED",
        f"{a}.accepted_objects[0]": "MALFORMED",
        f"{a}.accepted_objects[2]": "DUPLICATE",
        f"{a}.vérified_on": "UNKNOWN_FIELD",
        "banks[0].agreements[1]": "WRONG_TYPE",
        "banks[0].local_conventions[0].address_lines": "TOO_MANY",
        "banks[0].local_conventions[0].postal_code": "MALFORMED",
        "banks[0].local_conventions[0].email": "MALFORMED",
    }


def test_sentences_suggest_what_was_meant() -> None:
    wrong = agreement(scope="COMMUNES", territories=["56800", "2a004"], startt="2024-01-01")
    said = {
        found.place.column.rpartition(".")[2]: found.message for found in plan(bank("a", 1, wrong)).refusals
    }
    assert "56165 (Ploërmel)" in said["territories[0]"]
    assert "2A004 (Ajaccio)" in said["territories[1]"]
    assert "« start »" in said["startt"]


def test_identifiers_are_unique_and_successors_exist() -> None:
    known = records(bank("known", 1, cib="99990"), bank("b", 2))
    assert problems(
        bank("new", 1, cib="99990", successor="knwon"),
        bank("b", 3),
        bank("b", 4),
        bank("c", 5, lei="FICT00OUST00BANQUE64"),
        bank("d", 6, lei="FICT00OUST00BANQUE64", successor="e"),
        bank("e", 7, successor="d"),
        known=known,
    ) == {
        "banks[0].siren": "DUPLICATE",
        "banks[0].cib": "DUPLICATE",
        "banks[0].successor": "UNKNOWN_RESOURCE",
        "banks[2].id": "DUPLICATE",
        "banks[4].lei": "DUPLICATE",
        "banks[4].successor": "INCONSISTENT",
        "banks[5].successor": "INCONSISTENT",
    }


def test_a_refused_lender_takes_with_it_those_that_need_it() -> None:
    """Two SIREN are swapped and a successor is new: a refused line refuses what relied on it."""
    known = records(bank("a", 1), bank("b", 2), bank("c", 3))
    found = plan(
        bank("a", 2, bic="?"),
        bank("b", 1),
        bank("new", 4, bic="?"),
        bank("c", 3, successor="new"),
        known=known,
    )
    assert {finding.bank: finding.code for finding in found.refusals} == {
        "a": "MALFORMED",
        "b": "DUPLICATE",
        "new": "MALFORMED",
        "c": "UNKNOWN_RESOURCE",
    }
    assert (found.outcomes, found.refused) == ((), 4)


def test_a_successor_keeps_the_cib_of_the_absorbed_lender() -> None:
    assert problems(bank("a", 1, cib="99990", successor="b"), bank("b", 2, cib="99990")) == {}


def test_a_lender_may_change_its_identifiers() -> None:
    known = records(bank("a", 1), bank("b", 2))
    assert problems(bank("a", 2), bank("b", 1), known=known) == {}


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (bank("a", 1, agreement(), agreement(start="2026-12-31", end=None)), "agreements[1].start"),
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
            "local_conventions[1].start",
        ),
    ],
)
def test_periods_that_overlap_are_refused(entry: dict[str, Any], path: str) -> None:
    assert problems(entry) == {f"banks[0].{path}": "OVERLAP"}


def test_suspensions_belong_to_the_whole_agreement() -> None:
    march = {"start": "2026-03-01", "end": "2026-03-31"}
    later = agreement(start="2027-01-01", end=None, suspensions=[march])
    record = records(bank("a", 1, agreement(), later))["a"]
    assert [len(found.suspensions) for found in record.agreements] == [1, 1]
    other = agreement(suspensions=[{"start": "2026-03-15"}])
    assert problems(bank("a", 1, other, later)) == {"banks[0].agreements[1].suspensions": "OVERLAP"}


def test_terms_that_follow_one_another_are_accepted() -> None:
    later = agreement(start="2027-01-01", end=None, months_max=36)
    record = records(bank("a", 1, later, agreement()))["a"]
    assert [found.months for found in record.agreements] == [Bounds(), Bounds(None, 36)]
    assert record.agreements[0].period.end == record.agreements[1].period.first


def test_what_deserves_a_look_does_not_forbid_the_import() -> None:
    odd = agreement(scope="NATIONAL", territories=["56"], envelope="100.00", committed="100.01")
    found = plan(
        bank("a", 1, odd, cib="30004"), bank("b", 2, cib="13807", name="Banque Populaire Grand Ouest")
    )
    assert found.refusals == ()
    assert {warning.place.column: warning.code for warning in found.warnings} == {
        "banks[0].agreements[0].committed": "COMMITTED_ABOVE_ENVELOPE",
        "banks[0].agreements[0].territories": "CODES_WITHOUT_EFFECT",
        "banks[0].cib": "CIB_OF_ANOTHER_BANK",
    }


def test_names_are_kept_in_composed_form() -> None:
    assert records(bank("a", 1, name="  Cre\u0301dit de l’Œuvre "))["a"].bank.name == "Crédit de l’Œuvre"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"{", "n’est pas du JSON valide (ligne 1, colonne 2)"),
        ('{"name": "é"}'.encode("cp1252"), "UTF-8"),
        (b"[]", "un objet"),
        (b"\xef\xbb\xbf{}", "« format »"),
        (b'{"format": "2", "banks": {}}', "« format »"),
        (b'{"format": "registre-preteurs/1", "banks": {}}', "une liste"),
        (b'{"format": "registre-preteurs/1", "banks": [], "bank": 1}', "un autre champ"),
        (b'{"a": 1, "a": 2}', "deux fois"),
        (b'{"a": NaN}', "n’est pas un nombre"),
        (b'{"a": ' + b"9" * 5000 + b"}", "démesurés"),
        (b'{"a": ' + b"[" * 200_000, "démesurés"),
    ],
)
def test_what_is_not_a_json_object_is_said_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence.replace("(", r"\(").replace(")", r"\)")):
        read_whole(data, GEOGRAPHY)


def test_json_lines_are_refused_one_by_one() -> None:
    lines = [
        json.dumps(bank("a", 1)),
        "{",
        json.dumps(bank("b", 2, bic="?")),
        "[]",
        "",
        json.dumps(bank("c", 3)),
    ]
    found = read_whole("\n".join(lines).encode(), GEOGRAPHY)
    assert set(found.entries) == {"a", "c"}
    assert [(str(one.place), one.code) for one in found.refusals] == [
        ("ligne 2", "NOT_JSON"),
        ("ligne 4", "NOT_JSON"),
        ("ligne 3, colonne « bic »", "MALFORMED"),
    ]


@pytest.mark.parametrize("spelled", ["50", "50.0", "50.00"])
def test_one_number_has_one_spelling_in_the_registry(spelled: str) -> None:
    given = bank("une", 1, agreement(guarantee_share_pct=spelled))
    known = records(given)
    assert str(known["une"].agreements[0].guarantee_share) == "50"
    assert not plan(bank("une", 1, agreement(guarantee_share_pct="50")), known=known).outcomes
