"""Which pieces make a dossier: by situation, by day, by reader."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from services.documents.contract.authorisations import Durations
from services.documents.contract.dossier_json import CONTRACT
from services.documents.contract.values import Code
from services.documents.dossier.selection import Purpose, enclosures, not_allowed, obstacles, select
from tests.documents_catalogue import EXAMPLES, TEMPLATES
from tests.documents_support import DAY, example
from tests.documents_templates import shipped

Data = dict[str, Any]
MONTHS = Durations(6, 48)
INTERNAL = {"09-evaluation-sociale", "01-dossier-demande", "10-releve-commission"}


def typed(name: str) -> Data:
    data: Data = CONTRACT.typed(example(name))
    return data


def request(*absent: str, **changed: Any) -> Data:
    """A request on its way: nothing after the opinion."""
    later = {"adjournment", "bank_decision", "follow_up", "incident", "explanation", "settlement"}
    data = {name: part for name, part in typed("complet").items() if name not in {*later, *absent}}
    return data | changed


def chosen(data: Data, purpose: Purpose, day: date = DAY) -> list[str]:
    return [piece.template_id for piece in select(data, purpose, day, MONTHS)]


def forbidden(data: Data) -> dict[str, str]:
    return {found.field: found.reason for found in obstacles(data, Purpose.BANK, "data_json")}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("purpose", Purpose)
def test_every_piece_has_what_its_template_requires(name: str, purpose: Purpose) -> None:
    raw = example(name)
    for piece in select(CONTRACT.typed(raw), purpose, DAY, MONTHS):
        assert piece.template_id in TEMPLATES
        assert list(shipped(piece.template_id).requirement.violations(raw, "data_json")) == []
        assert re.fullmatch(r"[A-ZÉL].*\.", piece.because)


def test_the_file_of_the_service_holds_everything_but_letters() -> None:
    assert chosen(request(), Purpose.FILE) == [
        "01-dossier-demande",
        "02-fiche-projet",
        "03-budget-mensuel",
        "16-tableau-amortissement",
        "09-evaluation-sociale",
        "12-attestation-accompagnement",
        "11-presentation-banque",
    ]
    assert "08-autorisation-transmission" in chosen(request("authorisations"), Purpose.FILE)
    assert "11-presentation-banque" not in chosen(request("authorisations"), Purpose.FILE)


def test_the_lender_receives_only_what_may_leave() -> None:
    assert chosen(request(), Purpose.BANK) == [
        "11-presentation-banque",
        "01-dossier-demande-banque",
        "02-fiche-projet",
        "03-budget-mensuel",
        "16-tableau-amortissement",
        "12-attestation-accompagnement",
    ]
    for name in EXAMPLES:
        assert not INTERNAL & set(chosen(typed(name), Purpose.BANK))


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        (
            request(opinion={"outcome": Code("UNFAVORABLE", "défavorable")}),
            "opinion.outcome",
            "INCONSISTENT",
        ),
        (request("bank"), "bank", "REQUIRED"),
        (request(enclosures=[]), "enclosures", "REQUIRED"),
    ],
)
def test_what_forbids_a_dossier_for_the_lender(data: Data, field: str, reason: str) -> None:
    assert forbidden(data) == {f"data_json.{field}": reason}
    assert chosen(data, Purpose.BANK) == []


def test_letters_follow_the_situation() -> None:
    first = request("correspondence", "appointment")
    assert chosen(first, Purpose.APPLICANT)[:2] == ["04-accuse-reception", "05-demande-pieces"]
    asked = request("appointment")
    assert chosen(asked, Purpose.APPLICANT)[0] == "06-relance-pieces"
    late = request("appointment", "deadlines")
    assert chosen(late, Purpose.APPLICANT)[0] == "06-cloture-dossier"
    refused = typed("refus-budget")
    assert chosen(refused, Purpose.APPLICANT) == ["04-accuse-reception", "14-refus-presentation"]
    assert chosen(refused, Purpose.BANK) == []


def test_an_answer_of_the_lender_ends_the_request() -> None:
    answer = typed("complet")["bank_decision"]
    data = request("appointment", "correspondence", bank_decision=answer)
    assert chosen(data, Purpose.APPLICANT) == ["15-decision-banque", "17-convention-accompagnement"]
    before = answer["decided_on"].replace(day=19)
    assert "15-decision-banque" not in chosen(data, Purpose.APPLICANT, before)
    late = date(2026, 12, 9)  # the offer is over
    assert chosen(data, Purpose.APPLICANT, late) == ["17-convention-accompagnement"]
    data["bank_decision"]["offer"]["accepted_on"] = date(2026, 12, 1)
    assert "15-decision-banque" in chosen(data, Purpose.APPLICANT, late)
    data["support"]["accepted"] = "UNKNOWN"
    assert "17-convention-accompagnement" not in chosen(data, Purpose.APPLICANT, late)
    paid = typed("bilan-final")
    assert chosen(paid, Purpose.APPLICANT) == ["24-attestation-solde"]


def test_all_that_a_dossier_joins_for_the_lender_is_allowed() -> None:
    data = request()
    titles = ["Fiche projet", "Budget mensuel"]

    def lacking(data: Data) -> list[str]:
        return [found.field for found in not_allowed(data, Purpose.BANK, DAY, MONTHS, titles, "data_json")]

    assert lacking(data) == []
    allowed = data["authorisations"][0]
    known = {"Budget mensuel", "Dossier de demande signé", "Pièce d’identité"}
    less = allowed | {"pieces": [piece for piece in allowed["pieces"] if piece not in known]}
    assert lacking(data | {"authorisations": [less]}) == [
        "data_json.authorisations[0].pieces",
        "data_json.enclosures[0]",
        "data_json.pieces[0]",
    ]


def test_papers_are_listed_once_and_a_quote_of_care_stays() -> None:
    data = request()
    listed = enclosures(["Budget mensuel"], data)
    assert listed[0] == "Dossier de demande signé"
    assert "Budget mensuel" not in listed
    assert listed.count("Pièce d’identité") == 1
    assert "Devis d’assurance du véhicule" in listed
    assert "Trois derniers relevés de compte bancaire" not in listed
    care = data | {"project": {**data["project"], "category": "SANTE"}}
    assert "Devis d’assurance du véhicule" not in enclosures([], care)
