"""The demonstration of a vote: played against a running service, as `make demo-rules` does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import warm
from tests.support import Launch


@pytest.fixture(scope="module")
def played(launch: Launch) -> str:
    """What the demonstration prints, with ordinary spaces."""
    server = launch("services.eligibility", "--workers", "2")
    workers = server.workers()
    done = warm.run("examples.rules", env={"ADDRESS_ELIGIBILITY": server.address})
    assert (done.returncode, done.stderr) == (0, "")
    assert server.workers() == workers
    return done.stdout.replace("\u00a0", " ").replace("\u202f", " ")


def step(played: str, number: int) -> str:
    """What one step prints."""
    return played.split(f"\n{number}. ", 1)[1].split(f"\n{number + 1}. ", 1)[0]


def test_it_fits_on_a_screen(played: str) -> None:
    assert len(played.splitlines()) <= 60


def test_the_publication_shows_what_changes_and_its_check(played: str) -> None:
    published = step(played, 2)
    assert "4 000,00 € au lieu de 3 000,00 €" in published
    assert re.search(r"Version 2027\.1, empreinte \w{12}… : publiée", published)


def test_the_new_version_is_proved_before_it_is_published(played: str) -> None:
    published = step(played, 2)
    assert "score 100 %" in published
    assert "« Ne peut pas être présentée » devient « Peut être présentée » (−AMOUNT_ABOVE_MAX)" in published
    assert "Prouvé : rien d’autre ne change" in published


def test_the_shadow_finds_the_one_application_that_changes(played: str) -> None:
    found = step(played, 3)
    assert "−AMOUNT_ABOVE_MAX" in found
    assert "non présentable → présentable" in found


def test_the_same_facts_are_answered_by_the_rules_of_their_date(played: str) -> None:
    answers = re.findall(
        r"demande du (\S+), 3 700 €, version (\S+) : ([^(]+) \(", step(played, 4) + step(played, 5)
    )
    assert answers == [
        ("31/12/2026", "2026.1", "ne peut pas être présentée"),
        ("01/01/2027", "2027.1", "peut être présentée"),
        ("01/01/2027", "2026.1", "ne peut pas être présentée"),
    ]


def test_the_first_decision_replays_and_the_journal_is_intact(played: str) -> None:
    assert "Identique, octet pour octet" in step(played, 6)
    assert re.search(r"Fin du journal, à garder ailleurs : \d+:[0-9a-f]{64}", step(played, 6))


def test_without_a_service_it_says_so(tmp_path: Path) -> None:
    done = warm.run("examples.rules", env={"ADDRESS_ELIGIBILITY": "127.0.0.1:9"}, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Échec")
    assert "Traceback" not in done.stderr
