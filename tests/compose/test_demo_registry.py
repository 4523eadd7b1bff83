"""The demonstration of the registry: played against a running service, as `make demo-registry` does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import warm
from tests.bank_registry_support import run_import
from tests.support import ROOT, Launch, registry_keys

HANGING_SECONDS = 900
"""A bound on a demonstration that hangs, not on the machine."""
SAMPLE = ROOT / "services" / "bank_registry" / "samples" / "preteurs-fictifs.json"


@pytest.fixture(scope="module")
def played(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the demonstration prints, with ordinary spaces."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demo')}/registry.sqlite3"
    assert run_import(url, SAMPLE).returncode == 0
    server = launch("services.bank_registry", "--workers", "2", "--database-url", url, env=registry_keys(url))
    workers = server.workers()
    env = {"ADDRESS_BANK_REGISTRY": server.address, "BANK_REGISTRY_DATABASE_URL": url}
    folder = tmp_path_factory.mktemp("played")
    done = warm.run("examples.registry", env=env, cwd=folder, timeout=HANGING_SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.workers() == workers
    return done.stdout.replace("\u00a0", " ").replace("\u202f", " ")


def step(played: str, number: int) -> str:
    """What one step prints."""
    return played.split(f"\n{number}. ", 1)[1].split(f"\n{number + 1}. ", 1)[0]


def test_the_two_bad_lines_are_named_and_the_rest_is_written(played: str) -> None:
    shown = step(played, 1)
    assert re.search(r"5 +dernier jour de l’accord +banque-fictive-de-la-vilaine +La date 31/02/2028", shown)
    assert re.search(r"8 +codes du territoire +fondation-fictive\S+ +Le code « 56800 »", shown)
    assert "corrige le passé" in shown
    assert re.search(r"14/09/2026 +01/12/2026", shown)
    assert "1 prêteur créé, 1 modifié, 1 prend fin, 1 inchangé, 2 refusés (état n° 1)." in shown
    assert "État n° 2 écrit, d’un seul coup ; les 2 prêteurs refusés restent comme ils étaient." in shown


def test_the_answer_depends_on_the_day_and_on_what_was_known(played: str) -> None:
    answers = re.findall(
        r"^   (\d\d/\d\d/\d{4}) +(possible|non : .*?)  +(possible|non : .*)$", step(played, 2), re.M
    )
    assert [(day, before, now.partition(" : ")[0]) for day, before, now in answers] == [
        ("15/12/2025", "possible", "possible"),
        ("15/12/2026", "possible", "possible"),
        ("15/01/2027", "possible", "non"),
    ]


def test_a_suspension_changes_the_selection_from_its_first_day(played: str) -> None:
    found = re.findall(r"^   (\S+) : \d prêteurs possibles : (.*)$", step(played, 3), re.M)
    (sunday, before), (monday, after) = [(day, set(names.split(", "))) for day, names in found]
    assert (sunday, monday) == ("06/12/2026", "07/12/2026")
    assert before - after == {"banque-fictive-de-l-oust"}
    assert after < before


def test_the_history_the_export_and_the_audit_agree(played: str) -> None:
    assert "suspension à partir du 7 décembre 2026" in step(played, 8)
    assert "0 prêteur créé, 0 modifié, 0 prend fin, 9 inchangés, 0 refusé (état n° 9)." in step(played, 9)
    assert "Le journal est entier" in step(played, 11)
    assert re.search(r"Fin du journal, à garder ailleurs : \d+:[0-9a-f]{64}", step(played, 11))


def test_an_amendment_leaves_the_past_and_a_correction_says_that_it_does_not(played: str) -> None:
    amended, corrected = step(played, 4), step(played, 5)
    assert "3 500 € demandés le 15/12/2026 : non" in amended
    assert "3 500 € demandés le 15/01/2027 : possible" in amended
    assert "corrige le passé" in " ".join(corrected.split())
    assert "Sans --correct : Cet import change des jours déjà passés" in corrected
    assert "Avec --correct, 3 500 € demandés le 15/12/2026 : possible" in corrected
    assert "plus de dernier jour prévu" in step(played, 6) or "31 mars 2028" in step(played, 6)


def test_a_merger_takes_the_envelope_and_its_reservation_with_it(played: str) -> None:
    merged = step(played, 7)
    assert "il reste 500 €" in merged
    assert "À l’essai : 1 réservation refaite" in merged
    assert "repris par banque-fictive-de-la-vilaine à partir du 1er janvier 2027" in merged
    listed = merged.split("$ bank-registry reservations banque-fictive-de-la-vilaine", 1)[1]
    assert re.search(r"1 000,00 € +\S+ +15/01/2027 +2026-0187", listed)


def test_the_site_is_published_and_a_tampered_past_is_named(played: str) -> None:
    assert re.search(r"/out/registre : 9 prêteurs, état n° 9, \d+ fichiers, sans signature", step(played, 10))
    tampered = step(played, 12)
    assert "caisse-fictive-de-broceliande" in tampered
    assert "amount_max" in tampered


def test_without_a_service_it_says_so(tmp_path: Path) -> None:
    done = warm.run("examples.registry", env={"ADDRESS_BANK_REGISTRY": "127.0.0.1:9"}, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Échec")
    assert "Traceback" not in done.stderr
