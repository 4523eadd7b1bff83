"""The loan service through a running server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from microcredit.eligibility.v1 import loan_pb2
from microcredit.eligibility.v1.loan_service_pb2 import SimulateLoanRequest, SimulateLoanResponse
from tests.eligibility_support import (
    TIMEOUT,
    Client,
    Json,
    cents,
    copied_package,
    day,
    loan_terms,
    money,
    rate,
    read_cases,
    reason_of,
    status_of,
    violations,
)
from tests.support import Launch

CASES = read_cases("loan_cases.json")
TERMS = {"amount": "1500.00", "months": 24, "nominal_rate_pct": "1.5", "fees": "0.00"}
TODAY = day("2026-12-01")


@pytest.fixture(scope="module")
def client(shared: Launch) -> Iterator[Client]:
    """A client of a server under the shipped package."""
    with Client(shared("services.eligibility", "--workers", "2").address) as client:
        yield client


def simulate(client: Client, request: SimulateLoanRequest) -> SimulateLoanResponse:
    """The answer of the service."""
    return client.loans.SimulateLoan(request, timeout=TIMEOUT)


def refused(client: Client, request: SimulateLoanRequest) -> dict[str, str]:
    """Reasons by field of a refused request."""
    with pytest.raises(grpc.RpcError) as failure:
        simulate(client, request)
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return violations(status_of(failure.value))


def row(line: loan_pb2.ScheduleLine) -> Json:
    """A line of the schedule, in cents."""
    names = ("payment", "interest", "principal", "balance")
    return {"k": line.number, **{name: cents(getattr(line, name)) for name in names}}


@pytest.mark.parametrize("case", CASES["cases"] + CASES["extra_cases"], ids=lambda case: case["id"])
def test_case(client: Client, case: Json) -> None:
    insurance = case.get("insurance_monthly")
    request = SimulateLoanRequest(
        terms=loan_terms(case), insurance_monthly=money(insurance) if insurance else None
    )
    simulation = simulate(client, request).simulation
    for name in ("instalment", "last_instalment", "total_interest", "total_paid", "total_credit_cost"):
        assert getattr(simulation, name) == money(case[name]), name
    assert simulation.taeg_pct.value == case["taeg_pct_2dp"]
    assert simulation.taeg_pct_exact.value == case["taeg_pct_exact"]
    assert len(simulation.schedule) == case["months"]
    for line, name in ((0, "first_row"), (1, "second_row"), (-1, "last_row")):
        expected = {k: v if k == "k" else cents(money(v)) for k, v in case[name].items()}
        assert row(simulation.schedule[line]) == expected
    assert simulation.HasField("taea_pct") is bool(insurance)
    if insurance:
        assert simulation.total_insurance == money(case["insurance_total"])
        assert simulation.taeg_with_insurance_pct.value == case["taeg_with_insurance_pct_2dp"]
        assert simulation.taea_pct.value == case["taea_pct_2dp"]


@pytest.mark.parametrize("case", CASES["inverse_cases"], ids=lambda case: case["id"])
def test_inverse_case(client: Client, case: Json) -> None:
    """The bounds are those of the rules on the request date."""
    cap, nominal = money(case["max_instalment"]), rate(case["nominal_rate_pct"])
    if "months" in case:
        question = loan_pb2.LargestAmountQuestion(
            months=case["months"], nominal_rate_pct=nominal, max_instalment=cap
        )
        request = SimulateLoanRequest(largest_amount=question, request_date=TODAY)
        answer = simulate(client, request)
        assert answer.simulation.terms.amount == money(str(case["expected_amount"]))
        assert "3000,00€, le montant entier le plus élevé est de" in ordinary(answer.summary)
        return
    asked = loan_pb2.ShortestDurationQuestion(
        amount=money(case["amount"]), nominal_rate_pct=nominal, max_instalment=cap
    )
    answer = simulate(client, SimulateLoanRequest(shortest_duration=asked, request_date=TODAY))
    assert answer.HasField("simulation") is (case["expected_months"] is not None)
    if case["expected_months"] is None:
        assert answer.summary == (
            "Aucune durée de 6 mois à 36 mois ne ramène la mensualité à 80,00 € ou moins."
        )
    else:
        assert answer.simulation.terms.months == case["expected_months"]
        assert answer.simulation.instalment == money(case["expected_instalment"])
        assert ordinary(answer.summary).startswith("De 6 à 36mois, la durée la plus courte est de")


def ordinary(text: str) -> str:
    """Without the no-break spaces."""
    return text.replace("\u00a0", "").replace("\u202f", "")


def test_a_dated_schedule_clamps_to_the_end_of_months(client: Client) -> None:
    request = SimulateLoanRequest(terms=loan_terms(TERMS), first_due_date=day("2027-01-31"))
    answer = simulate(client, request)
    due = [line.due_date for line in answer.simulation.schedule[:4]]
    assert due == [day("2027-01-31"), day("2027-02-28"), day("2027-03-31"), day("2027-04-30")]
    assert answer.summary == (
        "24 mensualités de 63,48 €, la dernière de 63,52 € ; coût total du crédit : 23,56 € ; TAEG : 1,51 %."
    )
    assert "sans valeur contractuelle" in answer.simulation.notice


def test_terms_outside_the_reglement_are_simulated(client: Client) -> None:
    terms = loan_terms({"amount": "100000.00", "months": 240, "nominal_rate_pct": "3.65", "fees": "0.00"})
    assert len(simulate(client, SimulateLoanRequest(terms=terms)).simulation.schedule) == 240


def test_wrong_questions(client: Client) -> None:
    assert refused(client, SimulateLoanRequest()) == {"terms": "REQUIRED"}
    wrong = loan_terms({"amount": "0.00", "months": 0, "nominal_rate_pct": "1,5", "fees": "-1.00"})
    late = SimulateLoanRequest(terms=wrong, first_due_date=day("3000-01-01"), insurance_monthly=money("-1"))
    assert refused(client, late) == {
        "first_due_date": "OUT_OF_RANGE",
        "insurance_monthly": "OUT_OF_RANGE",
        "terms.amount": "OUT_OF_RANGE",
        "terms.months": "OUT_OF_RANGE",
        "terms.nominal_rate_pct": "MALFORMED",
        "terms.fees": "OUT_OF_RANGE",
    }
    for fees, reason in (("1500.00", "OUT_OF_RANGE"), ("1499.99", "INCONSISTENT")):
        terms = loan_terms({**TERMS, "fees": fees, "months": 2})
        assert refused(client, SimulateLoanRequest(terms=terms)) == {"terms.fees": reason}
    insured = SimulateLoanRequest(terms=loan_terms(TERMS), insurance_monthly=money("999999999.00"))
    assert refused(client, insured) == {"insurance_monthly": "INCONSISTENT"}
    question = loan_pb2.ShortestDurationQuestion(min_months=37, max_months=36)
    assert refused(client, SimulateLoanRequest(shortest_duration=question)) == {
        "shortest_duration.amount": "REQUIRED",
        "shortest_duration.nominal_rate_pct": "REQUIRED",
        "shortest_duration.max_instalment": "REQUIRED",
        "shortest_duration.min_months": "BOUNDS_REVERSED",
    }
    amount = loan_pb2.LargestAmountQuestion(
        months=24, nominal_rate_pct=rate("1"), max_instalment=money("50"), min_amount=money("300")
    )
    assert refused(client, SimulateLoanRequest(largest_amount=amount)) == {"request_date": "REQUIRED"}
    too_early = SimulateLoanRequest(largest_amount=amount, request_date=day("2010-12-31"))
    with pytest.raises(grpc.RpcError) as failure:
        simulate(client, too_early)
    assert reason_of(status_of(failure.value)) == "RULESET_NOT_IN_FORCE"


def test_the_bounds_follow_the_package(launch: Launch, tmp_path: Path) -> None:
    folder = copied_package(
        tmp_path / "reglement",
        (
            "parameters.yaml",
            "Montant maximal\n  values:\n    - valid_from: 2011-01-01\n      value: 3",
            "Montant maximal\n  values:\n    - valid_from: 2011-01-01\n      value: 2",
        ),
        ("parameters.yaml", "value: 36\n", "value: 48\n"),
        ("parameters.yaml", "value: 300.00", "value: 0.00"),
    )
    server = launch("services.eligibility", "--workers", "1", "--package-directory", str(folder))
    with Client(server.address) as client:
        asked = loan_pb2.LargestAmountQuestion(
            months=36, nominal_rate_pct=rate("1"), max_instalment=money("80")
        )
        answer = simulate(client, SimulateLoanRequest(largest_amount=asked, request_date=TODAY))
        assert answer.simulation.terms.amount == money("2000")
        asked.max_instalment.CopyFrom(money("0"))
        answer = simulate(client, SimulateLoanRequest(largest_amount=asked, request_date=TODAY))
        assert not answer.HasField("simulation")
        longest = loan_pb2.ShortestDurationQuestion(
            amount=money("3000"), nominal_rate_pct=rate("2"), max_instalment=money("80")
        )
        answer = simulate(client, SimulateLoanRequest(shortest_duration=longest, request_date=TODAY))
        assert answer.simulation.terms.months == 39
