"""The règlement as Markdown: complete, readable, in French typography."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from services.eligibility.package.model import RulePackage
from services.eligibility.package.parse import parse
from services.eligibility.package.words import Words
from services.eligibility.publishing.rulebook_document import rulebook
from tests.eligibility_support import PACKAGE, copied_package, load_package

DAY = date(2026, 12, 1)


@pytest.fixture(scope="module")
def package() -> RulePackage:
    return load_package(PACKAGE)


@pytest.fixture(scope="module")
def document(package: RulePackage) -> str:
    return rulebook(package, DAY)


def plain(text: str) -> str:
    """With ordinary spaces, to be written in a test."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def section(document: str, title: str) -> str:
    """The text of a section."""
    return document.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_rule_parameter_calculation_question_and_property_is_there(
    package: RulePackage, document: str
) -> None:
    for rule in package.rules:
        assert plain(document).count(f"- Code : `{rule.id}`") == 1
    for parameter in package.parameters.values():
        for dated in parameter.values:
            assert parameter.label in document
            assert dated.reference in document
    for derived in package.derived.values():
        assert f"| {derived.label} |" in document
    for fact in package.facts.values():
        assert f"| {fact.label} | {fact.question or '—'} |" in document
    for title in (*package.identity.legal_basis, *(found.title for found in package.properties)):
        assert title in document
    assert package.digest in document


def test_the_articles_of_a_text_come_in_their_order(document: str) -> None:
    articles = re.findall(r"^### Article \xa0?(\d+)$", plain(section(document, "Règlement intérieur")), re.M)
    assert articles == ["1", "2", "3", "4", "5", "6", "7", "8"]
    texts = re.findall(r"^## (.*)$", document, re.M)
    assert texts.index("Règlement intérieur") < texts.index("Code civil") < texts.index("Valeurs")


def test_a_rule_is_said_with_its_effect_its_threshold_and_its_orientation(document: str) -> None:
    found = re.split(r"\n\*\*|\n###", section(document, "Règlement intérieur"))
    (rule,) = (plain(part) for part in found if "`AMOUNT_ABOVE_MAX`" in part)
    assert rule.strip().splitlines() == [
        "Ne peut pas être présentée** lorsque « Montant demandé » dépasse « Montant maximal » (3 000,00 €).",
        "",
        "- Motif donné : « Le montant demandé (…) dépasse le plafond de 3 000,00 €. »",
        "- Montant maximal : **3 000,00 €** — Règlement intérieur, article 2",
        "- Orientation : Autre prêteur habilité, jusqu’au plafond national, lorsque « Montant demandé » ne "
        "dépasse pas « Plafond national du microcrédit personnel » (8 000,00 €)",
        "- Code : `AMOUNT_ABOVE_MAX`",
    ]


@pytest.mark.parametrize(
    ("day", "ceiling"),
    [
        (date(2016, 1, 16), "3 000,00 €"),
        (date(2016, 1, 17), "5 000,00 €"),
        (date(2022, 2, 6), "5 000,00 €"),
        (date(2022, 2, 7), "8 000,00 €"),
    ],
)
def test_the_values_are_those_of_the_day(package: RulePackage, day: date, ceiling: str) -> None:
    values = plain(section(rulebook(package, day), "Valeurs"))
    bold = [line for line in values.splitlines() if "Plafond national" in line and "**" in line]
    assert [f"**{ceiling}**" in line for line in bold] == [True]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("loan.amount < amount_min", "« Montant demandé » n’atteint pas « Montant minimal » (300,00 €)"),
        (
            "loan.amount >= amount_max",
            "« Montant demandé » atteint ou dépasse « Montant maximal » (3 000,00 €)",
        ),
        ("funding_gap < 0", "« Écart du plan de financement » passe sous 0,00 €"),
        ("not loan.months > 12", "« Durée de remboursement » ne dépasse pas 12 mois"),
        ("project.category == 'SANTE'", "« Catégorie du projet » vaut « Soins »"),
        (
            "project.category in ['SANTE', 'AUTRE']",
            "« Catégorie du projet » vaut « Soins » ou « Autre projet d’insertion »",
        ),
        (
            "project.category not in ['SANTE', 'AUTRE']",
            "« Catégorie du projet » ne vaut ni « Soins » ni « Autre projet d’insertion »",
        ),
        ("project.category not in ['SANTE']", "« Catégorie du projet » ne vaut pas « Soins »"),
        (
            "project.category in excluded_categories and project.category != 'LOISIRS'",
            "« Catégorie du projet » figure dans la liste « Projets exclus » et ne vaut pas « Loisirs »",
        ),
        ("support.accepted", "la réponse à « Accompagnement social accepté » est oui"),
        ("not guarantor_allowed", "« Caution admise » vaut non"),
        ("not known(banking.ficp)", "« Inscription au FICP » reste sans réponse"),
        ("known(debt_ratio_pct)", "« Taux d’endettement » a une valeur"),
        (
            "banking.ficp and (banking.fcc or not support.accepted)",
            "la réponse à « Inscription au FICP » est oui et (la réponse à « Inscription au FCC » est oui ou "
            "la réponse à « Accompagnement social accepté » est non)",
        ),
        (
            "not (banking.ficp and loan.months > 12)",
            "la réponse à « Inscription au FICP » est non ou « Durée de remboursement » ne dépasse pas "
            "12 mois",
        ),
        (
            "known(applicant.residence_permit_end) and applicant.residence_permit_end < loan_end",
            "« Fin de validité du titre de séjour » a une réponse et précède « Fin du remboursement »",
        ),
    ],
)
def test_a_condition_in_french(package: RulePackage, expression: str, said: str) -> None:
    node, problems = parse(expression, package.scope, calculation=False)
    assert node is not None, problems
    assert plain(Words(package, DAY).say(node)) == said


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (
            "living_remainder / (household.persons * days_per_month)",
            "« Reste à vivre » ÷ (« Personnes au foyer » × « Jours par mois » (30 jours))",
        ),
        (
            "budget.monthly_income - (budget.monthly_charges - instalment)",
            "« Ressources mensuelles » − (« Charges mensuelles » − « Mensualité du prêt »)",
        ),
        (
            "budget.monthly_income - budget.monthly_charges - instalment",
            "« Ressources mensuelles » − « Charges mensuelles » − « Mensualité du prêt »",
        ),
        ("round_cents(loan.amount / 3)", "« Montant demandé » ÷ 3, au centime le plus proche"),
    ],
)
def test_a_calculation_in_french(package: RulePackage, expression: str, said: str) -> None:
    node, problems = parse(expression, package.scope, calculation=True)
    assert node is not None, problems
    assert plain(Words(package, DAY).say(node)) == said


def test_the_typography_is_french(document: str) -> None:
    prose = re.sub(r"`[^`]*`", "", document)
    assert "'" not in prose
    assert re.findall(r" [:;!?»%€]", prose) == []
    assert re.findall(r"« ", prose) == []
    assert "  " not in prose.replace("\n  - ", "\n")


def test_the_words_of_a_package_are_never_markup(tmp_path: Path) -> None:
    package = load_package(
        copied_package(
            tmp_path / "p",
            ("facts.yaml", "label: Montant demandé", "label: '*Montant* | <b>demandé</b> [x](y)'"),
        )
    )
    document = rulebook(package, DAY)
    assert r"\*Montant\* \| \<b\>demandé\</b\> \[x\](y)" in document
    widths = {
        re.sub(r"\\\|", "", line).count("|")
        for line in section(document, "Calculs").splitlines()
        if "|" in line
    }
    assert widths == {3}


def test_a_rule_of_another_day_is_told_apart(tmp_path: Path) -> None:
    package = load_package(
        copied_package(
            tmp_path / "p", ("rules.yaml", "FICP_DECLARED:\n", "FICP_DECLARED:\n  valid_from: 2027-01-01\n")
        )
    )
    before, after = rulebook(package, DAY), rulebook(package, date(2027, 1, 1))
    assert "`FICP_DECLARED`" in section(before, "Règles d’autres dates")
    assert "- Code : `FICP_DECLARED`" not in plain(before)
    assert "Règles d’autres dates" not in after
    assert "- Code : `FICP_DECLARED`" in plain(after)
