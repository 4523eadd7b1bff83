"""The demonstration of accesses: played from its beginning, authority and provider included."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests import oidc
from tests.support import ROOT

pytestmark = [
    oidc.needs_provider,
    pytest.mark.more("une matinée d’accès : trois services sous TLS, un fournisseur d’identités"),
]
COMMAND = [sys.executable, "-m", "examples.access"]


@pytest.fixture(scope="module")
def steps() -> list[str]:
    """What each step prints, with ordinary spaces."""
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return re.split(r"\n\d\. ", done.stdout.replace("\u00a0", " ").replace("\u202f", " "))


def test_who_is_not_proved_gets_nothing(steps: list[str]) -> None:
    assert re.findall(r" : (\S+)$|(UNAVAILABLE)", steps[3], re.M)[0][1] == "UNAVAILABLE"
    assert "sans agent : TOKEN_REQUIRED\n" in steps[3]
    assert "autre service : TOKEN_REFUSED AUDIENCE\n" in steps[3]


def test_each_role_does_its_part_and_no_other(steps: list[str]) -> None:
    no_role = "Aucun de vos rôles ne permet cet appel"
    assert re.search(r"claire : demande évaluée, décision [0-9a-f-]{36}\n", steps[4])
    assert f"publish reglement-2027\n   {no_role}" in steps[4]
    assert re.search(r"Version 2027\.1, empreinte \w{12}… : publiée", steps[5])
    assert f"activate 2027.1 --from 2027-01-01\n   {no_role}" in steps[5]
    assert "La version 2027.1 gouverne" in steps[6]


def test_a_case_is_for_its_team(steps: list[str]) -> None:
    assert re.search(r"hugo :\n.*\n +Aucune décision ne porte ce nom\.", steps[7])
    assert "Comment votre demande a été examinée" in steps[7]


def test_two_persons_erase_and_the_disk_holds_nothing_of_the_key(steps: list[str]) -> None:
    assert re.findall(r"cherchée dans \d+ fichiers : (trouvée|dans aucun)", steps[8]) == [
        "trouvée",
        "dans aucun",
    ]
    assert "Rien n’est fait encore : cet acte demande deux personnes" in steps[8]
    assert re.search(r"EraseCase +ville:odile .*\n +1 acte en attente\.", steps[8])
    assert "Les informations de ce dossier ont été effacées." in steps[8]


def test_the_journal_tells_the_morning(steps: list[str]) -> None:
    told = re.findall(r"ville:(\w+) +127\.0\.0\.1 +(\w+) +\S+ +(\w+)", steps[9])
    for line in (
        ("claire", "AssessEligibility", "OK"),
        ("claire", "PublishPackage", "ROLE_NOT_ALLOWED"),
        ("camille", "PublishPackage", "OK"),
        ("camille", "ActivateVersion", "ROLE_NOT_ALLOWED"),
        ("dominique", "ActivateVersion", "OK"),
        ("hugo", "ExplainDecision", "DECISION_NOT_FOUND"),
        ("odile", "EraseCase", "SECOND_PERSON_REQUIRED"),
        ("noe", "EraseCase", "OK"),
    ):
        assert line in told
    assert "- ville:hugo : 1 appel refusé, pour des dossiers d’une autre équipe." in steps[9]
    assert re.search(r"Les \d+ lignes du journal des accès sont celles d’origine", steps[9])


def test_without_node_it_says_so() -> None:
    nothing = {"PATH": ""}
    done = subprocess.run(COMMAND, cwd=ROOT, env=nothing, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Échec : Node.js")
