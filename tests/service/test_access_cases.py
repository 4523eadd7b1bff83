"""Rights by case on real servers: the cases of another team answer as those that do not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import grpc
import pytest
from google.type import date_pb2, money_pb2

from microcredit.access.v1 import access_service_pb2 as access
from microcredit.access.v1.access_service_pb2_grpc import AccessServiceStub
from microcredit.bankregistry.v1 import envelope_service_pb2 as envelope
from microcredit.bankregistry.v1.envelope_service_pb2_grpc import EnvelopeServiceStub
from microcredit.documents.v1 import document_service_pb2, store_service_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as decisions
from microcredit.eligibility.v1.eligibility_service_pb2 import (
    AssessEligibilityRequest,
    BatchAssessEligibilityRequest,
)
from services.eligibility.cli import main as run
from tests import bank_registry_support as registry
from tests import documents_services, documents_support
from tests.access_probe import header, reason
from tests.eligibility_reglement import BASE
from tests.eligibility_support import Client, application
from tests.support import Launch, RunningServer, wait_until

TIMEOUT = 120
NORTH = header("claire", "instructor", "nord")
SOUTH = header("denis", "instructor", "sud")
COMMITTEE = header("elise", "committee")
SUPERVISOR = header("fanny", "supervisor", "direction")
AUDITOR = header("noe", "auditor")
NIGHT = header(account="nuit", application="lot")
Metadata = tuple[tuple[str, str], ...]
NOBODY = "decisions/00000000-0000-4000-8000-000000000000"
ACCOUNTS = """
[accounts.nuit]
methods = [
    "microcredit.eligibility.v1.EligibilityService/AssessEligibility",
    "microcredit.eligibility.v1.DecisionService/GetDecision",
    "microcredit.eligibility.v1.DecisionService/ListDecisions",
]
"""


@dataclass
class Refused:
    """What a caller is told, without what names the thing asked for."""

    code: str
    reason: str
    message: str


def refusal(call: Any, request: Any, metadata: Metadata) -> Refused:
    """How a call is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        received(call(request, metadata=metadata, timeout=TIMEOUT))
    error: Any = caught.value
    return Refused(error.code().name, reason(error), error.details())


def received(answer: Any) -> None:
    """Takes the whole of an answer that streams."""
    if hasattr(answer, "code"):
        list(answer)


@pytest.fixture(scope="module")
def server(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> RunningServer:
    roles = tmp_path_factory.mktemp("roles") / "roles.toml"
    roles.write_text(ACCOUNTS)
    return launch("tests.access_probe:serve_eligibility", "--roles-file", str(roles), "--workers", "2")


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[Client]:
    with Client(server.address) as client:
        yield client


def asked(case: str, **more: Any) -> AssessEligibilityRequest:
    return AssessEligibilityRequest(case_reference=case, application=application(BASE), **more)


def assess(client: Client, case: str, metadata: Metadata = NORTH) -> str:
    """The name of a new decision."""
    answer = client.eligibility.AssessEligibility(asked(case), metadata=metadata, timeout=TIMEOUT)
    return f"decisions/{answer.assessment.decision_id}"


def reads(client: Client, name: str, metadata: Metadata) -> bool:
    """Whether a caller reads a decision."""
    try:
        request = decisions.GetDecisionRequest(name=name)
        client.decisions.GetDecision(request, metadata=metadata, timeout=TIMEOUT)
    except grpc.RpcError as error:
        return reason(error) != "DECISION_NOT_FOUND"
    return True


def listed(client: Client, metadata: Metadata, case: str = "") -> list[str]:
    request = decisions.ListDecisionsRequest(case_reference=case, page_size=200)
    answer = client.decisions.ListDecisions(request, metadata=metadata, timeout=TIMEOUT)
    return [decision.name for decision in answer.decisions]


def reassign(client: Client, case: str, team: str, metadata: Metadata = SUPERVISOR, **more: Any) -> str:
    """Gives a case to a team; gives the one that it had."""
    request = access.ReassignCaseRequest(case_reference=case, team=team, **more)
    stub = AccessServiceStub(client.channel)
    return str(stub.ReassignCase(request, metadata=metadata, timeout=TIMEOUT).previous_team)


def test_a_decision_of_another_team_answers_as_one_that_does_not_exist(client: Client) -> None:
    name = assess(client, "D-1")
    assert reads(client, name, NORTH)
    assert reads(client, name, COMMITTEE)
    assert reads(client, name, SUPERVISOR)
    stub: Any = client.decisions
    for call, request in (
        (stub.GetDecision, decisions.GetDecisionRequest),
        (stub.ReplayDecision, decisions.ReplayDecisionRequest),
        (stub.ExplainDecision, decisions.ExplainDecisionRequest),
    ):
        call(request(name=name), metadata=NORTH, timeout=TIMEOUT)
        of_another = refusal(call, request(name=name), SOUTH)
        assert of_another == refusal(call, request(name=NOBODY), SOUTH)
        assert of_another.reason == "DECISION_NOT_FOUND"
    for case in ("", "D-1"):
        assert name in listed(client, NORTH, case)
        assert name in listed(client, COMMITTEE, case)
        assert name not in listed(client, SOUTH, case)


def test_only_the_team_of_a_case_acts_for_it(client: Client) -> None:
    assess(client, "D-2")
    assess(client, "D-2", header("paul", "instructor", "nord"))
    call = client.eligibility.AssessEligibility
    refused = refusal(call, asked("D-2"), SOUTH)
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "CASE_NOT_ALLOWED")
    assert refusal(call, asked("D-2", validate_only=True), SOUTH).reason == "CASE_NOT_ALLOWED"
    assert refusal(call, asked("D-2"), COMMITTEE).reason == "ROLE_NOT_ALLOWED"
    assert refusal(call, asked("D-2b"), header("luc", "instructor")).reason == "CASE_NOT_ALLOWED"
    batch = BatchAssessEligibilityRequest(requests=[asked("D-2c"), asked("D-2")])
    whole = refusal(client.eligibility.BatchAssessEligibility, batch, SOUTH)
    assert whole.reason == "CASE_NOT_ALLOWED"
    assess(client, "D-2c")  # what was refused opened nothing
    client.eligibility.AssessEligibility(asked(""), metadata=SOUTH, timeout=TIMEOUT)


def test_what_is_only_tried_or_refused_opens_no_case(client: Client) -> None:
    call = client.eligibility.AssessEligibility
    call(asked("D-3", validate_only=True), metadata=NORTH, timeout=TIMEOUT)
    wrong = AssessEligibilityRequest(case_reference="D-3", application=application({}))
    assert refusal(call, wrong, NORTH).reason == "INVALID_FIELDS"
    assess(client, "D-3", SOUTH)
    assert refusal(call, asked("D-3"), NORTH).reason == "CASE_NOT_ALLOWED"


def test_a_supervisor_gives_a_case_to_another_team(client: Client) -> None:
    name, request_id = assess(client, "D-4"), str(uuid4())
    assert reassign(client, "D-4", "sud", validate_only=True) == "nord"
    assert not reads(client, name, SOUTH)
    assert reassign(client, "D-4", "sud", request_id=request_id) == "nord"
    assert reassign(client, "D-4", "sud", request_id=request_id) == "nord"
    wait_until(lambda: reads(client, name, SOUTH))
    wait_until(lambda: not reads(client, name, NORTH))
    call = AccessServiceStub(client.channel).ReassignCase
    other = access.ReassignCaseRequest(case_reference="D-4", team="est", request_id=request_id)
    assert refusal(call, other, SUPERVISOR).reason == "REQUEST_ID_REUSED"
    assert refusal(call, other, NORTH).reason == "ROLE_NOT_ALLOWED"
    assert refusal(call, access.ReassignCaseRequest(), SUPERVISOR).reason == "INVALID_FIELDS"
    assert reassign(client, "D-4new", "sud") == ""
    assess(client, "D-4new", SOUTH)


def test_a_case_without_a_team_is_the_supervisor_s(client: Client) -> None:
    name = assess(client, "D-5", NIGHT)
    assert not reads(client, name, NIGHT)  # an application alone reads nothing of what is kept
    assert listed(client, NIGHT) == []
    assert not reads(client, name, NORTH)
    call = client.eligibility.AssessEligibility
    assert refusal(call, asked("D-5"), NORTH).reason == "CASE_NOT_ALLOWED"
    assert reads(client, name, SUPERVISOR)
    reassign(client, "D-5", "nord")
    wait_until(lambda: reads(client, name, NORTH))


def test_a_reason_opens_a_case_of_another_team_and_is_told(client: Client, server: RunningServer) -> None:
    name, why = assess(client, "D-6"), "Collègue absente, rendez-vous à la banque ce matin"
    with_reason = (*SOUTH, ("x-break-glass", quote(why)))
    assert not reads(client, name, SOUTH)
    assert reads(client, name, with_reason)
    assert not reads(client, name, SOUTH)  # it held for the one call
    assert not reads(client, NOBODY, with_reason)
    assert '"break_glass"' in server.log.read_text()
    assert "rendez-vous" not in server.log.read_text()
    call = client.decisions.GetDecision
    for text in ("court", quote("trop long " * 30), quote("motif\nsur deux lignes")):
        bad = (*SOUTH, ("x-break-glass", text))
        assert refusal(call, decisions.GetDecisionRequest(name=name), bad).reason == "BREAK_GLASS_MALFORMED"
    twice = (*with_reason, ("x-break-glass", quote(why)))
    assert refusal(call, decisions.GetDecisionRequest(name=name), twice).reason == "BREAK_GLASS_MALFORMED"

    def lines() -> list[access.Access] | None:
        request = access.ListAccessesRequest(subject="essai:denis", case_reference="D-6")
        stub = AccessServiceStub(client.channel)
        found = list(stub.ListAccesses(request, metadata=AUDITOR, timeout=TIMEOUT).accesses)
        return found if len(found) == 3 else None

    after, opened, before = wait_until(lines)
    assert (opened.break_glass, opened.statement, opened.resource) == (True, why, name)
    for tried in (before, after):  # who was refused is found under the case too, and nothing of what it holds
        assert (tried.other_team, tried.reason, tried.resource) == (True, "DECISION_NOT_FOUND", "")


def erase(client: Client, case: str, metadata: Metadata, **more: Any) -> int:
    """How many decisions an erasure concerns."""
    request = decisions.EraseCaseRequest(case_reference=case, **more)
    return int(client.decisions.EraseCase(request, metadata=metadata, timeout=TIMEOUT).decision_count)


def test_erasing_takes_two_persons_of_whom_one_is_the_dpo(client: Client) -> None:
    name = assess(client, "D-10")
    assess(client, "D-11")
    dpo, other_dpo = header("ines", "dpo"), header("jean", "dpo")
    call = client.decisions.EraseCase
    asked_for = decisions.EraseCaseRequest(case_reference="D-10")
    assert erase(client, "D-10", dpo, validate_only=True) == 1  # a look takes one person, and asks nothing
    for metadata in (dpo, dpo, header("INES", "dpo"), (*dpo, ("x-request-id", "autre"))):
        refused = refusal(call, asked_for, metadata)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "SECOND_PERSON_REQUIRED")
    dpo_waits = pending(client, "D-10")
    assert [(one.method.rpartition("/")[2], one.subject, list(one.case_tags)) for one in dpo_waits] == [
        ("EraseCase", "essai:ines", [tag_of(client, "D-10")])
    ]
    assert dpo_waits[0].expire_time.ToSeconds() - dpo_waits[0].ask_time.ToSeconds() == 24 * 3600
    assert "D-10" not in str(dpo_waits)
    # Another person who asks for something else confirms nothing.
    other_case = decisions.EraseCaseRequest(case_reference="D-11")
    assert refusal(call, other_case, other_dpo).reason == "SECOND_PERSON_REQUIRED"
    assert refusal(call, asked_for, header("claire", "instructor", "nord")).reason == "ROLE_NOT_ALLOWED"
    assert reads(client, name, NORTH)

    request_id = str(uuid4())
    assert erase(client, "D-10", SUPERVISOR, request_id=request_id) == 1
    assert erase(client, "D-10", SUPERVISOR, request_id=request_id) == 1  # sent again: the first answer
    replay = decisions.ReplayDecisionRequest(name=name)
    assert refusal(client.decisions.ReplayDecision, replay, SUPERVISOR).reason == "CASE_ERASED"
    assert pending(client, "D-10") == []
    # What was agreed served once: the same act again takes two persons again.
    assert refusal(call, asked_for, other_dpo).reason == "SECOND_PERSON_REQUIRED"


def pending(client: Client, case: str = "") -> list[access.PendingAct]:
    """What waits for a second person, as a supervisor finds it."""
    request = access.ListPendingActsRequest(case_reference=case)
    stub = AccessServiceStub(client.channel)
    return list(stub.ListPendingActs(request, metadata=SUPERVISOR, timeout=TIMEOUT).pending_acts)


def tag_of(client: Client, case: str) -> str:
    """What stands for a case in the journal of accesses."""
    request = access.ListAccessesRequest(case_reference=case)
    stub = AccessServiceStub(client.channel)

    def tags() -> set[str]:
        lines = stub.ListAccesses(request, metadata=AUDITOR, timeout=TIMEOUT).accesses
        return {line.case_tag for line in lines}

    (tag,) = wait_until(tags)
    return tag


def test_what_waits_for_a_second_person_is_told_with_its_dates(
    client: Client, server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    until = decisions.PurgeDecisionsRequest()
    until.end_time.FromJsonString("2020-01-01T00:00:00Z")
    assert refusal(client.decisions.PurgeDecisions, until, SUPERVISOR).reason == "SECOND_PERSON_REQUIRED"
    (waits,) = (one for one in pending(client) if one.method.endswith("/PurgeDecisions"))
    assert (dict(waits.dates), list(waits.case_tags)) == ({"end_time": "2020-01-01T00:00:00Z"}, [])
    ((_, dpo),) = header("ines", "dpo")
    assert run(["pending-acts", "--server", server.address, "--actor", dpo]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"PurgeDecisions +essai:fanny .* end_time 2020-01-01T00:00:00Z", shown)
    stub, request = AccessServiceStub(client.channel), access.ListPendingActsRequest()
    assert refusal(stub.ListPendingActs, request, NORTH).reason == "ROLE_NOT_ALLOWED"
    page = stub.ListPendingActs(
        access.ListPendingActsRequest(page_size=1), metadata=SUPERVISOR, timeout=TIMEOUT
    )
    assert len(page.pending_acts) == 1
    long = access.ListPendingActsRequest(case_reference="x" * 201)
    assert refusal(stub.ListPendingActs, long, SUPERVISOR).reason == "INVALID_FIELDS"


def test_a_demand_is_withdrawn_and_confirms_nothing_any_more(
    client: Client, server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    name = assess(client, "D-13")
    call, asked_for = client.decisions.EraseCase, decisions.EraseCaseRequest(case_reference="D-13")
    dpo, stub = header("ines", "dpo"), AccessServiceStub(client.channel)
    assert refusal(call, asked_for, SUPERVISOR).reason == "SECOND_PERSON_REQUIRED"
    (waits,) = pending(client, "D-13")
    ask = access.WithdrawPendingActRequest
    assert refusal(stub.WithdrawPendingAct, ask(act=waits.act), AUDITOR).reason == "ROLE_NOT_ALLOWED"
    assert refusal(stub.WithdrawPendingAct, ask(act="x"), dpo).reason == "INVALID_FIELDS"
    assert refusal(stub.WithdrawPendingAct, ask(act="0" * 64), dpo).reason == "PENDING_ACT_NOT_FOUND"
    tried = stub.WithdrawPendingAct(ask(act=waits.act, validate_only=True), metadata=dpo, timeout=TIMEOUT)
    assert list(tried.case_tags) == list(waits.case_tags)
    assert pending(client, "D-13") == [waits]
    sent = ask(act=waits.act, request_id=str(uuid4()))
    for _ in range(2):  # sent again: the first answer
        done = stub.WithdrawPendingAct(sent, metadata=SUPERVISOR, timeout=TIMEOUT)
        assert list(done.case_tags) == list(waits.case_tags)
    assert pending(client, "D-13") == []
    assert refusal(stub.WithdrawPendingAct, ask(act=waits.act), dpo).reason == "PENDING_ACT_NOT_FOUND"
    # The second person now is the first one, and a command takes her demand back too.
    assert refusal(call, asked_for, dpo).reason == "SECOND_PERSON_REQUIRED"
    assert reads(client, name, NORTH)
    (again,), ((_, actor),) = pending(client, "D-13"), dpo
    assert run(["withdraw-act", again.act[:8], "--server", server.address, "--actor", actor]) == 0
    assert "est retirée" in capsys.readouterr().out
    assert pending(client, "D-13") == []

    def withdrawn() -> set[str]:
        request = access.ListAccessesRequest(
            case_reference="D-13", method="microcredit.access.v1.AccessService/WithdrawPendingAct"
        )
        lines = stub.ListAccesses(request, metadata=AUDITOR, timeout=TIMEOUT).accesses
        return {line.subject for line in lines if line.code == "OK"}

    assert wait_until(lambda: len(found := withdrawn()) == 2 and found) == {"essai:fanny", "essai:ines"}


def test_two_persons_without_the_dpo_are_not_enough(client: Client) -> None:
    assess(client, "D-12")
    call, asked_for = client.decisions.EraseCase, decisions.EraseCaseRequest(case_reference="D-12")
    for metadata in (SUPERVISOR, header("hugo", "supervisor")):
        assert refusal(call, asked_for, metadata).reason == "SECOND_PERSON_REQUIRED"
    assert erase(client, "D-12", header("ines", "dpo")) == 1

    def lines() -> list[access.Access]:
        request = access.ListAccessesRequest(case_reference="D-12", subject="essai:ines")
        stub = AccessServiceStub(client.channel)
        return list(stub.ListAccesses(request, metadata=AUDITOR, timeout=TIMEOUT).accesses)

    (done,) = wait_until(lines)
    assert (done.code, done.statement) == ("OK", "demandé par essai:fanny")


def test_documents_follow_the_team_of_their_case(launch: Launch) -> None:
    address = launch("tests.access_probe:serve_documents", "--retention-days", "30").address
    data = documents_support.example("minimal")
    data["case"]["reference"] = "D-7"
    asked = documents_support.request("04-accuse-reception", data)
    asked.store = True
    with documents_services.connected(address) as stubs:
        made = stubs.documents.GenerateDocument(asked, metadata=NORTH, timeout=TIMEOUT).document
        refused = refusal(stubs.documents.GenerateDocument, asked, SOUTH)
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "CASE_NOT_ALLOWED")
        tried = document_service_pb2.GenerateDocumentRequest()
        tried.CopyFrom(asked)
        tried.validate_only = True
        assert refusal(stubs.documents.GenerateDocument, tried, SOUTH).reason == "CASE_NOT_ALLOWED"
        dossier = document_service_pb2.GenerateDossierRequest(
            data_json=asked.data_json, document_date=asked.document_date
        )
        assert refusal(stubs.documents.GenerateDossier, dossier, SOUTH).reason == "CASE_NOT_ALLOWED"
        own = {**data, "case": {**data["case"], "reference": "D-8"}}
        batch = document_service_pb2.BatchGenerateDocumentsRequest(
            template=asked.template,
            document_date=asked.document_date,
            items=[document_service_pb2.BatchItem(data_json=json.dumps(one).encode()) for one in (data, own)],
        )
        parts = stubs.documents.BatchGenerateDocuments(batch, metadata=SOUTH, timeout=TIMEOUT)
        codes = [part.item.error.code for part in parts if part.WhichOneof("part") == "item"]
        assert codes == [grpc.StatusCode.PERMISSION_DENIED.value[0], 0]

        named = store_service_pb2.GetDocumentRequest(name=made.name)
        for metadata in (NORTH, COMMITTEE, SUPERVISOR):
            stubs.store.GetDocument(named, metadata=metadata, timeout=TIMEOUT)
        nobody = store_service_pb2.GetDocumentRequest(name=NOBODY.replace("decisions", "documents"))
        of_another = refusal(stubs.store.GetDocument, named, SOUTH)
        assert of_another == refusal(stubs.store.GetDocument, nobody, SOUTH)
        assert of_another.reason == "DOCUMENT_NOT_FOUND"
        download = document_service_pb2.DownloadDocumentRequest(name=made.name)
        assert refusal(stubs.documents.DownloadDocument, download, SOUTH).reason == "DOCUMENT_NOT_FOUND"
        of_case = store_service_pb2.ListDocumentsRequest(case_reference="D-7")
        counts = [
            len(stubs.store.ListDocuments(of_case, metadata=metadata, timeout=TIMEOUT).documents)
            for metadata in (NORTH, SOUTH, COMMITTEE)
        ]
        assert counts == [1, 0, 1]
        deletion = store_service_pb2.DeleteCaseRequest(case_reference="D-7")
        call = stubs.store.DeleteCase
        assert refusal(call, deletion, SUPERVISOR).reason == "SECOND_PERSON_REQUIRED"
        assert call(deletion, metadata=header("ines", "dpo"), timeout=TIMEOUT).deleted_count == 1


def test_reservations_follow_the_team_of_their_case(
    launch: Launch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("registry")
    url = f"sqlite:///{folder}/registry.sqlite3"
    lender = registry.bank("oust", 1, registry.agreement(envelope="50000.00", end=None))
    registry.import_banks(url, folder, lender)
    running = launch("tests.access_probe:serve_bank_registry", env={"BANK_REGISTRY_DATABASE_URL": url})
    parent = "banks/oust/agreements/fcs"
    request = envelope.ReserveEnvelopeRequest(
        parent=parent,
        case_reference="D-9",
        amount=money_pb2.Money(currency_code="EUR", units=1000),
        on_date=date_pb2.Date(year=2026, month=12, day=1),
    )
    with grpc.insecure_channel(running.address) as channel:
        stub = EnvelopeServiceStub(channel)
        name = stub.ReserveEnvelope(request, metadata=NORTH, timeout=TIMEOUT).reservation.name
        assert refusal(stub.ReserveEnvelope, request, SOUTH).reason == "CASE_NOT_ALLOWED"
        absent = f"{parent}/reservations/999"
        for call, kind in (
            (stub.GetReservation, envelope.GetReservationRequest),
            (stub.CommitReservation, envelope.CommitReservationRequest),
            (stub.ReleaseReservation, envelope.ReleaseReservationRequest),
        ):
            assert refusal(call, kind(name=name), SOUTH).reason == "RESERVATION_NOT_FOUND"
            assert refusal(call, kind(name=absent), SOUTH).reason == "RESERVATION_NOT_FOUND"
        of_agreement = envelope.ListReservationsRequest(parent=parent)
        counts = [
            len(stub.ListReservations(of_agreement, metadata=metadata, timeout=TIMEOUT).reservations)
            for metadata in (NORTH, SOUTH, COMMITTEE)
        ]
        assert counts == [1, 0, 1]
        stub.GetReservation(envelope.GetReservationRequest(name=name), metadata=NORTH, timeout=TIMEOUT)
        commit = envelope.CommitReservationRequest(name=name)
        stub.CommitReservation(commit, metadata=NORTH, timeout=TIMEOUT)
