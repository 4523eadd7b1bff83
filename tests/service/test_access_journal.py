"""The journal of accesses of a running server: reads included, contents never, gaps shown."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from microcredit.access.v1 import access_service_pb2 as pb
from microcredit.access.v1.access_service_pb2_grpc import AccessServiceStub
from microcredit.eligibility.v1.decision_service_pb2 import GetDecisionRequest, ListDecisionsRequest
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from services.bank_registry.cli import main as registry
from services.eligibility.cli import main as run
from services.kit.cli.showing import to_date
from services.kit.dates import paris_day
from tests.access_probe import header
from tests.eligibility_reglement import BASE
from tests.eligibility_support import TIMEOUT, Client, application, status_of
from tests.support import Launch, RunningServer, wait_until

CASE, OTHER = "MC-2026-0411", "MC-2026-0412"
INSTRUCTOR = header("claire", "instructor", "nord")
AUDITOR = header("noe", "auditor")


@pytest.fixture(scope="module")
def server(launch: Launch) -> RunningServer:
    return launch("tests.access_probe:serve_eligibility", "--workers", "2")


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[Client]:
    with Client(server.address) as client:
        yield client


def journal(client: Client, **filters: Any) -> list[pb.Access]:
    """The lines that pass filters, oldest first, page after page."""
    found: list[pb.Access] = []
    stub, token = AccessServiceStub(client.channel), ""
    while True:
        request = pb.ListAccessesRequest(**filters, page_size=3, page_token=token)
        page = stub.ListAccesses(request, metadata=AUDITOR, timeout=TIMEOUT)
        found += page.accesses
        if not (token := page.next_page_token):
            return found[::-1]


def assess(client: Client, case: str) -> str:
    """The name of a new decision."""
    request = AssessEligibilityRequest(case_reference=case, application=application(BASE))
    answer = client.eligibility.AssessEligibility(request, metadata=INSTRUCTOR, timeout=TIMEOUT)
    return f"decisions/{answer.assessment.decision_id}"


def test_who_read_which_case_is_written_and_what_was_read_is_not(client: Client) -> None:
    name = assess(client, CASE)
    assess(client, OTHER)
    client.decisions.GetDecision(GetDecisionRequest(name=name), metadata=INSTRUCTOR, timeout=TIMEOUT)
    client.decisions.ListDecisions(ListDecisionsRequest(), metadata=INSTRUCTOR, timeout=TIMEOUT)
    for wrong, metadata in ((f"{name[:-1]}x", INSTRUCTOR), (name, header("ines", "operator"))):
        with pytest.raises(grpc.RpcError):
            client.decisions.GetDecision(GetDecisionRequest(name=wrong), metadata=metadata, timeout=TIMEOUT)

    lines = wait_until(lambda: found if len(found := journal(client, subject="essai:claire")) == 6 else None)
    read, written = lines[2], lines[0]
    assert [one.method.rpartition("/")[2] for one in lines] == [
        *["AssessEligibility"] * 2,
        "GetDecision",
        *["ListDecisions"] * 2,
        "GetDecision",
    ]
    assert (read.application, read.team, read.peer, read.resource) == ("logiciel", "nord", "127.0.0.1", name)
    assert (read.code, read.reason, read.kind) == ("OK", "", pb.ACCESS_KIND_CALL)
    assert read.case_tag == written.case_tag
    assert len(read.case_tag) == 64
    assert {one.case_tag for one in lines[3:5]} == {one.case_tag for one in lines[:2]}
    assert lines[3].request_id == lines[4].request_id
    assert (lines[5].code, lines[5].reason, lines[5].resource) == ("INVALID_ARGUMENT", "INVALID_FIELDS", "")
    assert CASE not in str(lines)
    assert {one.case_tag for one in journal(client, case_reference=CASE)} == {read.case_tag}
    (refused,) = journal(client, subject="essai:ines")
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")
    assert journal(client, method=read.method, subject="essai:paul") == []


def test_the_journal_is_for_the_auditor_and_is_itself_noted(client: Client) -> None:
    before = len(journal(client, subject="essai:noe"))
    wait_until(lambda: len(journal(client, subject="essai:noe")) > before)
    with pytest.raises(grpc.RpcError) as refused:
        AccessServiceStub(client.channel).ListAccesses(pb.ListAccessesRequest(), metadata=INSTRUCTOR)
    assert status_of(refused.value).code == grpc.StatusCode.PERMISSION_DENIED.value[0]


def test_the_summary_of_the_day_tells_refusals(client: Client) -> None:
    with pytest.raises(grpc.RpcError):
        AccessServiceStub(client.channel).ListAccesses(
            pb.ListAccessesRequest(), metadata=header("lea", "instructor"), timeout=TIMEOUT
        )
    request = pb.SummarizeAccessesRequest(day=to_date(paris_day(datetime.now(UTC))))

    def told() -> list[pb.UnusualAccess]:
        stub = AccessServiceStub(client.channel)
        answer = stub.SummarizeAccesses(request, metadata=AUDITOR, timeout=TIMEOUT)
        rules = (pb.UNUSUAL_RULE_NOT_ALLOWED,)
        return [one for one in answer.unusual if one.rule in rules and one.subject == "essai:lea"]

    (one,) = wait_until(told)
    assert one.count == 1


def test_a_killed_process_loses_no_older_line_and_its_gap_is_shown(
    client: Client, server: RunningServer
) -> None:
    name = assess(client, CASE)
    client.decisions.GetDecision(GetDecisionRequest(name=name), metadata=INSTRUCTOR, timeout=TIMEOUT)
    wait_until(lambda: any(one.resource == name for one in journal(client, case_reference=CASE)))
    before = server.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(server.workers()) == 2 and not set(before) & set(server.workers()))
    with Client(server.address) as again:
        gaps = wait_until(lambda: [one for one in _lines(again) if one.kind == pb.ACCESS_KIND_GAP])
        lines = _lines(again)
        assert {one.process.split("/")[1] for one in gaps} == {str(pid) for pid in before}
        for gap in gaps:
            ranks = [one.number for one in lines if one.process == gap.process]
            assert ranks == list(range(len(ranks)))  # the GAP takes the rank of the first line that may lack
        found = AccessServiceStub(again.channel).VerifyAccesses(
            pb.VerifyAccessesRequest(), metadata=AUDITOR, timeout=TIMEOUT
        )
        assert found.whole
        assert found.access_count >= len(lines)


def _lines(client: Client) -> list[pb.Access]:
    """The lines, or none while the workers come back."""
    try:
        return journal(client)
    except grpc.RpcError:
        return []


def printed(capsys: pytest.CaptureFixture[str], server: RunningServer, *words: str, who: str) -> str:
    """What a command prints that is right, with ordinary spaces."""
    assert run([*words, "--server", server.address, "--actor", who]) == 0
    return capsys.readouterr().out.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_commands_show_what_the_journal_holds(
    capsys: pytest.CaptureFixture[str], server: RunningServer, client: Client
) -> None:
    ((_, auditor),) = AUDITOR
    ((_, supervisor),) = header("odile", "supervisor", "nord")
    case = "MC-2026-0499"
    assess(client, case)
    wait_until(lambda: journal(client, case_reference=case))
    shown = printed(capsys, server, "accesses", "--case", case, who=auditor)
    assert re.search(r"essai:claire +127\.0\.0\.1 +AssessEligibility +[0-9a-f]{8} +OK", shown)
    assert re.search(r"^\d+ lignes\.$", shown, re.M)  # those who read the journal of a case are in it
    today = paris_day(datetime.now(UTC)).isoformat()
    assert re.search(r"^\d+ appels le ", printed(capsys, server, "access-summary", today, who=auditor), re.M)
    shown = printed(capsys, server, "verify-accesses", who=auditor)
    head = re.search(r"à garder ailleurs : (\d+:[0-9a-f]{64})", shown)
    assert head
    assert run(["verify-accesses", "--head", head[1], "--server", server.address, "--actor", auditor]) == 0
    other = f"{head[1].partition(':')[0]}:{'0' * 64}"
    assert run(["verify-accesses", "--head", other, "--server", server.address, "--actor", auditor]) == 1
    capsys.readouterr()
    shown = printed(capsys, server, "reassign-case", case, "--team", "sud", who=supervisor)
    assert shown == f"Le dossier {case}, qui était à l’équipe nord, est confié à l’équipe sud.\n"


def test_a_server_that_does_not_know_who_calls_says_so(
    capsys: pytest.CaptureFixture[str], launch: Launch
) -> None:
    open_server = launch("services.bank_registry", "--workers", "1")
    assert registry(["accesses", "--server", open_server.address]) == 1
    assert "sans fichier d’accès" in capsys.readouterr().err
