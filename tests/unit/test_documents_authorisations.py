"""What a person has allowed: who may be told, of what, until when; and who is told that data are given."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.contract.authorisations import Durations, Flow, uncovered
from services.documents.contract.dossier_json import CONTRACT, read_dossier
from services.documents.contract.lender_pieces import (
    INTERNAL,
    SERVICE_DOCUMENTS,
    Sent,
    authorised,
    data_recipients,
)
from services.documents.contract.schema import written
from services.documents.template.manifest import MANIFEST_FILE, Template, read_template
from services.documents.template.permission import all_checks, said_by_lender
from services.kit.dates import add_months
from services.kit.errors import InvalidArgument
from services.kit.findings import Findings
from tests.documents_catalogue import TEMPLATES, plan, sample
from tests.documents_support import DAY, DOCUMENTS, Json, example
from tests.documents_templates import profile, shipped, template

MONTHS = Durations(6, 48)
LENDER = "Banque Exemple de l’Ouest"
GIVEN = date(2026, 11, 1)
FOR_A_LENDER = {
    "01-dossier-demande-banque",
    "11-presentation-banque",
    "12-attestation-accompagnement",
    "17-convention-accompagnement",
}
OF_A_LENDER = {
    "15-decision-banque",
    "17-convention-accompagnement",
    "19-suivi",
    "20-incident",
    "24-attestation-solde",
}


def allowed(kind: str = "TO_LENDER", **changed: Any) -> Json:
    one = {"kind": kind, "lender": LENDER, "pieces": ["Fiche projet"], "given_on": GIVEN}
    return {name: value for name, value in (one | changed).items() if value is not None}


def told(
    *signed: Json, flow: Flow = Flow.TO_LENDER, day: date = DAY, sent: Sequence[str] = ("Fiche projet",)
) -> dict[str, str]:
    data = {"bank": {"name": LENDER}, "authorisations": signed}
    pieces = [Sent(label) for label in sent]
    return {found.field: found.reason for found in uncovered(data, flow, day, MONTHS, "data", pieces)}


def refused(template: str, data: Json) -> dict[str, str]:
    return told_of(shipped(template), plan(template).names, data)


def told_of(package: Template, names: Collection[str], data: Json) -> dict[str, str]:
    """What is refused to a template whose parts read these names."""
    checks = all_checks(package, profile(), names)
    try:
        read_dossier(json.dumps(data).encode(), CONTRACT, package.requirement, checks, DAY)
    except InvalidArgument as error:
        return {found.field: found.reason for found in error.violations}
    return {}


@pytest.mark.parametrize(
    ("one", "field", "reason"),
    [
        (allowed(), "", ""),
        (allowed(lender="BANQUE EXEMPLE DE L'OUEST"), "", ""),
        (allowed(lender="Autre banque"), "authorisations[0].lender", "INCONSISTENT"),
        (allowed(given_on=None), "authorisations[0].given_on", "REQUIRED"),
        (allowed(given_on=date(2026, 11, 24)), "authorisations[0].given_on", "INCONSISTENT"),
        (allowed(given_on=date(2026, 5, 23)), "", ""),
        (allowed(given_on=date(2026, 5, 22)), "authorisations[0].given_on", "INCONSISTENT"),
        (allowed(given_on=date(2024, 1, 10), valid_until=DAY), "", ""),
        (allowed(valid_until=date(2026, 11, 22)), "authorisations[0].valid_until", "INCONSISTENT"),
        (allowed(revoked_on=date(2026, 11, 24)), "", ""),
        (allowed(revoked_on=DAY), "authorisations[0].revoked_on", "INCONSISTENT"),
        (allowed(pieces=["Budget mensuel"]), "authorisations[0].pieces", "INCONSISTENT"),
        (allowed("FROM_LENDER"), "authorisations", "REQUIRED"),
    ],
)
def test_an_authorisation_covers_what_it_says(one: Json, field: str, reason: str) -> None:
    assert told(one) == ({f"data.{field}": reason} if field else {})


def test_one_that_covers_is_enough_and_the_nearest_tells_what_is_wrong() -> None:
    other, old = allowed(lender="Autre banque"), allowed(given_on=date(2024, 1, 10))
    assert told(other, old, allowed()) == {}
    assert told(other, old) == {"data.authorisations[1].given_on": "INCONSISTENT"}
    news = allowed("FROM_LENDER", given_on=date(2024, 1, 10))
    assert told(news, flow=Flow.FROM_LENDER, sent=()) == {}


@given(st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.integers(-800, 800))
def test_without_an_end_it_lasts_what_the_profile_says(given_on: date, days: int) -> None:
    day = date.fromordinal(given_on.toordinal() + days)
    holds = not told(allowed(given_on=given_on), day=day)
    assert holds == (given_on <= day <= add_months(given_on, MONTHS.to_lender))


def test_the_templates_that_ask_are_those_that_a_lender_reads_or_speaks_in() -> None:
    assert {name for name in TEMPLATES if shipped(name).to_lender} == FOR_A_LENDER
    assert {name for name in TEMPLATES if said_by_lender(plan(name).names)} == OF_A_LENDER


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        ({"settlement", "interest_refund", "amount"}, []),
        ({"settlement", "settled_on"}, ["settlement.settled_on"]),
        ({"terms", "withdrawal"}, ["bank_decision"]),
        ({"terms", "implicit_refusal"}, []),
        ({"follow_up", "contacts", "outstanding"}, ["follow_up.outstanding"]),
        ({"incident"}, ["incident"]),
    ],
)
def test_what_a_lender_said_is_found_in_what_a_template_reads(names: set[str], paths: list[str]) -> None:
    assert said_by_lender(names) == paths


def test_a_follow_up_without_news_of_the_lender_needs_no_authorisation() -> None:
    data = example("complet")
    del data["authorisations"]
    assert refused("19-suivi", data) == {"data_json.authorisations": "REQUIRED"}
    for name in ("instalments_due", "instalments_paid", "outstanding"):
        del data["follow_up"][name]
    assert refused("19-suivi", data) == {}


@pytest.mark.parametrize("template", sorted(FOR_A_LENDER | OF_A_LENDER))
def test_nothing_is_made_without_an_authorisation(template: str) -> None:
    data = sample(template, "complet")
    assert refused(template, data) == {}
    del data["authorisations"]
    assert refused(template, data) == {"data_json.authorisations": "REQUIRED"}
    data["lender_news"] = {"source": "APPLICANT"}
    assert (refused(template, data) == {}) == (template not in FOR_A_LENDER)


@pytest.mark.parametrize("template", sorted(FOR_A_LENDER))
@pytest.mark.parametrize(("part", "outcome"), [("opinion", "UNFAVORABLE"), ("assessment", "NOT_ELIGIBLE")])
def test_what_the_service_does_not_support_never_reaches_a_lender(
    template: str, part: str, outcome: str
) -> None:
    data = example("complet")
    data[part]["outcome"] = outcome
    assert f"data_json.{part}.outcome" in refused(template, data)


def test_an_authorisation_never_ends_before_it_is_given() -> None:
    data = example("complet")
    data["authorisations"][1] |= {"valid_until": "2026-11-18", "revoked_on": "2026-11-18"}
    assert refused("04-accuse-reception", data) == {
        "data_json.authorisations[1].valid_until": "INCONSISTENT",
        "data_json.authorisations[1].revoked_on": "INCONSISTENT",
    }


def test_the_annual_report_takes_aggregates_alone() -> None:
    data = example("rapport-annuel")
    assert refused("21-rapport-annuel", data) == {}
    data["case"] = example("complet")["case"]
    assert refused("21-rapport-annuel", data) == {"data_json.case": "UNKNOWN_FIELD"}


@pytest.mark.parametrize(
    ("template", "field"),
    [
        ("11-presentation-banque", "enclosures[0]"),
        ("01-dossier-demande-banque", "pieces[0]"),
        ("12-attestation-accompagnement", ""),
    ],
)
def test_a_paper_that_a_document_says_is_joined_is_on_the_signed_list(template: str, field: str) -> None:
    data = example("complet")
    for label in ("Relevé de la caisse", "Évaluation sociale"):
        data["enclosures"][0] = data["pieces"][0]["label"] = label
        assert refused(template, data) == ({f"data_json.{field}": "INCONSISTENT"} if field else {})
    data["authorisations"][0]["pieces"].append("Évaluation sociale")
    assert refused(template, data) == ({f"data_json.{field}": "INCONSISTENT"} if field else {})
    assert shipped("09-evaluation-sociale").title == INTERNAL


@pytest.mark.parametrize(
    ("place", "member"),
    [
        ("members[1]", {"organisation": LENDER}),
        ("members[1]", {"organisation": f"{LENDER}, agence de Vannes"}),
        ("members[1]", {"capacity": f"conseillère ({LENDER})"}),
        ("chair", {"capacity": f"directrice de {LENDER}"}),
        ("secretary", {"capacity": f"conseillère, {LENDER}"}),
    ],
)
def test_the_evaluation_is_not_given_to_the_lender_of_a_committee(place: str, member: Json) -> None:
    data = example("complet")
    assert refused("09-evaluation-sociale", data) == {}
    committee = data["committee"]
    seat = committee["members"][1] if place == "members[1]" else committee[place]
    seat |= member
    assert refused("09-evaluation-sociale", data) == {f"data_json.committee.{place}": "INCONSISTENT"}


@pytest.mark.parametrize("path", sorted(CONTRACT.marked("x-internal")))
@pytest.mark.parametrize("manifest", [{"recipient": "BANK"}, {"for_lender": True}])
def test_a_new_template_for_a_lender_tells_it_nothing_internal(path: str, manifest: Json) -> None:
    """Whatever its manifest lists: what its tags read is enough."""
    new = template(b"", title="Budget mensuel", **manifest)
    data, names = example("complet"), {"applicant", "loan", *path.split(".")}
    assert told_of(new, names, data) == {f"data_json.{path}": "INCONSISTENT"}
    assert told_of(new, {"applicant", "loan"}, data) == {}
    *parents, last = path.split(".")
    node = data
    for name in parents:
        node = node[name]
    del node[last]
    assert told_of(new, names, data) == {}


@pytest.mark.parametrize("manifest", [{"recipient": "BANK"}, {"for_lender": True}])
def test_a_new_template_for_a_lender_asks_for_the_authorisation(manifest: Json) -> None:
    new = template(b"", title="Pièce nouvelle", **manifest)
    data = example("complet")
    assert told_of(new, {"applicant"}, data) == {"data_json.authorisations[0].pieces": "INCONSISTENT"}
    data["authorisations"][0]["pieces"].append("Pièce nouvelle")
    assert told_of(new, {"applicant"}, data) == {}
    data["opinion"]["summary_for_bank"] = "Il est malade."
    assert told_of(new, {"opinion", "summary_for_bank"}, data) == {
        "data_json.opinion.summary_for_bank": "INCONSISTENT"
    }


def test_a_new_template_that_reads_the_social_report_is_not_for_a_committee_with_the_lender() -> None:
    data = example("complet")
    data["committee"]["members"][1]["organisation"] = LENDER
    for path in (path for path, kept in CONTRACT.marked("x-internal").items() if kept == "REPORT"):
        found = told_of(template(b""), set(path.split(".")), data)
        assert found == {"data_json.committee.members[1]": "INCONSISTENT"}
    assert told_of(template(b""), {"household", "members"}, data) == {}


def test_a_template_addressed_to_nobody_says_whether_it_is_for_a_lender() -> None:
    folder = DOCUMENTS / "templates" / "02-fiche-projet"
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    contents[MANIFEST_FILE] = contents[MANIFEST_FILE].replace(b"for_lender: false\n", b"")
    findings = Findings()
    assert read_template(contents, findings) is None
    (finding,) = findings.errors
    assert "for_lender" in str(finding)


def test_only_what_asks_for_the_authorisations_sees_the_data() -> None:
    """Every RPC and every command fills a document by the one function that asks; the gate tries examples."""
    users = {
        path.relative_to(DOCUMENTS).as_posix()
        for path in DOCUMENTS.rglob("*.py")
        if "make_context(" in path.read_text(encoding="utf-8")
    }
    assert users == {"making/generation.py", "template/context.py", "template/trial.py"}


def test_the_form_proposes_what_the_lender_would_receive() -> None:
    titles = {shipped(name).title for name in (*FOR_A_LENDER, "02-fiche-projet", "03-budget-mensuel")}
    assert titles | {shipped("16-tableau-amortissement").title} == set(SERVICE_DOCUMENTS)
    data = CONTRACT.typed(example("complet"))
    signed = authorised(data)
    assert signed["pieces"] == data["authorisations"][0]["pieces"]
    assert signed["to_lender_given_on"] == date(2026, 11, 19)
    to_sign = authorised(data | {"authorisations": []})
    assert to_sign == {"pieces": signed["pieces"]}
    allowed_by_it = allowed(pieces=to_sign["pieces"], given_on=DAY)
    assert refused("11-presentation-banque", written(data | {"authorisations": [allowed_by_it]})) == {}


def test_who_receives_the_data_follows_who_takes_part() -> None:
    data = CONTRACT.typed(example("extreme"))
    who = " ".join(data_recipients(data, for_lender=False))
    for words in ("commission", data["referral_source"]["name"], "L.\u00a0114-2", data["bank"]["name"]):
        assert words in who
    (lender,) = data_recipients(data, for_lender=True)
    assert data["bank"]["name"] in lender
    (nobody_yet,) = data_recipients({}, for_lender=False)
    assert nobody_yet.startswith("l’établissement prêteur")
