"""The calls of the README, run as they are printed, against the running services."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import warm
from tests.support import ROOT, Launch, registry_keys

PORTS = {"services.eligibility": "50051", "services.documents": "50052", "services.bank_registry": "50053"}
SAMPLE = "services/bank_registry/samples/preteurs-fictifs.json"


@pytest.fixture(scope="module")
def shell(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder that looks like a checkout after `make demo`, and the real address of each printed one."""
    folder = tmp_path_factory.mktemp("checkout")
    for name, target in (
        (".venv", Path(sys.prefix)),
        ("examples", ROOT / "examples"),
        ("scripts", ROOT / "scripts"),
    ):
        (folder / name).symlink_to(target)
    url = f"sqlite:///{folder}/registry.sqlite3"
    env = {"BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)}
    warm.run("services.bank_registry", "import", SAMPLE, "--init", env=env).check_returncode()
    addresses = {module: launch(module, "--workers", "1", env=env).address for module in PORTS}
    play = {
        f"ADDRESS_{module.removeprefix('services.').upper()}": address
        for module, address in addresses.items()
    }
    application = ROOT / "examples/municipal/applications/05-refus-budget.json"
    warm.run("examples.municipal", str(application), env=play, cwd=folder).check_returncode()
    return folder, {f"127.0.0.1:{port}": addresses[module] for module, port in PORTS.items()}


def run(shell: tuple[Path, dict[str, str]], word: str) -> str:
    """Runs the command of the README that holds a word, after its definitions; gives what it prints."""
    folder, addresses = shell
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for printed, real in addresses.items():
        text = text.replace(printed, real)
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    (calls,) = (block for block in blocks if "call()" in block)
    definitions, _, commands = calls.partition("\n\n")
    (command,) = [c for c in [*commands.splitlines(), *blocks] if word in c and c != calls]
    script = f"set -e\n{definitions}\n{command}"
    done = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def answer(shell: tuple[Path, dict[str, str]], word: str) -> Any:
    """The JSON that a command of the README prints."""
    return json.loads(run(shell, word))


def test_an_eligible_application(shell: tuple[Path, dict[str, str]]) -> None:
    assessment = answer(shell, "recevable.json")["assessment"]
    assert assessment["outcome"] == "OUTCOME_ELIGIBLE"
    assert "reasons" not in assessment


def test_a_refused_application_has_every_reason(shell: tuple[Path, dict[str, str]]) -> None:
    assessment = answer(shell, "refusee.json")["assessment"]
    assert assessment["outcome"] == "OUTCOME_NOT_ELIGIBLE"
    assert [reason["code"] for reason in assessment["reasons"]] == [
        "AMOUNT_ABOVE_MAX",
        "LIVING_REMAINDER_TOO_LOW",
    ]


def test_a_malformed_application_has_every_bad_field(shell: tuple[Path, dict[str, str]]) -> None:
    error = answer(shell, "malformee.json")
    assert error["code"] == "invalid_argument"
    (fields,) = (detail["fieldViolations"] for detail in error["details"] if "fieldViolations" in detail)
    assert {field["field"] for field in fields} == {
        "application.loan.amount",
        "application.loan.nominal_rate_pct",
        "application.applicant.birth_date",
        "application.applicant.commune_insee",
        "application.project.category",
        "application.household.persons",
        "application.support.accepted",
        "application.support.referent_named",
    }


def test_a_simulation_the_facts_and_the_lenders(shell: tuple[Path, dict[str, str]]) -> None:
    simulation = answer(shell, "simulation.json")["simulation"]
    assert (simulation["taegPct"]["value"], len(simulation["schedule"])) == ("2.02", 36)
    assert "loan.amount" in {fact["name"] for fact in answer(shell, "GetFactCatalog")["facts"]}
    assert answer(shell, "preteurs.json")["selectableCount"] >= 3


def test_a_letter(shell: tuple[Path, dict[str, str]]) -> None:
    run(shell, "GenerateDocument")
    (generated,) = (shell[0] / "out").glob("05-refus-budget/14-refus-presentation_*.docx")
    assert (shell[0] / "refus.docx").read_bytes() == generated.read_bytes()
