"""What a letter must not contradict, by template: its own dates, sums and bounds."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from services.documents.contract.dossier_json import CONTRACT, DATES, read_dossier
from services.documents.template.permission import all_checks
from services.kit.errors import InvalidArgument
from tests.documents_catalogue import plan
from tests.documents_support import DAY, example
from tests.documents_templates import profile, shipped

RATIO = {"name": "debt_ratio_pct", "label": "Taux d’endettement"}


def found(template: str, path: str, value: Any) -> dict[str, str]:
    """The violations of the complete example, once one field has another value."""
    data = example("complet")
    *parents, last = path.split(".")
    node: Any = data
    for name in parents:
        node = node[int(name)] if name.isdigit() else node[name]
    if last.isdigit():
        node[int(last)] = value
    else:
        node[last] = value
    return refused(template, data)


def refused(template: str, data: Any) -> dict[str, str]:
    """The violations of these data, for a template."""
    package = shipped(template)
    try:
        read_dossier(
            json.dumps(data).encode(),
            CONTRACT,
            package.requirement,
            all_checks(package, profile(), plan(template).names),
            DAY,
        )
    except InvalidArgument as error:
        return {violation.field: violation.reason for violation in error.violations}
    return {}


@pytest.mark.parametrize(
    ("template", "path", "value", "field", "reason"),
    [
        ("06-cloture-dossier", "correspondence.documents_deadline", "2026-11-23", "", "INCONSISTENT"),
        (
            "06-relance-pieces",
            "correspondence.documents_requested_on",
            "2026-11-24",
            "",
            "INCONSISTENT",
        ),
        ("07-rendez-vous", "appointment.date", "2026-11-22", "", "INCONSISTENT"),
        ("07-rendez-vous", "appointment.time", "25:00", "", "MALFORMED"),
        ("10-releve-commission", "committee.files", [], "", "TOO_FEW"),
        ("13-ajournement", "adjournment.deadline", "2026-11-22", "", "INCONSISTENT"),
        ("15-decision-banque", "bank_decision.decided_on", "2026-11-24", "", "INCONSISTENT"),
        ("18-convention-partenariat", "partnership.amount_max", "299.99", "", "OUT_OF_RANGE"),
        ("18-convention-partenariat", "partnership.months_max", 5, "", "OUT_OF_RANGE"),
        ("18-convention-partenariat", "partnership.end_date", "2026-12-31", "", "OUT_OF_RANGE"),
        ("19-suivi", "follow_up.period_end", "2026-02-04", "", "OUT_OF_RANGE"),
        ("19-suivi", "follow_up.period_end", "2026-11-24", "", "INCONSISTENT"),
        ("19-suivi", "follow_up.contacts.0.date", "2026-11-24", "follow_up.contacts[0].date", "INCONSISTENT"),
        ("19-suivi", "follow_up.instalments_paid", 7, "", "OUT_OF_RANGE"),
        ("20-incident", "incident.unpaid.0.amount", "71.07", "incident.total", "INCONSISTENT"),
        ("20-incident", "incident.reported_on", "2026-11-24", "", "INCONSISTENT"),
        ("23-explication-algorithme", "explanation.requested_on", "2026-11-24", "", "INCONSISTENT"),
    ],
)
def test_a_letter_never_contradicts_itself(
    template: str, path: str, value: Any, field: str, reason: str
) -> None:
    assert found(template, path, value)[f"data_json.{field or path}"] == reason


@pytest.mark.parametrize("day", ["2026-11-24", "2026-01-04"])
def test_a_loan_is_settled_neither_later_than_the_letter_nor_before_its_term(day: str) -> None:
    data = example("solde")
    data["settlement"]["settled_on"] = day
    assert refused("24-attestation-solde", data) == {"data_json.settlement.settled_on": "INCONSISTENT"}


@pytest.mark.parametrize(
    ("template", "path", "value", "field"),
    [
        ("03-budget-mensuel", "assessment.figures.0.amount", "9999.00", "assessment.figures[0].amount"),
        ("03-budget-mensuel", "assessment.figures.1.amount", "9999.00", "assessment.figures[1].amount"),
        ("03-budget-mensuel", "assessment.figures.1.rate_pct", "1.5", "assessment.figures[1]"),
        (
            "03-budget-mensuel",
            "assessment.figures.4",
            {"name": "debt_ratio_pct", "label": "Taux", "display": "8,91 %"},
            "assessment.figures[4].display",
        ),
        (
            "03-budget-mensuel",
            "assessment.figures.1",
            {"name": "living_remainder", "label": "Reste", "display": "assez"},
            "assessment.figures[1].display",
        ),
        ("03-budget-mensuel", "assessment.figures.4.rate_pct", "8.92", "assessment.figures[4].rate_pct"),
        (
            "03-budget-mensuel",
            "assessment.figures.4",
            {**RATIO, "amount": "8.91"},
            "assessment.figures[4].amount",
        ),
        ("16-tableau-amortissement", "loan.last_instalment", "71.06", "loan.last_instalment"),
        ("16-tableau-amortissement", "loan.total_interest", "58.25", "loan.total_interest"),
        ("09-evaluation-sociale", "opinion.outcome", "UNFAVORABLE", "opinion.difference"),
        (
            "11-presentation-banque",
            "opinion.summary_for_bank",
            "Elle suit un traitement contre la dépression.",
            "opinion.summary_for_bank",
        ),
    ],
)
def test_figures_and_opinions_that_disagree_are_refused(
    template: str, path: str, value: Any, field: str
) -> None:
    assert set(found(template, path, value)) == {f"data_json.{field}"}


BLOCKED = {"code": "AGE", "severity": "BLOCKING", "message": "La personne est mineure."}
DECISION, FOLLOW_UP, SETTLED = "15-decision-banque", "19-suivi", "24-attestation-solde"


@pytest.mark.parametrize(
    ("template", "path", "value", "field"),
    [
        ("03-budget-mensuel", "assessment.reasons", [BLOCKED], "assessment.outcome"),
        (
            "03-budget-mensuel",
            "assessment.reasons",
            [BLOCKED | {"severity": "MISSING"}],
            "assessment.outcome",
        ),
        ("03-budget-mensuel", "assessment.reasons", [], "assessment.outcome"),
        ("03-budget-mensuel", "assessment.outcome", "ELIGIBLE", "assessment.outcome"),
        ("01-dossier-demande", "work.0.since", "2026-11-24", "work[0].since"),
        ("01-dossier-demande", "housing.since", "2026-11-24", "housing.since"),
        ("01-dossier-demande", "household.persons", 1, "household.persons"),
        ("02-fiche-projet", "project.total_cost", "2499.99", "project.total_cost"),
        ("03-budget-mensuel", "loan.taeg_pct", "1.49", "loan.taeg_pct"),
        ("16-tableau-amortissement", "loan.nominal_rate_pct", "1.46", "loan.nominal_rate_pct"),
        ("16-tableau-amortissement", "loan.schedule.3.due_date", "2027-04-05", "loan.schedule"),
        ("16-tableau-amortissement", "loan.months", 37, "loan.schedule"),
        ("16-tableau-amortissement", "loan.total_credit_cost", "58.23", "loan.total_credit_cost"),
        ("12-attestation-accompagnement", "support.accepted", "UNKNOWN", "support.accepted"),
        ("17-convention-accompagnement", "support.accepted", "NO", "support.accepted"),
        ("17-convention-accompagnement", "bank_decision.outcome", "REFUSED", "bank_decision.outcome"),
        ("13-ajournement", "adjournment.next_committee_on", "2026-11-22", "adjournment.next_committee_on"),
        (DECISION, "bank_decision.offer.valid_until", "2026-11-22", "bank_decision.offer.valid_until"),
        (DECISION, "bank_decision.offer.first_due_date", "2026-01-05", "bank_decision.offer.first_due_date"),
        (DECISION, "bank_decision.offer.accepted_on", "2026-01-05", "bank_decision.offer.accepted_on"),
        (DECISION, "bank_decision.offer.total_paid", "2559.00", "bank_decision.offer.total_paid"),
        (FOLLOW_UP, "follow_up.instalments_due", 37, "follow_up.instalments_due"),
        (FOLLOW_UP, "follow_up.outstanding", "2500.01", "follow_up.outstanding"),
        ("20-incident", "incident.reported_on", "2026-10-04", "incident.unpaid[0].due_date"),
    ],
)
def test_what_a_document_says_twice_agrees(template: str, path: str, value: Any, field: str) -> None:
    assert f"data_json.{field}" in found(template, path, value)
    assert f"data_json.{field}" not in refused(template, example("complet"))


@pytest.mark.parametrize(
    ("path", "value"), [("total_paid", "2499.99"), ("interest_refund", {"amount": "58.25"})]
)
def test_a_loan_settled_gave_back_its_capital(path: str, value: Any) -> None:
    data = example("solde")
    assert refused(SETTLED, data) == {}
    if path == "interest_refund":
        data["settlement"][path] |= value
    else:
        data["settlement"][path] = value
    (field,) = refused(SETTLED, data)
    assert field.startswith(f"data_json.settlement.{path}")


def test_engines_that_disagree_leave_the_outcome_to_a_person() -> None:
    data = example("refus-budget")
    data["assessment"]["outcome"] = "NEEDS_REVIEW"
    assert "data_json.assessment.outcome" not in refused("03-budget-mensuel", data)


def test_what_is_left_to_live_on_comes_from_totals_that_are_known() -> None:
    data = example("complet")
    del data["budget"]["totals"]["debt_repayments"]
    assert refused("03-budget-mensuel", data) == {"data_json.budget.totals.debt_repayments": "REQUIRED"}


@pytest.mark.parametrize(
    ("one", "agrees"),
    [
        ({"label": "Taux", "name": "debt_ratio_pct", "display": "33,02 %"}, True),
        ({"label": "Taux", "name": "debt_ratio_pct", "display": "33,03 %"}, False),
        ({"label": "Taux", "name": "debt_ratio_pct", "display": "trop"}, False),
        ({"label": "TAUX D'ENDETTEMENT", "display": "33,0207 %"}, True),
        ({"label": "Reste à vivre après le prêt", "display": "−71,83 €"}, True),
        ({"label": "Reste à vivre après le prêt", "display": "71,83 €"}, False),
        ({"label": "Capital", "name": "amount", "display": "3 000,00 €"}, True),
        ({"label": "Commune de résidence", "display": "Vannes"}, True),
    ],
)
def test_a_reason_writes_the_values_that_were_computed(one: dict[str, str], agrees: bool) -> None:
    data = example("refus-budget")
    data["assessment"]["reasons"][0]["comparisons"] = [one]
    wrong = {"data_json.assessment.reasons[0].comparisons[0].display": "INCONSISTENT"}
    assert refused("14-refus-presentation", data) == ({} if agrees else wrong)


@pytest.mark.parametrize(
    ("path", "beyond"),
    [(path, -1) for path in CONTRACT.marked("x-past")] + [(path, 1) for path in CONTRACT.marked("x-ahead")],
)
def test_a_document_tells_nothing_out_of_time(path: str, beyond: int) -> None:
    """What is past is not later than the document, what is ahead is not earlier."""
    data: Any = DAY
    for step in reversed(path.split(".")):
        data = {step.removesuffix("[]"): [data] if step.endswith("[]") else data}
    names, out_of_time = set(re.findall(r"\w+", path)), DAY + timedelta(beyond)
    assert list(DATES.told(data, DAY, "data", names)) == []
    (wrong,) = DATES.told(data, out_of_time, "data", names)
    assert wrong.field == f"data.{path.replace('[]', '[0]')}"
    for name in names:
        assert list(DATES.told(data, out_of_time, "data", names - {name})) == []


def test_an_offer_is_open_or_accepted() -> None:
    data = example("offre-acceptee")
    assert refused("15-decision-banque", data) == {}
    offer = data["bank_decision"]["offer"]
    offer["valid_until"] = offer["accepted_on"]
    assert refused("15-decision-banque", data) == {}
    del offer["accepted_on"]
    assert refused("15-decision-banque", data) == {
        "data_json.bank_decision.offer.valid_until": "INCONSISTENT"
    }


def test_a_date_never_precedes_what_it_follows() -> None:
    data = example("complet")
    data["correspondence"]["documents_deadline"] = "2026-01-01"
    data["committee"]["next_on"] = "2026-01-01"
    assert set(refused("07-rendez-vous", data)) == {
        "data_json.correspondence.documents_deadline",
        "data_json.committee.next_on",
    }


def test_an_instalment_is_that_of_the_schedule() -> None:
    assert "data_json.loan.instalment" in found("16-tableau-amortissement", "loan.instalment", "71.07")


@pytest.mark.parametrize("template", ["01-dossier-demande-banque", "11-presentation-banque"])
@pytest.mark.parametrize("who", ["applicant", "co_applicant"])
@pytest.mark.parametrize("name", ["birth_date", "birth_place"])
def test_a_lender_is_told_who_borrows(template: str, who: str, name: str) -> None:
    data = example("complet")
    del data[who][name]
    assert refused(template, data) == {f"data_json.{who}.{name}": "REQUIRED"}
    assert refused("04-accuse-reception", data) == {}


def test_an_evaluation_is_never_empty() -> None:
    data = example("complet")
    data["opinion"] = {"outcome": "FAVORABLE", "summary_for_bank": "Le budget est tenu."}
    assert refused("09-evaluation-sociale", data) == {}
    data["opinion"] = {"outcome": "FAVORABLE", "strengths": ["Le budget est tenu."]}
    assert refused("09-evaluation-sociale", data) == {"data_json.opinion.evaluation": "REQUIRED"}


def test_another_letter_does_not_care() -> None:
    """The same data serve every document: a later fact does not stop an earlier letter."""
    assert found("04-accuse-reception", "incident.reported_on", "2027-01-12") == {}
    assert found("07-rendez-vous", "follow_up.contacts.0.date", "2030-01-05") == {}
