"""The command against a real server: a version from its publication to its rollback, and its decisions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from services.eligibility.cli import main
from tests.eligibility_support import (
    PACKAGE,
    TIMEOUT,
    Client,
    application,
    copied_package,
    load_package,
    read_cases,
    with_fact,
)
from tests.support import Launch, RunningServer

NEW_CEILING = (
    "      value: 3000.00\n      reference: Règlement intérieur, article 2\n",
    "      value: 3000.00\n      reference: Règlement intérieur, article 2\n"
    "    - valid_from: 2027-01-01\n      value: 4000.00\n      reference: Délibération\n",
)
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def server(launch: Launch) -> Iterator[RunningServer]:
    """A server of its own: each test begins with the shipped version alone."""
    running = launch("services.eligibility", "--workers", "1")
    yield running
    running.stop()


@pytest.fixture
def run(server: RunningServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command for its exit code and JSON document."""
    monkeypatch.setenv("ELIGIBILITY_SERVER", server.address)
    monkeypatch.setenv("USER", "camille")

    def call(*words: object) -> tuple[int, Any]:
        code = main([*map(str, words), "--json"])
        out, err = capsys.readouterr()
        assert err == ""
        return code, json.loads(out)

    return call


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """Version 2027.1: a ceiling of 4,000 € from 1 January 2027."""
    return copied_package(
        tmp_path / "reglement-2027",
        ("parameters.yaml", *NEW_CEILING),
        ("package.yaml", 'version: "2026.1"', 'version: "2027.1"'),
    )


def periods(ruleset: Any) -> list[tuple[int, str]]:
    """Year of the first day and version of each period."""
    return [(period["start_date"]["year"], period["version"]) for period in ruleset["timeline"]]


def test_a_version_from_publication_to_rollback(run: Run, candidate: Path, tmp_path: Path) -> None:
    code, found = run("publish", candidate, "--dry-run")
    assert (code, found["report"]["accepted"]) == (0, True)
    assert [version["version"] for version in run("status")[1]["versions"]] == ["2026.1"]
    code, found = run("publish", candidate, "--comment", "Délibération")
    assert (code, found["created"], found["version"]["publisher"]) == (0, True, "camille")
    assert run("publish", candidate)[1]["created"] is False
    code, found = run("activate", "2027.1", "--from", "01/01/2027", "--actor", "dominique", "--dry-run")
    assert (code, periods(found["package"])) == (0, [(2011, "2026.1"), (2027, "2027.1")])
    assert periods(run("status")[1]["package"]) == [(2011, "2026.1")]
    code, found = run("activate", "2027.1", "--from", "2027-01-01", "--actor", "dominique")
    assert (code, periods(found["package"])) == (0, [(2011, "2026.1"), (2027, "2027.1")])
    code, found = run("rollback", "--comment", "Erreur")
    assert (code, periods(found["package"])) == (0, [(2011, "2026.1")])
    events = [
        (event["kind"].removeprefix("EVENT_KIND_"), event["actor"]) for event in run("status")[1]["events"]
    ]
    assert events[:3] == [("ROLLED_BACK", "camille"), ("ACTIVATED", "dominique"), ("PUBLISHED", "camille")]
    assert run("init", tmp_path / "copie", "--from-server")[1]["version"] == "2026.1"
    same = run("diff", "2026.1", tmp_path / "copie")
    assert (same[0], same[1]["changes"]) == (0, [])
    assert run("diff", "2026.1", "2027.1")[0] == 1


def test_a_refusal_is_told_in_the_words_of_the_server(run: Run, candidate: Path) -> None:
    code, found = run("activate", "2099.1")
    assert (code, found["error"]["reason"]) == (1, "VERSION_NOT_FOUND")
    code, found = run("rollback")
    assert (code, found["error"]["reason"]) == (1, "NOTHING_TO_ROLL_BACK")
    (candidate / "package.yaml").write_text(
        (candidate / "package.yaml").read_text(encoding="utf-8").replace("2027.1", "2026.1"), encoding="utf-8"
    )
    code, found = run("publish", candidate)
    assert (code, found["error"]["reason"]) == (1, "VERSION_ALREADY_PUBLISHED")
    rules = (candidate / "rules.yaml").read_text(encoding="utf-8")
    (candidate / "rules.yaml").write_text(rules.replace("> amount_max", "> amont_max"), encoding="utf-8")
    code, found = run("publish", candidate)
    assert (code, found["error"]["reason"]) == (1, "PACKAGE_REFUSED")
    assert [item["field"].split(":")[0] for item in found["error"]["details"]] == ["rules.yaml"]


def test_recorded_decisions_are_compared_replayed_and_explained(
    run: Run, server: RunningServer, candidate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = with_fact(read_cases("eligibility_cases.json")["base_input"], "loan.amount", "3500.00")
    facts = with_fact(with_fact(facts, "loan.months", 36), "project.total_cost", "3500.00")
    request = AssessEligibilityRequest(case_reference="MC-2026-0001", application=application(facts))
    with Client(server.address) as client:
        answer = client.eligibility.AssessEligibility(request, timeout=TIMEOUT).assessment
    assert run("publish", candidate)[0] == 0
    code, report = run("compare", candidate, "--over", "decisions", "--as-of", "2027-01-01")
    assert (code, report["compared_count"], report["outcome_changed_count"]) == (1, 1, 1)
    assert report["changes"][0]["removed_reasons"] == ["AMOUNT_ABOVE_MAX"]
    assert run("compare", candidate)[1]["compared_count"] == len(load_package(PACKAGE).cases)
    code, shadow = run("shadow", "start", "2027.1", "--since", "2000-01-01", "--as-of", "2027-01-01")
    number = shadow["name"].rpartition("/")[2]
    assert (code, shadow["candidate"]["version"]) == (0, "2027.1")
    assert run("shadow", "stop", number)[1]["state"] == "SHADOW_STATE_STOPPED"
    assert [found["name"] for found in run("shadow", "list")[1]["shadows"]] == [shadow["name"]]
    assert run("shadow", "show", "99")[1]["error"]["reason"] == "SHADOW_NOT_FOUND"
    (listed,) = run("decisions", "--case", "MC-2026-0001")[1]["decisions"]
    assert listed["name"] == f"decisions/{answer.decision_id}"
    assert run("decisions", "--reason", "FICP_DECLARED")[1]["decisions"] == []
    assert run("replay", answer.decision_id)[1]["identical"] is True
    assert len(run("explain", answer.decision_id)[1]["sections"]) == 4
    assert main(["explain", answer.decision_id]) == 0
    assert capsys.readouterr().out.startswith("# ")
    code, found = run("verify")
    assert (code, found["intact"]) == (0, True)
    head = f"{found['head']['sequence']}:{found['head']['hash']}"
    assert run("verify", "--head", head)[0] == 0
    assert run("verify", "--head", f"{found['head']['sequence']}:{'0' * 64}")[0] == 1
    code, found = run("replay", "00000000-0000-4000-8000-000000000000")
    assert (code, found["error"]["reason"]) == (1, "DECISION_NOT_FOUND")
