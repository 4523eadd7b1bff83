"""The composer plays every application through the three running services."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import warm
from tests.support import Launch, registry_keys

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "services/bank_registry/samples/preteurs-fictifs.json"
RECEIVED, ASKS, REFUSES = "04-accuse-reception", "05-demande-pieces", "14-refus-presentation"
ANNEXES = ("03-budget-mensuel", "16-tableau-amortissement")
FILE, SENT = "dossier", "envoi-prêteur"
PRESENTED = [*ANNEXES, RECEIVED, FILE, SENT]
REFUSED = [RECEIVED, REFUSES, FILE]
EXPECTED: dict[str, tuple[str, list[str], list[str]]] = {
    "01-ordinateur-graphiste": ("ELIGIBLE", [], PRESENTED),
    "02-permis-de-conduire": ("ELIGIBLE", [], PRESENTED),
    "03-demenagement-ficp": ("ELIGIBLE_WITH_RESERVE", ["FICP_DECLARED"], PRESENTED),
    "04-dossier-incomplet": (
        "INCOMPLETE",
        ["DATA_MISSING", "DOCUMENT_MISSING", "BANKING_STATUS_UNKNOWN"],
        [*ANNEXES, RECEIVED, ASKS, FILE],
    ),
    "05-refus-budget": ("NOT_ELIGIBLE", ["LIVING_REMAINDER_TOO_LOW", "DEBT_RATIO_TOO_HIGH"], REFUSED),
    "06-hors-territoire": ("NOT_ELIGIBLE", ["OUTSIDE_TERRITORY"], REFUSED),
    "07-achat-vehicule": ("ELIGIBLE", [], PRESENTED),
    "08-couple-enfants": ("ELIGIBLE", [], PRESENTED),
    "09-creation-entreprise": ("NOT_ELIGIBLE", ["PROJECT_BUSINESS"], REFUSED),
    "10-plan-surendettement": (
        "ELIGIBLE_WITH_RESERVE",
        ["PROJECT_TO_ASSESS", "FICP_DECLARED", "OVERINDEBTEDNESS_PLAN_AGREED"],
        PRESENTED,
    ),
}

Play = Callable[[Path], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def play(launch: Launch, shared: Launch, tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Runs the composer in a folder, against three services that hold the sample lenders."""
    url = f"sqlite:///{tmp_path_factory.mktemp('registry')}/registry.sqlite3"
    registry = {"BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)}
    warm.run("services.bank_registry", "import", str(SAMPLE), "--init", env=registry).check_returncode()
    env = {
        "ADDRESS_ELIGIBILITY": shared("services.eligibility", "--workers", "2").address,
        "ADDRESS_DOCUMENTS": shared(
            "services.documents", "--workers", "2", env={"DOCUMENTS_RETENTION_DAYS": "30"}
        ).address,
        "ADDRESS_BANK_REGISTRY": launch("services.bank_registry", "--workers", "1", env=registry).address,
    }

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        return warm.run("examples.municipal", env=env, cwd=folder)

    return run


@pytest.fixture(scope="module")
def played(play: Play, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The table and the folder of one run over all the applications."""
    folder = tmp_path_factory.mktemp("play")
    done = play(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, folder / "out"


def test_every_application_is_expected() -> None:
    assert sorted(path.stem for path in (ROOT / "examples/municipal/applications").glob("*.json")) == sorted(
        EXPECTED
    )


@pytest.mark.parametrize("case", EXPECTED)
def test_each_outcome_has_its_documents(played: tuple[str, Path], case: str) -> None:
    _, out = played
    outcome, reasons, documents = EXPECTED[case]
    dossier = json.loads((out / case / "dossier.json").read_text(encoding="utf-8"))
    assert dossier["assessment"]["outcome"] == outcome
    assert [reason["code"] for reason in dossier["assessment"]["reasons"]] == reasons
    reference = dossier["case"]["reference"]
    assert sorted(path.name for path in (out / case).glob("*.docx")) == sorted(
        f"{document}_{reference}.docx" for document in documents
    )


def test_documents_are_word_files_about_the_applicant(played: tuple[str, Path]) -> None:
    _, out = played
    for path in out.glob("*/*.docx"):
        dossier = json.loads((path.parent / "dossier.json").read_text(encoding="utf-8"))
        with zipfile.ZipFile(path) as archive:
            text = archive.read("word/document.xml").decode()
        assert dossier["applicant"]["last_name"] in text
        assert path.name.startswith(ANNEXES) or dossier["agent"]["last_name"] in text


def test_the_table_shows_every_case(played: tuple[str, Path]) -> None:
    table, _ = played
    assert table.splitlines()[0].split("  ")[0] == "demande"
    for case, (_, reasons, documents) in EXPECTED.items():
        assert case in table
        shown = [name for name in documents if name not in (FILE, SENT)]
        assert all(text in table for text in [*reasons, *shown, "dossier du service"])


def test_a_second_run_gives_the_same_bytes(play: Play, played: tuple[str, Path], tmp_path: Path) -> None:
    _, out = played
    assert play(tmp_path).returncode == 0
    first = {path.relative_to(out): path.read_bytes() for path in out.glob("*/*.docx")}
    second = {
        path.relative_to(tmp_path / "out"): path.read_bytes() for path in (tmp_path / "out").glob("*/*.docx")
    }
    assert first == second
