"""Questions, suggested changes and grids of loan terms through a running server, under the shipped package
and under one with other thresholds and another actionable fact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import Parse

from microcredit.eligibility.v1 import assessment_pb2 as pb
from microcredit.eligibility.v1 import eligibility_service_pb2 as rpc
from microcredit.eligibility.v1 import loan_pb2, loan_service_pb2
from tests.eligibility_reglement import BASE
from tests.eligibility_support import (
    TIMEOUT,
    Client,
    Json,
    application,
    cents,
    copied_package,
    merged,
    money,
    plain,
    reason_of,
    status_of,
    violations,
    with_fact,
)
from tests.support import ROOT, Launch

PRESENTABLE = (pb.OUTCOME_ELIGIBLE, pb.OUTCOME_ELIGIBLE_WITH_RESERVE)
NEW_FACT = """
savings:
  source: additional
  type: money
  label: Épargne mobilisée
  question: Quelle épargne pouvez-vous mobiliser ?
  minimum: 0.00
  maximum: 1000000.00
  when_absent: not_applicable
  actionable: true
  personal_data: ordinary

# Le ménage et son budget"""
NEW_RULE = """
SAVINGS_TOO_LOW:
  severity: blocking
  when: loan.amount > amount_max and (not known(savings) or savings < savings_min)
  message: Au-delà de {amount_max}, une épargne de {savings_min} est demandée.
  article: Essai

# Le budget

LIVING"""
NOT_HEALTH = " and project.category != 'SANTE'"
HEALTH_RULES = """
AMOUNT_HEALTH:
  severity: blocking
  when: loan.amount > amount_health and project.category == 'SANTE'
  message: Trop.
  article: Essai

MONTHS_HEALTH:
  severity: blocking
  when: loan.months > months_health and project.category == 'SANTE'
  message: Trop long.
  article: Essai
"""
HEALTH_PARAMETERS = """
amount_health:
  type: money
  label: Plafond pour les soins
  values: [{valid_from: 2011-01-01, value: 5000.00, reference: Essai}]

months_health:
  type: integer
  label: Durée pour les soins
  unit: mois
  values: [{valid_from: 2011-01-01, value: 60, reference: Essai}]
"""
NEW_PARAMETER = """
savings_min:
  type: money
  label: Épargne minimale
  values:
    - valid_from: 2011-01-01
      value: 250.00
      reference: Essai

# La personne

age_min"""


@pytest.fixture(scope="module")
def client(shared: Launch) -> Iterator[Client]:
    """A client of a server under the shipped package."""
    with Client(shared("services.eligibility", "--workers", "2").address) as client:
        yield client


@pytest.fixture(scope="module")
def other(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server whose package asks for savings above a ceiling, the only ones to be found."""
    folder = copied_package(
        tmp_path_factory.mktemp("package"),
        ("facts.yaml", "\n# Le ménage et son budget", NEW_FACT),
        ("rules.yaml", "\n# Le budget\n\nLIVING", NEW_RULE),
        ("parameters.yaml", "\n# La personne\n\nage_min", NEW_PARAMETER),
        ("rules.yaml", "when: loan.amount > amount_max\n", "when: loan.amount > national_ceiling\n"),
    )
    with Client(
        launch("services.eligibility", "--workers", "1", "--package-directory", str(folder)).address
    ) as client:
        yield client


def facts(**changes: object) -> Json:
    """The base application where facts are changed: loan_amount="3500"."""
    changed = BASE
    for name, value in changes.items():
        changed = with_fact(changed, name.replace("__", "."), value)
    return changed


def suggest(client: Client, given: Json, *names: str, most: int = 0) -> rpc.SuggestChangesResponse:
    """The suggestions for an application."""
    request = rpc.SuggestChangesRequest(application=application(given), facts=names, max_suggestions=most)
    return client.eligibility.SuggestChanges(request, timeout=TIMEOUT)


def changes(answer: rpc.SuggestChangesResponse) -> list[dict[str, Any]]:
    """The values suggested, by path."""
    return [{one.path: plain(one.suggested) for one in found.changes} for found in answer.suggestions]


def applied(given: Json, suggestion: rpc.Suggestion) -> Json:
    """The application once changed."""
    for one in suggestion.changes:
        given = with_fact(given, one.path, plain(one.suggested))
    return given


def assess(client: Client, given: Json) -> pb.Assessment:
    """The advice on an application."""
    request = rpc.AssessEligibilityRequest(application=application(given))
    return client.eligibility.AssessEligibility(request, timeout=TIMEOUT).assessment


def spaced(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("given", "expected", "summary"),
    [
        (
            facts(loan__amount="3500", project__total_cost="3000"),
            [{"loan.amount": "3000.00"}],
            "Ramener le montant demandé de 3 500 € à 3 000 €.",
        ),
        (
            facts(loan__amount="3500.50", project__total_cost="3500.50"),
            [
                {"loan.amount": "3000.00", "project.other_funding": "500.50"},
                {"loan.amount": "3000.00", "project.total_cost": "3000.00"},
            ],
            "Ramener le montant demandé de 3 500,50 € à 3 000 € "
            "et porter les autres financements de 0 € à 500,50 €.",
        ),
        (
            facts(loan__months=48),
            [{"loan.months": 36}],
            "Ramener la durée de remboursement de 48 mois à 36 mois.",
        ),
        (
            facts(support__accepted=False),
            [{"support.accepted": True}],
            "Passer « Accompagnement social accepté » de « non » à « oui ».",
        ),
        (
            facts(
                loan__amount="3000",
                project__total_cost="3000",
                loan__months=12,
                budget__monthly_charges="800",
            ),
            [
                {"loan.months": 13},
                {"loan.amount": "2856.00", "project.other_funding": "144.00"},
                {"loan.amount": "2856.00", "project.total_cost": "2856.00"},
                {"budget.monthly_charges": "787.00"},
            ],
            "Porter la durée de remboursement de 12 mois à 13 mois.",
        ),
        (
            facts(loan__amount="3500", project__total_cost="3500", loan__months=48, support__accepted=False),
            [
                {"loan.amount": "3000.00", "loan.months": 36, other: value, "support.accepted": True}
                for other, value in (("project.other_funding", "500.00"), ("project.total_cost", "3000.00"))
            ],
            "Ramener le montant demandé de 3 500 € à 3 000 €, la durée de remboursement de 48 mois à 36 mois"
            ", porter les autres financements de 0 € à 500 € et passer « Accompagnement social accepté » "
            "de « non » à « oui ».",
        ),
    ],
    ids=["amount", "plan", "months", "support", "budget", "several"],
)
def test_the_smallest_changes_are_suggested_and_hold(
    client: Client, given: Json, expected: list[Json], summary: str
) -> None:
    answer = suggest(client, given)
    assert changes(answer) == expected
    assert spaced(answer.suggestions[0].summary) == summary
    assert summary[1:] in spaced(answer.summary)
    assert answer.current.outcome == pb.OUTCOME_NOT_ELIGIBLE
    for suggestion in answer.suggestions:
        again = assess(client, applied(given, suggestion))
        assert again.outcome in PRESENTABLE
        assert not suggestion.assessment.decision_id
        assert again.reasons == suggestion.assessment.reasons
        assert again.figures == suggestion.assessment.figures


def test_a_change_says_what_is_and_what_would_be(client: Client) -> None:
    (suggestion,) = suggest(client, facts(loan__amount="3500", project__total_cost="3000")).suggestions
    (change,) = suggestion.changes
    assert (change.path, change.label) == ("loan.amount", "Montant demandé")
    assert (plain(change.current), plain(change.suggested)) == ("3500.00", "3000.00")
    assert (spaced(change.current_display), spaced(change.suggested_display)) == ("3 500 €", "3 000 €")


def test_only_the_facts_asked_for_change(client: Client) -> None:
    given = facts(loan__amount="3500", project__total_cost="3500")
    answer = suggest(client, given, "project.other_funding", "loan.amount")
    assert changes(answer) == [{"loan.amount": "3000.00", "project.other_funding": "500.00"}]
    assert len(suggest(client, given, most=1).suggestions) == 1
    alone = suggest(client, given, "loan.months")
    assert not alone.suggestions
    assert "dépasse le plafond" in alone.summary


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (BASE, "Le dossier est déjà présentable : aucun changement n’est nécessaire."),
        (facts(project__category="SANTE"), "Le dossier est déjà présentable sous réserve : "),
        (facts(applicant__commune_insee="35238", loan__amount="3500"), "La commune de résidence"),
        (facts(applicant__commune_insee="35238", budget__monthly_income=None), "La commune de résidence"),
        (facts(budget__monthly_charges=None), "le dossier reste à compléter. Informations à demander"),
        (facts(documents=["RIB"]), "le dossier reste à compléter. Pièces à fournir"),
        (facts(household__persons=12), "Aucun changement de « Montant demandé », « Durée de remboursement »"),
        (facts(household__persons=12), "Le reste à vivre du foyer (406,52"),
        (facts(loan__amount="250", project__total_cost="250"), "est inférieur au minimum"),
    ],
    ids=[
        "presentable",
        "reserve",
        "territory",
        "territory while something is missing",
        "missing-actionable",
        "documents",
        "none",
        "none, and why",
        "never borrow more",
    ],
)
def test_why_nothing_is_suggested(client: Client, given: Json, told: str) -> None:
    answer = suggest(client, given)
    assert not answer.suggestions
    assert told in spaced(answer.summary)
    assert answer.current == assess_without_record(client, given, answer.current)


@pytest.mark.parametrize(
    ("given", "names", "changed", "conditions"),
    [
        (
            facts(loan__amount="3500", project__total_cost="3000", documents=["RIB"]),
            (),
            {"loan.amount": "3000.00"},
            ["Pièces à fournir"],
        ),
        (
            facts(loan__amount="3500", project__total_cost="3000", applicant__birth_date=None),
            (),
            {"loan.amount": "3000.00"},
            ["Informations à demander : Date de naissance."],
        ),
        (
            facts(support__accepted=False, support__referent_named=False, banking__has_account=False),
            (),
            {"support.accepted": True},
            ["n’a pas de compte bancaire", "aucun référent n’est désigné"],
        ),
        (
            facts(loan__amount="3500", project__total_cost="3500"),
            ("loan.amount",),
            {"loan.amount": "3000.00"},
            ["il manque 500,00"],
        ),
    ],
    ids=["documents", "information", "support, then a referent", "the plan would break"],
)
def test_a_change_is_suggested_on_condition_of_what_is_missing(
    client: Client, given: Json, names: tuple[str, ...], changed: Json, conditions: list[str]
) -> None:
    answer = suggest(client, given, *names)
    first = answer.suggestions[0]
    assert changes(answer)[0] == changed
    assert len(first.conditions) == len(conditions)
    for told, expected in zip(first.conditions, conditions, strict=True):
        assert expected in spaced(told)
        assert told in first.summary
        assert told in answer.summary
    assert ", à condition que le dossier soit complété" in first.summary
    again = assess(client, applied(given, first))
    assert again.outcome == pb.OUTCOME_INCOMPLETE
    assert not any(reason.severity == pb.SEVERITY_BLOCKING for reason in again.reasons)


def test_nothing_pushes_to_a_dearer_project(client: Client) -> None:
    """The plan exceeds the cost: less is borrowed, neither is more spent."""
    answer = suggest(client, facts(loan__amount="1500", project__total_cost="1200"))
    assert changes(answer) == [{"loan.amount": "1200.00"}]


def assess_without_record(client: Client, given: Json, like: pb.Assessment) -> pb.Assessment:
    """The advice of AssessEligibility, without what recording adds."""
    found = assess(client, given)
    found.ClearField("decision_id")
    found.ClearField("questions")
    assert not like.decision_id
    return found


def test_another_package_has_its_own_thresholds_and_actionable_facts(other: Client) -> None:
    given = facts(loan__amount="3500", project__total_cost="3500", budget__monthly_income="2000")
    answer = suggest(other, given)
    assert changes(answer)[0] == {"additional_facts.savings": "250.00"}
    assert spaced(answer.suggestions[0].summary) == "Indiquer 250 € pour l’épargne mobilisée."
    changed = application(given)
    changed.additional_facts["savings"].money.CopyFrom(money("250"))
    again = rpc.AssessEligibilityRequest(application=changed)
    assert other.eligibility.AssessEligibility(again, timeout=TIMEOUT).assessment.outcome in PRESENTABLE
    few = rpc.SuggestChangesRequest(application=changed)
    few.application.additional_facts["savings"].money.CopyFrom(money("200"))
    (first, *_) = other.eligibility.SuggestChanges(few, timeout=TIMEOUT).suggestions
    assert spaced(first.summary) == "Porter l’épargne mobilisée de 200 € à 250 €."


def refused(client: Client, request: Any) -> dict[str, str]:
    """Reasons by field of a refused request."""
    suggestion = isinstance(request, rpc.SuggestChangesRequest)
    call = client.eligibility.SuggestChanges if suggestion else client.eligibility.ExploreLoanTerms
    with pytest.raises(grpc.RpcError) as failure:
        call(request, timeout=TIMEOUT)
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(status_of(failure.value)) == "INVALID_FIELDS"
    return violations(status_of(failure.value))


def test_a_wrong_request_of_suggestions_is_refused_whole(client: Client) -> None:
    wrong = rpc.SuggestChangesRequest(
        application=application(facts(household__persons=0)),
        facts=["loan.amount", "loan.montant", "applicant.birth_date"],
        max_suggestions=21,
    )
    assert refused(client, wrong) == {
        "application.household.persons": "OUT_OF_RANGE",
        "facts[1]": "UNKNOWN_FIELD",
        "facts[2]": "NOT_CHANGEABLE",
        "max_suggestions": "OUT_OF_RANGE",
    }
    assert refused(client, rpc.SuggestChangesRequest(max_suggestions=-1)) == {
        "application": "REQUIRED",
        "max_suggestions": "OUT_OF_RANGE",
    }


def explore(client: Client, given: Json, **more: Any) -> rpc.ExploreLoanTermsResponse:
    """The grid for an application."""
    request = rpc.ExploreLoanTermsRequest(application=application(given), **more)
    return client.eligibility.ExploreLoanTerms(request, timeout=TIMEOUT)


def test_the_grid_is_that_of_the_rules_unless_told_otherwise(client: Client) -> None:
    grid = explore(client, facts(loan__amount="3000", project__total_cost="3000"), balance_funding=True)
    assert [cents(amount) for amount in grid.amounts] == list(range(30000, 300001, 10000))
    assert list(grid.months) == [6, 12, 18, 24, 30, 36]
    assert [(cents(cell.amount), cell.months) for cell in grid.cells] == [
        (amount, months) for amount in range(30000, 300001, 10000) for months in grid.months
    ]
    assert spaced(grid.summary) == (
        "Parmi les montants et les durées essayés (de 300,00 € à 3 000,00 €, de 100,00 € en 100,00 € ; "
        "de 6 mois à 36 mois, de 6 mois en 6 mois), le plus grand montant présentable est de 3 000,00 €, "
        "sur 12 mois au plus court : mensualité de 252,04 €."
    )
    assert grid.ruleset.version == "2026.1"


def test_each_cell_is_what_its_application_would_be_told(client: Client) -> None:
    given = facts(loan__amount="2000", project__total_cost="2500", project__other_funding="500")
    bounds = {"min_amount": money("1900"), "max_amount": money("3100"), "step_amount": money("400")}
    for balanced in (True, False):
        grid = explore(
            client, given, min_months=5, max_months=41, step_months=12, balance_funding=balanced, **bounds
        )
        assert list(grid.months) == [5, 17, 29, 41]
        for cell in grid.cells:
            funding = max(0, 500 + 2000 - cell.amount.units) if balanced else 500
            again = assess(
                client,
                merged(
                    given,
                    {
                        "loan": {"amount": str(cell.amount.units), "months": cell.months},
                        "project": {"other_funding": str(funding)},
                    },
                ),
            )
            assert cell.outcome == again.outcome
            assert list(cell.reason_codes) == [reason.code for reason in again.reasons]
            shown = {figure.name: figure.value.money for figure in again.figures}
            assert cell.instalment == shown["instalment"]


def test_a_grid_says_what_would_be_presentable_once_the_file_is_complete(client: Client) -> None:
    given = facts(loan__amount="3000", project__total_cost="3000", documents=["RIB"])
    told = spaced(explore(client, given, balance_funding=True).summary)
    assert "le plus grand montant présentable est de 3 000,00 €, sur 12 mois au plus court" in told
    assert ", à condition que le dossier soit complété. Pièces à fournir" in told
    unknown = explore(client, with_fact(given, "budget.monthly_income", None), balance_funding=True)
    assert "et que les réponses ne s’y opposent pas" in unknown.summary


def test_a_grid_follows_the_ceiling_of_the_situation(launch: Launch, tmp_path: Path) -> None:
    """3,000 €, and 5,000 € over 60 months for health: the bounds are those of the person."""
    folder = copied_package(
        tmp_path,
        ("rules.yaml", "when: loan.amount > amount_max\n", f"when: loan.amount > amount_max{NOT_HEALTH}\n"),
        ("rules.yaml", "when: loan.months > months_max\n", f"when: loan.months > months_max{NOT_HEALTH}\n"),
        ("rules.yaml", "\n# Le budget\n\nLIVING", f"{HEALTH_RULES}\n# Le budget\n\nLIVING"),
        ("parameters.yaml", "\n# La personne\n\nage_min", f"{HEALTH_PARAMETERS}\n# La personne\n\nage_min"),
    )
    address = launch("services.eligibility", "--workers", "1", "--package-directory", str(folder)).address
    with Client(address) as client:
        for category, most, longest in (("SANTE", 500000, 60), ("MOBILITE", 300000, 36)):
            grid = explore(client, facts(project__category=category))
            assert (cents(grid.amounts[0]), cents(grid.amounts[-1])) == (30000, most)
            assert (grid.months[0], grid.months[-1]) == (6, longest)
            check_inverse_questions(client, facts(project__category=category), most, longest)


def check_inverse_questions(client: Client, given: Json, most: int, longest: int) -> None:
    """SimulateLoan searches up to what the rules admit in the situation, and says how far it searched."""
    application_ = application(given)
    largest = loan_pb2.LargestAmountQuestion(max_instalment=money("9999"), months=24)
    largest.nominal_rate_pct.value = "1.5"
    shortest = loan_pb2.ShortestDurationQuestion(amount=money("1500"), max_instalment=money("1"))
    shortest.nominal_rate_pct.value = "1.5"
    asked = loan_service_pb2.SimulateLoanRequest(largest_amount=largest, application=application_)
    found = client.loans.SimulateLoan(asked, timeout=TIMEOUT)
    assert cents(found.simulation.terms.amount) == most
    asked = loan_service_pb2.SimulateLoanRequest(shortest_duration=shortest, application=application_)
    told = client.loans.SimulateLoan(asked, timeout=TIMEOUT).summary
    assert f"de 6 mois à {longest} mois" in told.replace("\u00a0", " ")


def test_a_grid_without_any_presentable_cell_says_why(client: Client) -> None:
    assert "La commune de résidence" in explore(client, facts(applicant__commune_insee="35238")).summary
    high = explore(client, BASE, min_amount=money("5000"), max_amount=money("6000"))
    assert "AMOUNT_ABOVE_MAX" in high.summary
    assert "Le plan de financement" not in high.summary
    assert len(explore(client, BASE, max_amount=money("900000")).cells) <= 1_000


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"min_amount": money("900"), "max_amount": money("800")}, {"min_amount": "BOUNDS_REVERSED"}),
        ({"max_months": 3}, {"max_months": "BOUNDS_REVERSED"}),
        (
            {"step_amount": money("0"), "step_months": 0, "min_months": 0, "max_months": 601},
            dict.fromkeys(("step_amount", "step_months", "min_months", "max_months"), "OUT_OF_RANGE"),
        ),
        ({"step_amount": money("1")}, {"step_amount": "TOO_MANY"}),
        ({"step_amount": money("2.70"), "step_months": 31}, {"step_amount": "TOO_MANY"}),
        (
            {"min_amount": money("-5"), "step_months": -1},
            dict.fromkeys(("min_amount", "step_months"), "OUT_OF_RANGE"),
        ),
    ],
)
def test_a_wrong_grid_is_refused(client: Client, more: Json, expected: dict[str, str]) -> None:
    assert refused(client, rpc.ExploreLoanTermsRequest(application=application(BASE), **more)) == expected


def test_a_grid_of_exactly_the_most_cells_is_answered(client: Client) -> None:
    grid = explore(
        client,
        BASE,
        min_amount=money("1000"),
        max_amount=money("1199"),
        step_amount=money("1"),
        min_months=8,
        max_months=12,
        step_months=1,
    )
    assert len(grid.cells) == 1_000


def test_the_time_of_a_call_is_kept(client: Client) -> None:
    request = rpc.ExploreLoanTermsRequest(application=application(BASE), step_months=1)
    with pytest.raises(grpc.RpcError) as failure:
        client.eligibility.ExploreLoanTerms(request, timeout=0.05)
    assert failure.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_questions_are_those_that_can_still_change_the_outcome(client: Client) -> None:
    unknown = {
        "applicant": {"birth_date": None},
        "budget": {"monthly_income": None, "monthly_charges": None},
        "banking": {"ficp": None},
    }
    found = assess(client, merged(BASE, unknown))
    assert [question.path for question in found.questions] == [
        "budget.monthly_income",
        "applicant.birth_date",
        "budget.monthly_charges",
        "banking.ficp",
    ]
    income = found.questions[0]
    assert spaced(income.question) == "Quelles sont toutes les ressources mensuelles du foyer ?"
    assert (income.proof_document, income.proof_document_label) == (
        "RESSOURCES",
        "Justificatifs de ressources",
    )
    assert list(income.rule_codes) == ["LIVING_REMAINDER_TOO_LOW", "DEBT_RATIO_TOO_HIGH", "DATA_MISSING"]
    refused_anyway = assess(client, merged(merged(BASE, unknown), {"loan": {"amount": "9000"}}))
    assert [fact.path for fact in refused_anyway.missing] == [fact.path for fact in found.missing]
    assert not refused_anyway.questions


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (BASE, []),
        (facts(banking__overindebtedness="RECEVABLE"), ["banking.commission_agreement"]),
        (facts(applicant__legal_protection="TUTELLE"), ["applicant.protection_authorised"]),
        (facts(banking__ficp=None, banking__fcc=None), ["banking.ficp", "banking.fcc"]),
        (facts(banking__ficp=None, project__category="SANTE"), []),
        (facts(documents=["RIB"], applicant__birth_date=None), ["applicant.birth_date"]),
        (facts(budget__monthly_income="200", budget__monthly_charges=None), []),
        (facts(budget__debt_repayments=None, budget__monthly_income="99999"), ["budget.debt_repayments"]),
    ],
)
def test_no_useless_question(client: Client, given: Json, expected: list[str]) -> None:
    assert [question.path for question in assess(client, given).questions] == expected


def test_the_examples_of_the_guide_of_the_instructor(client: Client) -> None:
    """Its sentences are those of the server."""
    guide = spaced((ROOT / "docs" / "instruction.md").read_text(encoding="utf-8"))
    examples = ROOT / "examples" / "requests"
    wanted = Parse((examples / "changements.json").read_text(encoding="utf-8"), rpc.SuggestChangesRequest())
    answer = client.eligibility.SuggestChanges(wanted, timeout=TIMEOUT)
    grid = Parse((examples / "grille.json").read_text(encoding="utf-8"), rpc.ExploreLoanTermsRequest())
    explored = client.eligibility.ExploreLoanTerms(grid, timeout=TIMEOUT)
    for summary in (answer.summary, explored.summary, *(found.summary for found in answer.suggestions)):
        assert spaced(summary) in guide
