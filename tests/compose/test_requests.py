"""The requests of the README, sent with buf curl to the running servers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT, Launch

BUF = Path(sys.executable).parent / "buf"


@pytest.fixture(scope="module")
def eligibility(launch: Launch) -> str:
    """URL of the eligibility contract on a running server."""
    return f"http://{launch('services.eligibility', '--workers', '1').address}/microcredit.eligibility.v1"


def curl(url: str, request: str, *, decode: bool = False) -> Any:
    """Calls a method with a request of examples/requests, as the README prints it."""
    call = f"{BUF} curl --protocol grpc --http2-prior-knowledge -d @examples/requests/{request}.json {url}"
    command = f"{call} 2>&1 | scripts/decode-error" if decode else call
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_an_eligible_application(eligibility: str) -> None:
    answer = curl(f"{eligibility}.EligibilityService/AssessEligibility", "recevable")["assessment"]
    assert answer["outcome"] == "OUTCOME_ELIGIBLE"
    assert "reasons" not in answer


def test_a_refused_application_has_every_reason(eligibility: str) -> None:
    answer = curl(f"{eligibility}.EligibilityService/AssessEligibility", "refusee")["assessment"]
    assert answer["outcome"] == "OUTCOME_NOT_ELIGIBLE"
    assert [reason["code"] for reason in answer["reasons"]] == [
        "AMOUNT_ABOVE_MAX",
        "LIVING_REMAINDER_TOO_LOW",
    ]


def test_a_malformed_application_has_every_bad_field(eligibility: str) -> None:
    answer = curl(f"{eligibility}.EligibilityService/AssessEligibility", "malformee", decode=True)
    assert answer["code"] == "invalid_argument"
    (fields,) = (detail["fieldViolations"] for detail in answer["details"] if "fieldViolations" in detail)
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


def test_a_simulation(eligibility: str) -> None:
    simulation = curl(f"{eligibility}.LoanService/SimulateLoan", "simulation")["simulation"]
    assert (simulation["taegPct"]["value"], len(simulation["schedule"])) == ("2.02", 36)


def test_the_lenders(launch: Launch, tmp_path: Path) -> None:
    env = {"BANK_REGISTRY_DATABASE_URL": f"sqlite:///{tmp_path}/registry.sqlite3"}
    sample = "services/bank_registry/samples/preteurs-fictifs.json"
    command = [sys.executable, "-m", "services.bank_registry", "import", sample]
    subprocess.run([*command, "--database-url", env["BANK_REGISTRY_DATABASE_URL"]], cwd=ROOT, check=True)
    address = launch("services.bank_registry", "--workers", "1", env=env).address
    url = f"http://{address}/microcredit.bankregistry.v1.BankRegistryService/ListSelectableBanks"
    assert curl(url, "preteurs")["selectableCount"] >= 3
