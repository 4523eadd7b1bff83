"""The data of a board note: what changes, in the words and within the bounds of its contract."""

from __future__ import annotations

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import ruleset_pb2 as pb
from services.documents.contract.dossier_json import CONTRACT
from services.eligibility.cli.notes import note_of
from services.eligibility.package import read_package
from tests.ruleset_support import SHIPPED, edited, variant

CEILING = "      value: 3000.00\n      reference: Règlement intérieur, article 2\n"
ADDED = "    - valid_from: 2027-01-01\n      value: 4000.00\n      reference: Délibération n° 2026-48\n"
REPORT = pb.ComparisonReport(
    compared_count=12,
    changed_count=2,
    summary="2 dossiers sur 12 deviennent présentables.",
    changes=[
        pb.OutcomeChange(
            base_outcome=assessment_pb2.OUTCOME_NOT_ELIGIBLE,
            candidate_outcome=assessment_pb2.OUTCOME_ELIGIBLE,
            removed_reasons=["AMOUNT_ABOVE_MAX"],
            count=2,
            examples=["decisions/secret"],
        )
    ],
)


def test_a_note_says_values_rules_and_numbers_and_names_nobody() -> None:
    after = edited(
        variant("2027.1-rc1"),
        ("parameters.yaml", CEILING, CEILING + ADDED),
        ("parameters.yaml", "        56165: Ploërmel\n", ""),
        ("rules.yaml", "AMOUNT_BELOW_MIN:\n  severity: blocking", "AMOUNT_BELOW_MIN:\n  severity: reserve"),
    )
    data = note_of(read_package(SHIPPED), read_package(after), "les décisions enregistrées", None, REPORT)
    assert list(CONTRACT.violations(data, "data")) == []
    note = data["board_note"]
    assert (note["version"], note["former_version"]) == ("2027.1-rc1", "2026.1")
    (ceiling,) = [value for value in note["values"] if value["label"] == "Montant maximal"]
    told = (ceiling["from"], ceiling["before"], ceiling["after"])
    assert tuple(one.replace("\u202f", " ").replace("\u00a0", " ") for one in told) == (
        "2027-01-01",
        "3 000,00 €",
        "4 000,00 €",
    )
    (communes,) = [value for value in note["values"] if value["label"] != "Montant maximal"]
    assert "retrait de" in communes["after"]
    (rule,) = note["rules"]
    assert any("gravité" in line for line in rule["details"])
    (group,) = note["impact"]["groups"]
    assert (group["count"], group["before"], group["after"]) == (2, "non présentable", "présentable")
    assert group["reasons"][0].startswith("en moins")
    assert "secret" not in str(data)


def test_nothing_that_changes_is_said_as_nothing() -> None:
    report = pb.ComparisonReport(summary="Aucun changement.")
    after = read_package(variant("2026.2"))
    data = note_of(read_package(SHIPPED), after, "les cas d’essai", None, report)
    assert list(CONTRACT.violations(data, "data")) == []
    assert (data["board_note"]["values"], data["board_note"]["rules"]) == ([], [])
