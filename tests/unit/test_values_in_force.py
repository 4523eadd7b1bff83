"""What another version changes of what is in force already: values, rules, dated texts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import services.documents
from services.documents.publishing import texts_in_force
from services.eligibility.app import told_unvoted
from services.eligibility.package import read_package
from services.eligibility.publishing import unvoted_values, values_in_force
from tests.ruleset_support import SHIPPED, Edit, edited

PROFILE = Path(services.documents.__file__).parent / "profiles" / "cias-exemple"
SHIPPED_PROFILE = {path.name: path.read_bytes() for path in PROFILE.iterdir()}
TODAY = date(2026, 12, 1)
CEILING = "      value: 3000.00\n      reference: Règlement intérieur, article 2\n"
ADDED = "    - valid_from: {}\n      value: 4000.00\n      reference: Délibération n° 2026-48\n"
RULE = "AMOUNT_ABOVE_MAX:\n"


def said(*edits: Edit, day: date = TODAY) -> list[str]:
    found = values_in_force(SHIPPED, edited(SHIPPED, *edits), day)
    return [str(one).replace("\u00a0", " ").replace("\u202f", " ") for one in found]


def test_a_value_changed_in_its_place_is_said() -> None:
    (found,) = said(("parameters.yaml", CEILING, CEILING.replace("3000", "4000")))
    assert found.startswith("parameters.yaml:23:1 : « Montant maximal » : ")
    assert "à partir du 1er janvier 2011, 4 000,00 € " in found
    assert "au lieu de 3 000,00 € (Règlement intérieur, article 2)" in found
    assert "(VALUE_IN_FORCE)" in found


@pytest.mark.parametrize(("first", "told"), [("2026-12-01", True), ("2026-12-02", False)])
def test_a_value_dated_of_a_day_to_come_changes_nothing(first: str, told: bool) -> None:
    found = said(("parameters.yaml", CEILING, CEILING + ADDED.format(first)))
    assert ["à partir du 1er décembre 2026, 4 000,00 €" in one for one in found] == [True] * told


def test_before_the_first_day_that_both_may_govern_nothing_is_in_force() -> None:
    assert said(("parameters.yaml", CEILING, CEILING.replace("3000", "4000")), day=date(2010, 12, 31)) == []


def test_what_is_said_otherwise_without_another_value_is_no_change() -> None:
    assert said(("parameters.yaml", "Règlement intérieur, article 2", "Délibération n° 2010-7")) == []
    assert said() == []


def test_a_rule_whose_days_move_is_said() -> None:
    (found,) = said(("rules.yaml", RULE, f"{RULE}  valid_from: 2026-11-01\n"))
    assert "La règle AMOUNT_ABOVE_MAX vaut à partir du 1er novembre 2026, et non plus" in found
    assert said(("rules.yaml", RULE, f"{RULE}  valid_until: 2027-06-30\n")) == []


def test_a_text_of_law_changed_in_its_place_is_said() -> None:
    """The text since 20 November 2026 is in force on 1 December, not on 1 November."""
    file = "profile.yaml"
    text = SHIPPED_PROFILE[file].decode()
    changed = {**SHIPPED_PROFILE, file: text.replace("Attention ! Un crédit", "Un crédit").encode()}
    (found,) = texts_in_force(SHIPPED_PROFILE, changed, TODAY)
    assert "law.credit_notice : un texte déjà en vigueur change, à partir du 20 novembre 2026" in (
        found.sentence.replace("\u00a0", " ")
    )
    assert texts_in_force(SHIPPED_PROFILE, changed, date(2026, 11, 1)) == ()
    assert texts_in_force(SHIPPED_PROFILE, SHIPPED_PROFILE, TODAY) == ()


DRAFT = "      draft: true\n    - valid_from: 2027-01-01\n      value: 10.00\n      reference: Délibération\n"


def test_a_value_that_waits_for_its_vote_is_said_where_it_would_govern() -> None:
    shipped = [one.sentence.partition("\u00a0»")[0] for one in unvoted_values(SHIPPED, TODAY)]
    assert len(shipped) == 3
    assert shipped[0].endswith("Reste à vivre minimal par personne et par jour")
    voted = edited(SHIPPED, ("parameters.yaml", "      draft: true\n", DRAFT))
    assert len(unvoted_values(voted, TODAY)) == 3
    assert len(unvoted_values(voted, date(2027, 1, 1))) == 2


def test_the_service_that_starts_says_what_waits_for_its_vote() -> None:
    with capture_logs() as logged:
        told_unvoted({"": read_package(SHIPPED)})
    assert [(one["event"], one["log_level"], one["ruleset"]) for one in logged] == [
        ("unvoted_value", "warning", "ploermel 2026.1")
    ] * 3
