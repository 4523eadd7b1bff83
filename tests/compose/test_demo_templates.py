"""The demonstration of a changed letter: played against a running service, as `make demo-templates` does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests import warm
from tests.support import ROOT, Launch

pytestmark = pytest.mark.more("une matinée de modèles : mille courriers, une conversion, des réparations")
APPOINTMENT = "Un rendez-vous vous sera proposé"


def play(folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    return warm.run("examples.templates", env={"ADDRESS_DOCUMENTS": address}, cwd=folder, timeout=900)


@pytest.fixture(scope="module")
def played(launch: Launch) -> str:
    """What the demonstration prints, with ordinary spaces."""
    server = launch("services.documents", "--workers", "2")
    workers = server.workers()
    done = play(ROOT, server.address)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.workers() == workers
    return done.stdout.replace("\u00a0", " ").replace("\u202f", " ")


def step(played: str, number: int) -> str:
    """What one step prints."""
    return played.split(f"\n{number}. ", 1)[1].split(f"\n{number + 1}. ", 1)[0]


def test_it_fits_on_two_screens(played: str) -> None:
    assert len(played.splitlines()) <= 100


def test_the_comparison_shows_the_sentence(played: str) -> None:
    removed, added = re.findall(r"^ +([−+]) .*$", step(played, 2), re.MULTILINE)
    assert (removed, added) == ("−", "+")
    assert APPOINTMENT in step(played, 2)
    assert "Version 1.1.0" in step(played, 2)


def test_each_letter_follows_the_version_of_its_date(played: str) -> None:
    letters = re.findall(r"lettre du (\S+), version (\S+) : « (.*) »", played)
    told = [(day, version, APPOINTMENT in text) for day, version, text in letters]
    assert told == [
        ("01/01/2027", "1.0.0", False),
        ("31/12/2026", "1.0.0", False),
        ("01/01/2027", "1.1.0", True),
        ("01/01/2027", "1.0.0", False),
    ]


def test_a_broken_template_is_refused_with_every_finding(played: str) -> None:
    refused = step(played, 4)
    assert "Le paquet est refusé : 2 erreurs" in refused
    assert "« applicant.prenom » n’existe pas" in refused
    assert "« loan.amount »" in refused
    assert "Les remarques sont en commentaire" in refused


def test_what_an_office_brings_is_mended_converted_and_merged(played: str) -> None:
    mended, converted, merged = (step(played, number) for number in (6, 7, 8))
    assert "Le paquet est refusé" in mended.splitlines()[1]
    assert "Le paquet est accepté" in mended
    assert "publiée" in mended
    assert "À décider : « Conseillère » (1 fois)" in converted
    assert converted.rstrip().endswith("Le paquet est accepté (0 avertissement).")
    assert merged.count("Cette ligne du tableau ne peut pas être lue.") == 5
    assert "995 courriers à faire, 5 refus." in merged
    assert merged.rstrip().endswith("995 documents, 5 refus : lot.docx")


def test_loops_that_would_not_end_are_refused_with_their_cost(played: str) -> None:
    assert re.search(r"demanderait [\d ]{13,} pas", step(played, 9).replace("\u202f", " "))
    assert "Le paquet est refusé" in step(played, 9)


def test_without_a_service_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "services").symlink_to(ROOT / "services")
    done = play(tmp_path, "127.0.0.1:9")
    assert done.returncode == 1
    assert done.stderr.startswith("Échec")
    assert "Traceback" not in done.stderr
