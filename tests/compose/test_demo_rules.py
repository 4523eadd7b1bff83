"""The demonstration of a vote: played against a running service, as `make demo-rules` does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import warm
from tests.support import Launch

pytestmark = pytest.mark.more("un vote entier, prouvé deux fois")
HANGING_SECONDS = 600
"""It proves for half a minute on an idle machine, and for minutes on a busy one."""


@pytest.fixture(scope="module")
def played(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the demonstration prints, with ordinary spaces; its note is a Word file."""
    server = launch("services.eligibility", "--workers", "2", env={"ELIGIBILITY_DEADLINE_SECONDS": "120"})
    documents = launch("services.documents", "--workers", "1")
    workers, folder = server.workers(), tmp_path_factory.mktemp("vote")
    where = {"ADDRESS_ELIGIBILITY": server.address, "ADDRESS_DOCUMENTS": documents.address}
    done = warm.run("examples.rules", env=where, cwd=folder, timeout=HANGING_SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.workers() == workers
    assert (folder / "out" / "rules" / "note-conseil.docx").read_bytes().startswith(b"PK")
    return done.stdout.replace("\u00a0", " ").replace("\u202f", " ")


def step(played: str, number: int) -> str:
    """What one step prints."""
    return played.split(f"\n{number}. ", 1)[1].split(f"\n{number + 1}. ", 1)[0]


def test_it_fits_on_two_screens(played: str) -> None:
    assert len(played.splitlines()) <= 80


def test_a_version_that_cannot_decide_is_refused_with_a_witness(played: str) -> None:
    refused = step(played, 2)
    assert "rien de ce que l’on peut fournir ne tranche cette règle" in refused
    assert "Cas prêt à ajouter" in refused
    assert "est refusé" in refused


def test_its_cases_are_completed_until_each_changed_word_is_seen(played: str) -> None:
    completed = step(played, 3)
    scores = re.findall(r"score (\S+) %", completed)
    assert len(scores) == 2
    assert scores[0] != "100"
    assert scores[1] == "100"
    assert re.search(r"Version 2027\.1, empreinte \w{12}… : publiée", completed)


def test_the_difference_is_proved_counted_and_written_for_the_board(played: str) -> None:
    told = step(played, 4)
    assert "« Ne peut pas être présentée » devient « Peut être présentée » (−AMOUNT_ABOVE_MAX)" in told
    assert "Prouvé : rien d’autre ne change" in told
    assert "1 dossier sur 11 devient présentable" in told
    assert "la note au conseil est dans " in told


def test_the_same_facts_are_answered_by_the_rules_of_their_date(played: str) -> None:
    answers = re.findall(r"demande du (\S+), 3 700 €, version (\S+) : ([^(]+) \(", step(played, 5))
    assert answers == [
        ("31/12/2026", "2026.1", "ne peut pas être présentée"),
        ("01/01/2027", "2027.1", "peut être présentée"),
    ]


def test_one_person_is_asked_told_what_to_change_and_shown_the_grid(played: str) -> None:
    talked = step(played, 6)
    assert "question : " in talked
    assert "pas encore décidé : LIVING_REMAINDER_TOO_LOW (budget.monthly_charges)" in talked
    assert "Ramener le montant demandé de 4 300 € à 4 000 €" in talked
    assert "à condition que le dossier soit complété" in talked
    assert "de 300,00 € à 4 000,00 €, de 100,00 € en 100,00 €" in talked


def test_the_first_decision_replays_and_the_journal_is_intact(played: str) -> None:
    assert "Identique, octet pour octet" in step(played, 7)
    assert re.search(r"Fin du journal, à garder ailleurs : \d+:[0-9a-f]{64}", step(played, 7))


def test_without_a_service_it_says_so(tmp_path: Path) -> None:
    done = warm.run("examples.rules", env={"ADDRESS_ELIGIBILITY": "127.0.0.1:9"}, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Échec")
    assert "Traceback" not in done.stderr
