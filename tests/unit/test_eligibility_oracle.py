"""The shipped rules against the règlement rewritten here in plain Python, on random applications around
every threshold."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcredit.eligibility.v1 import eligibility_service_pb2 as service_pb2
from services.eligibility.answer.assess import assess
from services.eligibility.engine.definitions import CompiledRules
from services.eligibility.engine.evaluation import all_values
from services.eligibility.messages.application import read_request
from services.eligibility.messages.assessments import assessment_pb
from services.eligibility.package.evaluate import evaluate
from services.eligibility.package.model import RulePackage
from services.eligibility.publishing.deployment import Deployment
from tests.eligibility_reglement import (
    BASE,
    BUDGET,
    CASES,
    RANKS,
    Facts,
    amount_text,
    cents,
    expected_answer,
    expected_figures,
    random_facts,
)
from tests.eligibility_support import (
    PACKAGE,
    Json,
    application,
    deployed,
    figures,
    load_package,
    merged,
    summary,
    with_fact,
)
from tests.support import examples


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    """The shipped package, compiled."""
    package = load_package(PACKAGE)
    return deployed(package, CompiledRules(package).fire)


def compare(deployment: Deployment, facts: Json) -> None:
    """The service's logic and the règlement give the same answer and the same figures."""
    request = service_pb2.AssessEligibilityRequest(application=application(facts))
    ruleset, given_facts = read_request(request, deployment)
    answer = assessment_pb(assess(ruleset.package, ruleset.engine, given_facts), deployment.stamp(ruleset))
    expected = Facts(facts)
    assert summary(answer) == expected_answer(expected)
    assert figures(answer) == expected_figures(expected)
    assert all("inconnu" not in reason.message for reason in answer.reasons)


@settings(max_examples=examples(150))
@given(random=st.randoms(use_true_random=False))
def test_random_applications(deployment: Deployment, random: Random) -> None:
    compare(deployment, random_facts(random))


def test_many_random_applications(deployment: Deployment) -> None:
    random = Random(20261201)
    for _ in range(2_000):
        compare(deployment, random_facts(random))


@pytest.mark.parametrize("income", ["1250.00", "0.00", "90.00", None])
@pytest.mark.parametrize("charges", ["780.00", None])
@pytest.mark.parametrize("credits", ["0.00", "500.00", None])
@pytest.mark.parametrize("debts", ["0.00", None])
@pytest.mark.parametrize("birth", ["1990-05-14", "2010-01-01", None])
def test_every_combination_of_absent_facts(
    deployment: Deployment, income: Any, charges: Any, credits: Any, debts: Any, birth: Any
) -> None:
    budget = dict(zip(BUDGET, (income, charges, credits, debts), strict=True))
    compare(deployment, merged(BASE, {"budget": budget, "applicant": {"birth_date": birth}}))


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["id"])
def test_the_oracle_itself(case: Json) -> None:
    """What is expected above is what the cases of the règlement expect."""
    f = Facts(merged(BASE, case["overrides"]))
    _, reasons, orientations, _ = expected_answer(f)
    expected = case["expected"]
    assert reasons == expected["reasons"]
    assert set(orientations) == set(expected["orientations"])
    found = expected_figures(f)
    assert {name: found.get(name) for name in expected["computed"]} == expected["computed"]


@pytest.mark.parametrize("seed", range(60))
def test_properties_of_the_package(deployment: Deployment, seed: int) -> None:
    """What properties.yaml says must hold."""
    random = Random(seed)
    package = deployment.last.package
    facts = random_facts(random)
    values, outcome = typed(deployment, facts)
    for stated in package.properties:
        if stated.condition is not None and evaluate(stated.condition, values) is True:
            assert outcome not in {excluded.value for excluded in stated.excluded}, stated.id
        if stated.improving_fact == "budget.monthly_income" and facts["budget"]["monthly_income"]:
            more = amount_text((cents(facts["budget"]["monthly_income"]) or 0) + random.randrange(100_000))
            better = typed(deployment, with_fact(facts, stated.improving_fact, more))[1]
            assert RANKS.index(better) <= RANKS.index(outcome), stated.id
    assert len(package.properties) == 5


def typed(deployment: Deployment, facts: Json) -> tuple[dict[str, Any], str]:
    """Every value of an application, and its outcome."""
    request = service_pb2.AssessEligibilityRequest(application=application(facts))
    ruleset, given_facts = read_request(request, deployment)
    outcome = assess(ruleset.package, ruleset.engine, given_facts).outcome
    return all_values(ruleset.package, given_facts), outcome.value


def test_the_cases_of_the_package(deployment: Deployment) -> None:
    """The package travels with its own tests: they are those of the règlement, and they hold."""
    package: RulePackage = deployment.last.package
    assert {case["id"] for case in CASES["cases"]} <= {case.id for case in package.cases}
    for case in package.cases:
        found = assess(package, deployment.last.engine, case.facts)
        assert found.outcome is case.outcome, case.id
        assert tuple(reason.code for reason in found.reasons) == case.reasons, case.id
        assert tuple(place.code for place in found.orientations) == case.orientations, case.id
        values = {figure.name: figure.value for figure in found.figures}
        assert {name: values.get(name) for name in case.figures} == case.figures, case.id
