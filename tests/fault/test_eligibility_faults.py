"""What goes wrong around the eligibility service: killed workers, short deadlines, broken packages."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import grpc
import pytest

from microcredit.eligibility.v1 import eligibility_service_pb2 as pb
from tests import warm
from tests.eligibility_reglement import BASE
from tests.eligibility_support import (
    TIMEOUT,
    Client,
    application,
    copied_package,
    merged,
    reason_of,
    status_of,
    summary,
)
from tests.support import Launch, throwaway_stores, wait_until

REQUEST = pb.AssessEligibilityRequest(application=application(BASE))
BATCH = pb.BatchAssessEligibilityRequest(requests=[REQUEST] * 500)


def ticks(worker: int) -> int:
    """Processor time of a process, in hundredths of a second."""
    fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11])


def test_a_worker_killed_during_a_batch(launch: Launch) -> None:
    """The caller learns of it; the next one, on its own connection, is served."""
    server = launch("services.eligibility", "--workers", "1")
    with Client(server.address) as client:
        client.eligibility.AssessEligibility(REQUEST, timeout=TIMEOUT)
        (worker,) = server.workers()
        idle = ticks(worker)
        call = client.eligibility.BatchAssessEligibility.future(BATCH, timeout=TIMEOUT)
        wait_until(lambda: ticks(worker) >= idle + 3)  # a batch takes some thirty
        os.kill(worker, signal.SIGKILL)
        assert call.code() is grpc.StatusCode.UNAVAILABLE
    with Client(server.address) as client:
        answer = client.eligibility.AssessEligibility(REQUEST, timeout=TIMEOUT, wait_for_ready=True)
        assert summary(answer.assessment)[0] == "ELIGIBLE"
        assert server.workers() != [worker]


def test_a_batch_stops_at_its_deadline(launch: Launch) -> None:
    server = launch("services.eligibility", "--workers", "1", "--deadline-seconds", "0.05")
    with Client(server.address) as client:
        (worker,) = server.workers()
        idle = ticks(worker)
        with pytest.raises(grpc.RpcError) as failure:
            client.eligibility.BatchAssessEligibility(BATCH, timeout=TIMEOUT)
        assert ticks(worker) - idle < 20  # it takes some thirty to its end
        assert failure.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert reason_of(status_of(failure.value)) == "DEADLINE_EXCEEDED"


def test_a_store_that_holds_an_older_content_of_the_shipped_version_starts_and_says_so(
    launch: Launch, tmp_path: Path
) -> None:
    """Without levers, drafts and plain wordings, as before they were added."""
    older = copied_package(tmp_path, ("facts.yaml", "  actionable:\n    effort: 1\n", "  actionable: true\n"))
    stores = throwaway_stores(tmp_path / "stores")
    first = launch("services.eligibility", "--workers", "1", "--package-directory", str(older), env=stores)
    assert first.stop() == 0
    again = launch("services.eligibility", "--workers", "1", env=stores)
    with Client(again.address) as client:
        answer = client.eligibility.AssessEligibility(REQUEST, timeout=TIMEOUT)
        assert summary(answer.assessment)[0] == "ELIGIBLE"
    said = [line for line in again.log.read_text().splitlines() if "shipped_ruleset_differs" in line]
    assert len(said) == 1
    assert answer.assessment.ruleset.digest in said[0]


def start_refused(folder: Path) -> str:
    """What the server prints when it refuses to start."""
    options = ("--port", "0", "--package-directory", str(folder))
    finished = warm.run("services.eligibility", *options, env=throwaway_stores(folder.with_name("stores")))
    assert finished.returncode == 1
    assert finished.stdout == ""
    return finished.stderr


def test_a_broken_package_does_not_start(tmp_path: Path) -> None:
    folder = copied_package(
        tmp_path,
        ("parameters.yaml", "value: 300.00", "value: 300.5"),
        ("rules.yaml", "when: loan.amount > amount_max", "when: loan.amount > ceiling"),
    )
    printed = start_refused(folder)
    assert "Traceback" not in printed
    assert "- parameters.yaml:" in printed
    assert "- rules.yaml:" in printed
    assert printed.endswith(start_refused(folder))  # what the first start has begun is in nobody's way


def test_a_package_that_the_engine_refuses_does_not_start(tmp_path: Path) -> None:
    condition = " and ".join(["(support.accepted or banking.has_account)"] * 7)
    folder = copied_package(tmp_path, ("rules.yaml", "when: loan.amount > amount_max", f"when: {condition}"))
    printed = start_refused(folder)
    assert "AMOUNT_ABOVE_MAX est trop grande" in printed
    assert "Traceback" not in printed


def test_a_disagreement_is_logged_without_personal_data(launch: Launch, tmp_path: Path) -> None:
    """A ratio with many decimals on an enormous income exceeds the integers of the engine: a human
    decides."""
    folder = copied_package(
        tmp_path / "p", ("parameters.yaml", "      value: 33\n", "      value: 33.333333\n")
    )
    server = launch("services.eligibility", "--workers", "1", "--package-directory", str(folder))
    rich = merged(BASE, {"budget": {"monthly_income": "987654321.01"}})
    request = pb.AssessEligibilityRequest(case_reference="MC-4321", application=application(rich))
    with Client(server.address) as client:
        answer = client.eligibility.AssessEligibility(request, timeout=TIMEOUT).assessment
        assert summary(answer)[:2] == ("NEEDS_REVIEW", ["ENGINE_DISAGREEMENT"])
        assert answer.reasons[0].message
        again = client.eligibility.AssessEligibility(REQUEST, timeout=TIMEOUT).assessment
        assert summary(again)[0] == "ELIGIBLE"
    log = server.log.read_text(encoding="utf-8")
    alarms = [json.loads(line) for line in log.splitlines() if "engine_disagreement" in line]
    assert [alarm["level"] for alarm in alarms] == ["error"]
    assert "MC-4321" not in log
    assert "987654321" not in log
