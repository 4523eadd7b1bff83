"""What changes between two versions: told once, at its place, in French."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.eligibility.package.model import RulePackage
from services.eligibility.publishing.rulebook_differences import (
    ChangeKind,
    RulebookChange,
    Section,
    differences,
)
from tests.eligibility_support import PACKAGE, copied_package, load_package

Edit = tuple[str, str, str]


@pytest.fixture(scope="module")
def shipped() -> RulePackage:
    return load_package(PACKAGE)


def told(change: RulebookChange) -> tuple[Section, ChangeKind, str, tuple[str, ...]]:
    details = (line.replace("\u00a0", " ").replace("\u202f", " ") for line in change.details)
    return change.section, change.kind, change.name, tuple(details)


NEW_CEILING = (
    "      value: 3000.00\n      reference: Règlement intérieur, article 2\n",
    "      value: 3000.00\n      reference: Règlement intérieur, article 2\n"
    "    - valid_from: 2027-01-01\n      value: 4000.00\n      reference: Délibération 48\n",
)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            ("parameters.yaml", *NEW_CEILING),
            (
                Section.PARAMETERS,
                ChangeKind.CHANGED,
                "amount_max",
                ("à partir du 1er janvier 2027 : 4 000,00 € au lieu de 3 000,00 € (Délibération 48)",),
            ),
            id="a dated value",
        ),
        pytest.param(
            ("parameters.yaml", "        - AUTRE\n", "        - AUTRE\n        - LOGEMENT\n"),
            (
                Section.PARAMETERS,
                ChangeKind.CHANGED,
                "review_categories",
                (
                    "à partir du 1er janvier 2011 : ajout de Logement (Règlement intérieur, article 5 "
                    "(« principalement » emploi, mobilité et logement))",
                ),
            ),
            id="a code of a list",
        ),
        pytest.param(
            ("parameters.yaml", "reference: Règlement intérieur, article 3", "reference: Article 4"),
            (
                Section.PARAMETERS,
                ChangeKind.CHANGED,
                "months_min",
                (
                    "à partir du 1er janvier 2011 : même valeur, autre référence : Article 4 (auparavant : "
                    "Règlement intérieur, article 3)",
                ),
            ),
            id="a reference",
        ),
        pytest.param(
            ("rules.yaml", "when: loan.amount > amount_max", "when: loan.amount >= amount_max"),
            (
                Section.RULES,
                ChangeKind.CHANGED,
                "AMOUNT_ABOVE_MAX",
                (
                    "condition : « Montant demandé » atteint ou dépasse « Montant maximal » (auparavant : "
                    "« Montant demandé » dépasse « Montant maximal »)",
                ),
            ),
            id="a condition",
        ),
        pytest.param(
            ("rules.yaml", "FICP_DECLARED:\n  severity: reserve", "FICP_DECLARED:\n  severity: blocking"),
            (
                Section.RULES,
                ChangeKind.CHANGED,
                "FICP_DECLARED",
                ("gravité : bloquante (auparavant : réserve)",),
            ),
            id="a severity",
        ),
        pytest.param(
            ("rules.yaml", "  orientation: MISSION_LOCALE\n", ""),
            (
                Section.RULES,
                ChangeKind.CHANGED,
                "APPLICANT_MINOR",
                ("orientation : néant (auparavant : Mission locale)",),
            ),
            id="an orientation",
        ),
        pytest.param(
            ("facts.yaml", "  minimum: 1\n  maximum: 600\n", "  minimum: 1\n  maximum: 120\n"),
            (
                Section.FACTS,
                ChangeKind.CHANGED,
                "loan.months",
                ("maximum : 120 mois (auparavant : 600 mois)",),
            ),
            id="a bound of a question",
        ),
        pytest.param(
            (
                "derived.yaml",
                "value: budget.credit_instalments + instalment",
                "value: instalment + budget.credit_instalments",
            ),
            (
                Section.DERIVED,
                ChangeKind.CHANGED,
                "credit_burden",
                (
                    "calcul : « Mensualité du prêt » + « Mensualités de crédits en cours » (auparavant : "
                    "« Mensualités de crédits en cours » + « Mensualité du prêt »)",
                    "lit : instalment, budget.credit_instalments (auparavant : budget.credit_instalments, "
                    "instalment)",
                ),
            ),
            id="a calculation",
        ),
        pytest.param(
            ("decision.yaml", "MISSION_LOCALE: Mission locale", "MISSION_LOCALE: Mission locale de Ploërmel"),
            (
                Section.DECISION,
                ChangeKind.CHANGED,
                "MISSION_LOCALE",
                ("intitulé : Mission locale de Ploërmel (auparavant : Mission locale)",),
            ),
            id="the label of an orientation",
        ),
        pytest.param(
            (
                "decision.yaml",
                "  - list: required_documents\n",
                "  - list: required_documents\n    when: support.accepted\n",
            ),
            (
                Section.DECISION,
                ChangeKind.CHANGED,
                "required_documents.1",
                ("situation : la réponse à « Accompagnement social accepté » est oui (auparavant : toutes)",),
            ),
            id="the situation of documents",
        ),
        pytest.param(
            ("properties.yaml", "never: [ELIGIBLE, ELIGIBLE_WITH_RESERVE]\n", "never: [ELIGIBLE]\n"),
            (
                Section.PROPERTIES,
                ChangeKind.CHANGED,
                "incomplete_never_eligible",
                (
                    "issues exclues : Peut être présentée (auparavant : Peut être présentée et Peut être "
                    "présentée, sous réserve)",
                ),
            ),
            id="a property",
        ),
        pytest.param(
            ("cases/10-pret.yaml", "      loan.amount: 299.99\n", "      loan.amount: 299.98\n"),
            (
                Section.CASES,
                ChangeKind.CHANGED,
                "E03",
                ("demande « Montant demandé » : 299,98 € (auparavant : 299,99 €)",),
            ),
            id="a case",
        ),
        pytest.param(
            ("package.yaml", 'version: "2026.1"', 'version: "2027.1"'),
            (
                Section.IDENTITY,
                ChangeKind.CHANGED,
                "package",
                ("version : 2027.1 (auparavant : 2026.1)",),
            ),
            id="the version",
        ),
    ],
)
def test_one_edit_is_one_change(
    shipped: RulePackage,
    tmp_path: Path,
    edit: Edit,
    expected: tuple[Section, ChangeKind, str, tuple[str, ...]],
) -> None:
    assert [
        told(change) for change in differences(shipped, load_package(copied_package(tmp_path / "p", edit)))
    ] == [expected]


def test_the_same_content_has_no_difference(shipped: RulePackage) -> None:
    assert differences(shipped, load_package(PACKAGE)) == ()


def test_what_is_added_one_way_is_removed_the_other_way(shipped: RulePackage, tmp_path: Path) -> None:
    condition = "when: household.persons == 1"
    rule = f"SOLO:\n  severity: reserve\n  {condition}\n  message: Seul.\n  article: Article 1\n\n"
    candidate = load_package(
        copied_package(tmp_path / "p", ("rules.yaml", "# Le prêt\n\n", f"# Le prêt\n\n{rule}"))
    )
    (added,) = differences(shipped, candidate)
    (removed,) = differences(candidate, shipped)
    assert told(added)[:3] == (Section.RULES, ChangeKind.ADDED, "SOLO")
    assert "condition : « Personnes au foyer » vaut 1 personne" in told(added)[3]
    assert told(removed) == (Section.RULES, ChangeKind.REMOVED, "SOLO", ())


def test_a_value_changed_in_the_past_is_told_from_its_first_to_its_last_day(
    shipped: RulePackage, tmp_path: Path
) -> None:
    edit = ("parameters.yaml", "      value: 5000.00\n", "      value: 6000.00\n")
    candidate = load_package(copied_package(tmp_path / "p", edit))
    (change,) = differences(shipped, candidate)
    (line,) = told(change)[3]
    assert line.startswith("à partir du 17 janvier 2016 : 6 000,00 € au lieu de 5 000,00 €")
