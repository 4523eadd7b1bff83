"""The check of a rule package: what it finds without running it, by running it, and when it must stop it."""

from __future__ import annotations

import pytest

from services.eligibility.package.load import read_package
from services.eligibility.publishing.check import Report, check, child
from services.eligibility.publishing.check.agreement import Trial
from services.eligibility.publishing.check.applications import of_cases
from services.eligibility.publishing.check.examine import examine
from services.kit.child import Message
from services.kit.errors import Unavailable
from services.kit.findings import Findings
from tests.ruleset_support import SHIPPED, Edit, edited

RULES = SHIPPED["rules.yaml"].decode()


def with_rule(name: str, condition: str, *more: str) -> dict[str, bytes]:
    """The shipped package with one rule more."""
    lines = (
        f"{name}:",
        "severity: reserve",
        f"when: {condition}",
        "message: Essai.",
        "article: Essai",
        *more,
    )
    rule = "\n  ".join(lines)
    return {**SHIPPED, "rules.yaml": f"{RULES}\n{rule}\n".encode()}


def said(report: Report) -> list[str]:
    """The findings, ordinary spaces."""
    return [str(finding).replace("\u00a0", " ").replace("\u202f", " ") for finding in report.findings]


@pytest.fixture(scope="module")
def shipped() -> Report:
    return check(SHIPPED, seconds=600)


def test_the_shipped_package_passes(shipped: Report) -> None:
    assert shipped.accepted, said(shipped)
    assert shipped.case_count >= 114
    assert shipped.covered_condition_count == shipped.condition_count - 1
    assert min(shipped.boundary_count, shipped.random_count, shipped.property_count) > 0


def test_the_same_package_gives_the_same_report(shipped: Report) -> None:
    assert examine(SHIPPED) == shipped


def test_what_running_the_package_shows_is_told_at_once() -> None:
    package = {
        **edited(
            with_rule("UNCOVERED", "loan.amount > amount_max and loan.amount < amount_min"),
            (
                "rules.yaml",
                "severity: blocking\n  when: applicant_age < age_min",
                "severity: reserve\n  when: applicant_age < age_min",
            ),
            ("cases/10-pret.yaml", "reasons: [AMOUNT_BELOW_MIN]", "reasons: [AMOUNT_ABOVE_MAX]"),
            (
                "parameters.yaml",
                "amount_min:\n",
                "unread:\n  type: money\n  label: Jamais lu\n  values:\n"
                "    - valid_from: 2011-01-01\n      value: 1.00\n      reference: Essai\n\namount_min:\n",
            ),
        )
    }
    report = examine(package)
    found = said(report)
    assert not report.accepted
    for expected in (
        "Aucun cas ne rend vraie la règle UNCOVERED : ajoutez un cas, ou lancez « eligibility prove »",
        "motifs : attendu « AMOUNT_ABOVE_MAX », obtenu « AMOUNT_BELOW_MIN ».",
        "Ce paramètre n’est lu par rien : retirez-le.",
        "La propriété « Une personne mineure ne peut jamais être présentée » n’est pas tenue",
    ):
        assert any(expected in one for one in found), (expected, found)
    assert [one.startswith("cases/") for one in found] == sorted(one.startswith("cases/") for one in found)


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (
            with_rule("UNITS", "loan.months > applicant_age"),
            "mêle deux unités : « mois » et « ans »",
        ),
        (
            with_rule("LONG", " and ".join(f"loan.months > {number}" for number in range(70))),
            "nommez-en une partie dans derived.yaml",
        ),
        (
            with_rule("PAST", "loan.months > months_max", "valid_until: 2001-01-01"),
            "n’est jamais en vigueur",
        ),
        (
            edited(
                SHIPPED,
                ("facts.yaml", "unit: mois\n  minimum: 1\n  maximum: 600", "unit: mois\n  minimum: 1"),
            ),
            "n’est pas bornée",
        ),
        (
            edited(SHIPPED, ("parameters.yaml", "value: 3000.00", "value: 03000.00")),
            "parameters.yaml:",
        ),
        (
            {**SHIPPED, "rules.yaml": b"".join(b"R%d:\n  code: R%d\n" % (n, n) for n in range(10_000))},
            "1000 au plus sont admis",
        ),
    ],
    ids=["units", "long expression", "never in force", "endless loan", "leading zero", "10,000 rules"],
)
def test_what_needs_no_running(package: dict[str, bytes], expected: str) -> None:
    report = examine(package)
    assert not report.accepted
    assert any(expected in one for one in said(report)), said(report)


def test_a_division_by_zero_is_unknown_and_kills_nothing() -> None:
    ratio: Edit = (
        "derived.yaml",
        "funding_gap:",
        "ratio:\n  label: Essai\n  value: budget.monthly_income / (loan.months - loan.months)\n\n"
        "funding_gap:",
    )
    report = check(edited(with_rule("RATIO", "ratio > amount_max"), ratio), seconds=600)
    assert any("« ratio > amount_max » n’est jamais vraie" in one for one in said(report))


def test_sixty_five_rules_true_of_one_application_are_all_given() -> None:
    rules = "".join(
        f"\nTRUE_{number}:\n  severity: reserve\n  when: loan.months > {number % 3}\n"
        "  message: Essai.\n  article: Essai\n"
        for number in range(65)
    )
    findings = Findings()
    package = read_package({**SHIPPED, "rules.yaml": (RULES + rules).encode()})
    found = Trial(package, findings).run(of_cases(package)[0])
    assert sum(rule.code.startswith("TRUE_") for rule in found.rules) == 65
    assert list(findings) == []


def test_a_check_that_lasts_says_nothing_of_the_package() -> None:
    """Wall time depends on the load of the machine: the same package may be sent again."""
    with pytest.raises(Unavailable) as caught:
        check(SHIPPED, seconds=0.05)
    assert caught.value.reason == "CHECK_INTERRUPTED"


def test_a_check_that_asks_too_much_is_refused_with_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_PROCESSOR_SECONDS", 1)
    report = check(SHIPPED, seconds=120)
    assert said(report) == [
        "package.yaml:1:1 : Le contrôle demande plus de 1 seconde de processeur : allégez le paquet."
    ]
    assert (report.accepted, bool(report.digest)) == (False, True)


def test_a_child_that_dies_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_question", lambda *_: Message("neither a path nor a content"))
    assert "s’est interrompu" in said(check(SHIPPED, seconds=20))[0]
