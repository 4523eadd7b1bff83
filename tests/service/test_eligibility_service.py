"""The eligibility service through a running server: the règlement's cases, its boundaries, wrong input,
batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import grpc
import pytest

from microcredit.eligibility.v1 import assessment_pb2 as pb
from microcredit.eligibility.v1 import eligibility_service_pb2 as service_pb2
from microcredit.eligibility.v1 import fact_pb2
from services.eligibility.api import service
from services.eligibility.messages import assessment_pb
from services.kit.errors import DomainError
from services.kit.french import typeset
from services.kit.serve import to_status
from tests.advice_support import shipped
from tests.eligibility_reglement import Facts, expected_answer, expected_figures, random_facts
from tests.eligibility_support import (
    OUTCOMES,
    TIMEOUT,
    Client,
    Json,
    application,
    copied_package,
    day,
    deployed,
    figures,
    merged,
    money,
    plain,
    read_cases,
    reason_of,
    status_of,
    summary,
    violations,
    with_fact,
)
from tests.support import Launch

CASES = read_cases("eligibility_cases.json")
BASE: Json = CASES["base_input"]
WORST = merged(
    BASE,
    {
        "loan": {
            "amount": "8000.00",
            "months": 37,
            "nominal_rate_pct": "2.000001",
            "fees": "0.01",
            "guarantor_required": True,
        },
        "project": {"category": "DECOUVERT", "total_cost": "9000.00"},
        "applicant": {
            "birth_date": "2015-01-01",
            "commune_insee": "2A004",
            "legal_protection": "TUTELLE",
            "right_of_residence": False,
        },
        "budget": {"monthly_income": "0.00", "debt_repayments": None},
        "banking": {
            "has_account": False,
            "ordinary_credit_available": True,
            "ficp": True,
            "fcc": None,
            "overindebtedness": "RECEVABLE",
            "outstanding_microcredit": "10.00",
        },
        "support": {"accepted": False},
        "documents": [],
    },
)


@pytest.fixture(scope="module")
def client(shared: Launch) -> Iterator[Client]:
    """A client of a server under the shipped package."""
    with Client(shared("services.eligibility", "--workers", "2").address) as client:
        yield client


def request(facts: Json, reference: str = "") -> service_pb2.AssessEligibilityRequest:
    """The request of an application written as JSON."""
    return service_pb2.AssessEligibilityRequest(case_reference=reference, application=application(facts))


def assess(client: Client, facts: Json) -> pb.Assessment:
    """The advice on an application written as JSON."""
    return client.eligibility.AssessEligibility(request(facts), timeout=TIMEOUT).assessment


def refused(client: Client, message: service_pb2.AssessEligibilityRequest) -> dict[str, str]:
    """Reasons by field of a refused request."""
    with pytest.raises(grpc.RpcError) as failure:
        client.eligibility.AssessEligibility(message, timeout=TIMEOUT)
    status = status_of(failure.value)
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(status) == "INVALID_FIELDS"
    return violations(status)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["id"])
def test_case_of_the_reglement(client: Client, case: Json) -> None:
    facts, expected = merged(BASE, case["overrides"]), case["expected"]
    assessment = assess(client, facts)
    outcome, reasons, orientations, missing = summary(assessment)
    assert (outcome, reasons) == (OUTCOMES[expected["outcome"]], expected["reasons"])
    assert set(orientations) == set(expected["orientations"])
    found = figures(assessment)
    assert {name: found.get(name) for name in expected["computed"]} == expected["computed"]
    assert missing == expected["computed"].get("missing", [])
    severities = {reason.code: pb.Severity.Name(reason.severity) for reason in assessment.reasons}
    assert severities == {code: f"SEVERITY_{CASES['reason_severity'][code]}" for code in reasons}
    assert all(reason.message and reason.article and reason.comparisons for reason in assessment.reasons)


FIELD_OF = {
    "V01": ("loan.amount", "TOO_MANY_DECIMALS"),
    "V02": ("loan.amount", "OUT_OF_RANGE"),
    "V05": ("loan.months", "OUT_OF_RANGE"),
    "V07": ("applicant.birth_date", "IN_FUTURE"),
    "V08": ("applicant.birth_date", "NOT_IN_CALENDAR"),
    "V10": ("applicant.commune_insee", "NOT_PRINTABLE"),
    "V11": ("household.persons", "OUT_OF_RANGE"),
    "V13": ("project.category", "UNKNOWN_VALUE"),
}


@pytest.mark.parametrize("case", CASES["validation_cases"], ids=lambda case: case["id"])
def test_wrong_value(client: Client, case: Json) -> None:
    """V04's comma cannot travel in a google.type.Money: it is tried in the rate, which is a text."""
    if case["id"] == "V04":
        wrong = with_fact(BASE, "loan.nominal_rate_pct", "1,5")
        assert refused(client, request(wrong)) == {"application.loan.nominal_rate_pct": "MALFORMED"}
        return
    field, reason = FIELD_OF[case["id"]]
    assert refused(client, request(merged(BASE, case["overrides"]))) == {f"application.{field}": reason}


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("loan.nominal_rate_pct", "NaN", "MALFORMED"),
        ("loan.nominal_rate_pct", "1e0", "MALFORMED"),
        ("loan.nominal_rate_pct", "-0.01", "OUT_OF_RANGE"),
        ("loan.nominal_rate_pct", "1.0000001", "TOO_MANY_DECIMALS"),
        ("loan.months", 601, "OUT_OF_RANGE"),
        ("applicant.birth_date", "1899-12-31", "OUT_OF_RANGE"),
        ("applicant.commune_insee", "2a004", "NOT_PRINTABLE"),
        ("applicant.commune_insee", "", "NOT_PRINTABLE"),
        ("documents", ["RIB", "RIB"], "DUPLICATE"),
        ("documents", ["PASSEPORT"], "UNKNOWN_VALUE"),
        ("request_date", "2026-13-01", "NOT_IN_CALENDAR"),
        ("request_date", "3000-01-01", "OUT_OF_RANGE"),
    ],
)
def test_other_wrong_values(client: Client, path: str, value: object, reason: str) -> None:
    assert refused(client, request(with_fact(BASE, path, value))) == {f"application.{path}": reason}


def test_every_wrong_field_is_told_at_once(client: Client) -> None:
    wrong = merged(
        BASE,
        {
            "loan": {"amount": "-0.01", "nominal_rate_pct": "1,5", "guarantor_required": None},
            "household": {"persons": 0},
            "support": {"accepted": None},
            "documents": None,
        },
    )
    message = request(wrong, "X" * 65)
    message.application.loan.fees.currency_code = "USD"
    message.application.additional_facts["housing"].text = "LOCATAIRE"
    assert refused(client, message) == {
        "case_reference": "TOO_LONG",
        "application.loan.amount": "OUT_OF_RANGE",
        "application.loan.nominal_rate_pct": "MALFORMED",
        "application.loan.fees": "NOT_EUROS",
        "application.loan.guarantor_required": "REQUIRED",
        "application.household.persons": "OUT_OF_RANGE",
        "application.support.accepted": "REQUIRED",
        "application.documents": "REQUIRED",
        "application.additional_facts[0]": "UNKNOWN_FIELD",
    }
    assert refused(client, service_pb2.AssessEligibilityRequest()) == {"application": "REQUIRED"}


def test_which_absent_facts_are_refused(client: Client) -> None:
    """An empty application is refused for every fact whose absence says nothing, and only for those."""
    catalog = client.eligibility.GetFactCatalog(
        service_pb2.GetFactCatalogRequest(request_date=day("2026-12-01")), timeout=TIMEOUT
    )
    wanted = {fact.name for fact in catalog.facts if fact.when_absent == fact_pb2.WHEN_ABSENT_REFUSED}
    empty = service_pb2.AssessEligibilityRequest(application=pb.Application())
    assert refused(client, empty).keys() == {f"application.{name}" for name in wanted}


def test_the_ceiling_of_the_day_decides_the_orientation(client: Client) -> None:
    """3 000 € until 2016-01-16, 5 000 € until 2022-02-06, 8 000 € since."""
    for request_date, ceiling in (
        ("2011-01-01", 3000),
        ("2016-01-16", 3000),
        ("2016-01-17", 5000),
        ("2022-02-06", 5000),
        ("2022-02-07", 8000),
    ):
        for amount, oriented in ((f"{ceiling}.00", ceiling > 3000), (f"{ceiling}.01", False)):
            facts = merged(BASE, {"request_date": request_date, "loan": {"amount": amount}})
            _, reasons, orientations, _ = summary(assess(client, facts))
            assert ("AUTRE_PRETEUR_HABILITE_PLAFOND_8000" in orientations) is oriented, amount
            assert ("AMOUNT_ABOVE_MAX" in reasons) is (amount != "3000.00")


def test_no_rules_before_the_scheme(client: Client) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        assess(client, with_fact(BASE, "request_date", "2010-12-31"))
    assert failure.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(status_of(failure.value)) == "RULESET_NOT_IN_FORCE"


def test_what_a_reason_says(client: Client) -> None:
    reason = assess(client, with_fact(BASE, "loan.amount", "3000.01")).reasons[0]
    assert reason.message == ("Le montant demandé (3 000,01 €) dépasse le plafond de 3 000,00 €.")
    (comparison,) = reason.comparisons
    assert (comparison.actual.name, comparison.operator) == ("loan.amount", ">")
    assert (plain(comparison.actual.value), plain(comparison.threshold.value)) == ("3000.01", "3000.00")
    assert comparison.threshold.name == "amount_max"
    assert comparison.threshold.reference == reason.article == typeset("Règlement intérieur, article 2")


def test_a_batch_keeps_each_answer_apart(client: Client) -> None:
    refused_item = request(with_fact(BASE, "loan.months", 0))
    batch = service_pb2.BatchAssessEligibilityRequest(
        requests=[request(BASE, "A"), refused_item, request(with_fact(BASE, "banking.ficp", True), "C")]
    )
    first, second, third = client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT).results
    assert [result.index for result in (first, second, third)] == [0, 1, 2]
    assert first.assessment.case_reference == "A"
    assert first.assessment.outcome == pb.OUTCOME_ELIGIBLE
    assert violations(second.error) == {"application.loan.months": "OUT_OF_RANGE"}
    assert second.error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert third.assessment.outcome == pb.OUTCOME_ELIGIBLE_WITH_RESERVE


def test_a_batch_of_random_applications(client: Client) -> None:
    """Around every threshold, the server answers what the règlement says."""
    random = Random(300)
    applications = [random_facts(random) for _ in range(300)]
    batch = service_pb2.BatchAssessEligibilityRequest(requests=map(request, applications))
    results = client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT).results
    for facts, result in zip(applications, results, strict=True):
        assert summary(result.assessment) == expected_answer(Facts(facts))
        assert figures(result.assessment) == expected_figures(Facts(facts))


@pytest.mark.parametrize(
    ("count", "reason"), [(0, "INVALID_FIELDS"), (1, None), (500, None), (501, "BATCH_TOO_LARGE")]
)
def test_size_of_a_batch(client: Client, count: int, reason: str | None) -> None:
    batch = service_pb2.BatchAssessEligibilityRequest(requests=[request(BASE)] * count)
    if reason is None:
        assert len(client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT).results) == count
        return
    with pytest.raises(grpc.RpcError) as failure:
        client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT)
    assert reason_of(status_of(failure.value)) == reason


def test_a_batch_of_the_worst_applications_fits(client: Client) -> None:
    batch = service_pb2.BatchAssessEligibilityRequest(requests=[request(WORST, "X" * 64)] * 500)
    results = client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT).results
    assert {len(result.assessment.reasons) for result in results} == {21}


def test_the_catalog_describes_what_a_form_needs(client: Client) -> None:
    answer = client.eligibility.GetFactCatalog(
        service_pb2.GetFactCatalogRequest(request_date=day("2026-12-01")), timeout=TIMEOUT
    )
    facts = {fact.name: fact for fact in answer.facts}
    assert len(facts) == 30
    assert next(iter(facts)) == "request_date"
    income, category = facts["budget.monthly_income"], facts["project.category"]
    assert income.when_absent == fact_pb2.WHEN_ABSENT_MISSING
    assert list(income.rule_codes) == ["LIVING_REMAINDER_TOO_LOW", "DEBT_RATIO_TOO_HIGH", "DATA_MISSING"]
    assert (income.unit, plain(income.minimum), income.proof_document) == ("€", "0.00", "RESSOURCES")
    assert {code.code for code in category.codes} >= set(CASES["parameters"]["excluded_categories"])
    assert len(answer.ruleset.digest) == 64
    with pytest.raises(grpc.RpcError) as failure:
        client.eligibility.GetFactCatalog(service_pb2.GetFactCatalogRequest(), timeout=TIMEOUT)
    assert violations(status_of(failure.value)) == {"request_date": "REQUIRED"}


def changed_package(folder: Path) -> Path:
    """A ceiling voted for 2027, a document asked for vehicles, a fact added to the application."""
    return copied_package(
        folder,
        (
            "parameters.yaml",
            "      value: 3000.00\n      reference: Règlement intérieur, article 2\n",
            "      value: 3000.00\n      reference: Règlement intérieur, article 2\n"
            "    - valid_from: 2027-01-01\n      value: 3500.50\n"
            "      reference: Délibération n° 2026-48 du 15 décembre 2026\n",
        ),
        (
            "parameters.yaml",
            "# Les pièces\n",
            "vehicle_documents:\n  type: code_list\n  of: documents\n  label: Pièces du véhicule\n  values:\n"
            "    - valid_from: 2011-01-01\n      value: [CARTE_GRISE]\n      reference: Essai\n",
        ),
        (
            "decision.yaml",
            "  - list: required_documents\n",
            "  - list: required_documents\n"
            "  - list: vehicle_documents\n    when: project.category == 'MOBILITE'\n",
        ),
        (
            "facts.yaml",
            "# Les pièces remises.",
            "housing_benefit:\n  type: money\n  source: additional\n  label: Aide au logement\n"
            "  question: Quelle aide au logement recevez-vous ?\n  when_absent: missing\n"
            "  personal_data: sensitive\n\n# Les pièces remises.",
        ),
    )


def test_another_package_gives_other_answers(launch: Launch, client: Client, tmp_path: Path) -> None:
    """The data of the package changed, and no code."""
    folder = changed_package(tmp_path / "reglement")
    address = launch("services.eligibility", env={"ELIGIBILITY_PACKAGE_DIRECTORY": str(folder)}).address
    facts = merged(BASE, {"request_date": "2027-01-01", "loan": {"amount": "3500.51", "months": 36}})
    with Client(address) as changed:
        assessment = assess(changed, facts)
        _, reasons, _, missing = summary(assessment)
        assert reasons == [
            "AMOUNT_ABOVE_MAX",
            "DATA_MISSING",
            "FUNDING_PLAN_EXCESS",
            "DOCUMENT_MISSING",
        ]
        assert missing == ["housing_benefit"]
        assert figures(assessment)["missing_documents"] == ["CARTE_GRISE"]
        threshold = assessment.reasons[0].comparisons[0].threshold
        assert "3 500,50 €" in assessment.reasons[0].message
        assert threshold.reference == typeset("Délibération n° 2026-48 du 15 décembre 2026")
        assert assessment.ruleset.digest != assess(client, facts).ruleset.digest
        within = request(with_fact(facts, "loan.amount", "3500.50"))
        within.application.additional_facts["housing_benefit"].money.CopyFrom(money("120.00"))
        answer = changed.eligibility.AssessEligibility(within, timeout=TIMEOUT).assessment
        assert summary(answer)[1] == ["FUNDING_PLAN_EXCESS", "DOCUMENT_MISSING"]
        within.application.additional_facts["housing_benefit"].text = "120"
        assert refused(changed, within) == {'application.additional_facts["housing_benefit"]': "WRONG_TYPE"}
        before = assess(changed, with_fact(facts, "request_date", "2026-12-31"))
        assert "3 000,00 €" in before.reasons[0].message


def test_a_rule_that_waits_for_a_fact_is_told(client: Client) -> None:
    """Income unknown, the rules that read it could still refuse; a register unknown holds nothing back."""
    found = assess(client, merged(BASE, {"budget": {"monthly_income": None}, "banking": {"fcc": None}}))
    assert found.outcome == pb.OUTCOME_INCOMPLETE
    told = {rule.code: (pb.Severity.Name(rule.severity), list(rule.facts)) for rule in found.undecided}
    assert told == {
        "LIVING_REMAINDER_TOO_LOW": ("SEVERITY_BLOCKING", ["budget.monthly_income"]),
        "DEBT_RATIO_TOO_HIGH": ("SEVERITY_BLOCKING", ["budget.monthly_income"]),
        "FCC_DECLARED": ("SEVERITY_RESERVE", ["banking.fcc"]),
    }
    assert not found.unread_fields
    reserve = assess(client, merged(BASE, {"banking": {"fcc": None}}))
    assert reserve.outcome == pb.OUTCOME_ELIGIBLE_WITH_RESERVE
    assert [rule.code for rule in reserve.undecided] == ["FCC_DECLARED"]


def test_the_refusals_of_a_batch_take_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many items are refused because the answer is full, the whole stays under its limit."""
    limit = 40_000
    monkeypatch.setattr(service, "MAX_ANSWER_BYTES", limit)
    ruleset = shipped()
    deployment = deployed(ruleset.package, ruleset.engine)
    refusals, answers = [], []
    for item in service.decide_all([request(WORST)] * 50, deployment):
        if isinstance(item, DomainError):
            refusals.append(to_status(item, service.DOMAIN).ByteSize())
        else:
            answers.append(assessment_pb(item.assessment, item.stamp, item.case_reference).ByteSize())
    assert refusals
    assert answers
    assert sum(refusals) + sum(answers) <= limit
