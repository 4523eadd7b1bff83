"""What the command asks of a server and how it tells the answers, against a server that only records."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from google.type.date_pb2 import Date
from grpc_status import rpc_status

from microcredit.eligibility.v1 import decision_service_pb2 as journal
from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1 import ruleset_service_pb2 as rpc
from microcredit.eligibility.v1.decision_service_pb2_grpc import (
    DecisionServiceServicer,
    add_DecisionServiceServicer_to_server,
)
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import (
    RulesetServiceServicer,
    add_RulesetServiceServicer_to_server,
)
from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as releases
from microcredit.releases.v1.release_service_pb2_grpc import (
    ReleaseServiceServicer,
    add_ReleaseServiceServicer_to_server,
)
from services.eligibility.cli import main
from services.kit.releases.archive import unpack
from tests.eligibility_support import PACKAGE

NAME = "rulesets/ploermel"
RULESET = package_pb2.Package(
    name=NAME,
    etag="etag-7",
    timeline=[
        package_pb2.TimelinePeriod(
            start_date=Date(year=2011, month=1, day=1),
            end_date=Date(year=2027, month=1, day=1),
            version="2026.1",
            version_name=f"{NAME}/versions/2026.1",
        ),
        package_pb2.TimelinePeriod(start_date=Date(year=2027, month=1, day=1), version="2027.1"),
    ],
)
EVENT = package_pb2.Event(
    kind=package_pb2.EVENT_KIND_ACTIVATED,
    version_name=f"{NAME}/versions/2027.1",
    effective_date=Date(year=2027, month=1, day=1),
)


class Recorder(RulesetServiceServicer, ReleaseServiceServicer, DecisionServiceServicer):
    """Answers the same thing always, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.actors: list[str] = []
        self.refusal: status_pb2.Status | None = None

    def keep(self, request: Any, context: grpc.ServicerContext) -> None:
        self.asked.append(request)
        self.actors.append(str(dict(context.invocation_metadata()).get("x-actor", "")))
        if self.refusal:
            context.abort_with_status(rpc_status.to_status(self.refusal))

    def ListPackages(self, request: Any, context: Any) -> releases.ListPackagesResponse:
        return releases.ListPackagesResponse(packages=[RULESET])

    def PublishPackage(self, request: Any, context: Any) -> releases.PublishPackageResponse:
        self.keep(request, context)
        found = package_pb2.Finding(
            place=package_pb2.Place(file="rules.yaml", line=4, column=2),
            sentence="À voir.",
            severity=package_pb2.FINDING_SEVERITY_WARNING,
        )
        return releases.PublishPackageResponse(
            version=package_pb2.Version(version="2026.1", digest="ab" * 32),
            report=package_pb2.CheckReport(accepted=True, findings=[found], summary="Accepté."),
            created=True,
        )

    def ActivateVersion(self, request: Any, context: Any) -> releases.ActivateVersionResponse:
        self.keep(request, context)
        return releases.ActivateVersionResponse(
            event=EVENT, package=RULESET, superseded=[f"{NAME}/versions/9"]
        )

    def RollbackPackage(self, request: Any, context: Any) -> releases.RollbackPackageResponse:
        self.keep(request, context)
        return releases.RollbackPackageResponse(event=EVENT, package=RULESET)

    def CompareRulesets(self, request: Any, context: Any) -> rpc.CompareRulesetsResponse:
        copied = rpc.CompareRulesetsRequest()
        copied.CopyFrom(request)
        self.keep(copied, context)
        before = request.decisions.before
        report = pb.ComparisonReport(summary="Rien ne change.", compared_count=1000 - before)
        next_before = before - 1 if before else 3
        return rpc.CompareRulesetsResponse(report=report, next_before=next_before)

    def StartShadow(self, request: Any, context: Any) -> rpc.StartShadowResponse:
        self.keep(request, context)
        return rpc.StartShadowResponse(shadow=pb.Shadow(name="shadows/3"))

    def ListDecisions(self, request: Any, context: Any) -> journal.ListDecisionsResponse:
        self.keep(request, context)
        return journal.ListDecisionsResponse()

    def ReplayDecision(self, request: Any, context: Any) -> journal.ReplayDecisionResponse:
        self.keep(request, context)
        return journal.ReplayDecisionResponse(identical=False, differences=["reasons[0].code"])

    def VerifyJournal(self, request: Any, context: Any) -> journal.VerifyJournalResponse:
        self.keep(request, context)
        return journal.VerifyJournalResponse(intact=False, summary="L’enregistrement 4 a été changé.")


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    found = Recorder()  # type: ignore[abstract] # what no test calls is not answered
    server = grpc.server(futures.ThreadPoolExecutor(2))
    add_RulesetServiceServicer_to_server(found, server)
    add_ReleaseServiceServicer_to_server(found, server)
    add_DecisionServiceServicer_to_server(found, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("ELIGIBILITY_SERVER", f"127.0.0.1:{port}")
    monkeypatch.setenv("USER", "camille")
    yield found
    server.stop(None).wait()


Tell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Runs a command for its exit code, output and errors, with ordinary spaces."""

    def call(*words: str) -> tuple[int, str, str]:
        code = main(words)
        out, err = (text.replace("\u00a0", " ").replace("\u202f", " ") for text in capsys.readouterr())
        return code, out, err

    return call


def test_the_decisions_compared_are_those_of_the_options(recorder: Recorder, tell: Tell) -> None:
    """Days begin in Paris; one page is asked for unless all of them are."""
    chosen = ("--max", "40", "--since", "01/07/2026", "--until", "2026-12-01", "--then")
    words = ("compare", "2027.1", "--over", "decisions", *chosen)
    assert tell(*words)[0] == 0
    (request,) = recorder.asked
    asked = request.decisions
    assert (asked.max_count, asked.before, asked.with_answers_then) == (40, 0, True)
    assert asked.start_time.ToJsonString() == "2026-06-30T22:00:00Z"
    assert asked.end_time.ToJsonString() == "2026-11-30T23:00:00Z"
    assert not request.HasField("earlier")


def test_all_decisions_are_asked_for_page_after_page(recorder: Recorder, tell: Tell) -> None:
    assert tell("compare", "2027.1", "--over", "decisions", "--all")[0] == 0
    assert [request.decisions.before for request in recorder.asked] == [0, 3, 2, 1]
    assert [request.earlier.compared_count for request in recorder.asked] == [0, 1000, 997, 998]


@pytest.mark.parametrize("option", [("--max", "4"), ("--since", "2026-12-01"), ("--all",), ("--then",)])
def test_an_option_of_decisions_is_refused_over_anything_else(
    recorder: Recorder, tell: Tell, option: tuple[str, ...]
) -> None:
    code, _, err = tell("compare", "2027.1", *option)
    assert (code, recorder.asked) == (2, [])
    assert "demandent --over decisions" in err


def test_an_activation_quotes_the_etag_that_was_read(recorder: Recorder, tell: Tell) -> None:
    words = ("activate", "2027.1", "--from", "01/01/2027", "--comment", "Voté", "--actor", "dominique")
    code, out, _ = tell(*words)
    (request,) = recorder.asked
    assert (request.name, request.etag) == (f"{NAME}/versions/2027.1", "etag-7")
    assert request.effective_date == Date(year=2027, month=1, day=1)
    assert (request.comment, request.validate_only, request.supersede_planned) == ("Voté", False, False)
    assert str(uuid.UUID(request.request_id)) == request.request_id
    assert recorder.actors == ["dominique"]
    assert code == 0
    assert out.startswith("La version 2027.1 gouverne les demandes datées du 1er janvier 2027 ou d’après.\n")
    assert "La version 9, prévue pour plus tard, est remplacée." in out
    assert "avant le 1er janvier 2027" in out
    assert (
        tell("activate", "2027.1", "--dry-run", "--supersede-planned")[1].count("Essai : rien n’est écrit.")
        == 1
    )
    assert not recorder.asked[1].HasField("effective_date")
    assert (recorder.asked[1].validate_only, recorder.asked[1].supersede_planned) == (True, True)


def test_a_rollback_quotes_the_etag_and_names_its_author(recorder: Recorder, tell: Tell) -> None:
    assert tell("rollback", "--from", "2027-03-01")[0] == 0
    (request,) = recorder.asked
    assert (request.name, request.etag) == (NAME, "etag-7")
    assert request.effective_date == Date(year=2027, month=3, day=1)
    assert recorder.actors == ["camille"]


def test_an_account_with_an_accent_names_nobody(
    recorder: Recorder, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "Zoé")
    assert tell("rollback")[0] == 0
    assert recorder.actors == [""]


def test_a_publication_sends_the_folder(recorder: Recorder, tell: Tell) -> None:
    code, out, _ = tell("publish", str(PACKAGE), "--dry-run")
    (request,) = recorder.asked
    sent = {PACKAGE / path: content for path, content in unpack(request.archive).items()}
    assert sent == {path: path.read_bytes() for path in PACKAGE.rglob("*.yaml")}
    assert (code, request.validate_only) == (0, True)
    assert out.splitlines() == [
        "rules.yaml:4:2: avertissement : À voir.",
        "Accepté.",
        "Version 2026.1, empreinte abababababab… : peut être publiée. Essai : rien n’est écrit.",
    ]


def test_what_a_comparison_runs_over(recorder: Recorder, tell: Tell) -> None:
    tell("compare", "2027.1")
    tell("compare", str(PACKAGE), "--over", "decisions", "--as-of", "2027-01-01")
    over_cases, over_decisions = recorder.asked
    assert (over_cases.name, over_cases.WhichOneof("over")) == (f"{NAME}/versions/2027.1", None)
    assert (over_decisions.WhichOneof("candidate"), over_decisions.WhichOneof("over")) == (
        "archive",
        "decisions",
    )
    assert over_decisions.as_of_date == Date(year=2027, month=1, day=1)


def test_a_shadow_may_begin_in_the_past(recorder: Recorder, tell: Tell) -> None:
    tell("shadow", "start", "2027.1", "--since", "01/12/2026")
    tell("shadow", "start", "2027.1")
    since, to_come = recorder.asked
    assert since.start_time.ToDatetime().date().isoformat() in ("2026-11-30", "2026-12-01")
    assert not to_come.HasField("start_time")


def test_a_different_replay_and_an_altered_journal_are_code_1(recorder: Recorder, tell: Tell) -> None:
    code, out, _ = tell("replay", "0190")
    assert (code, out.splitlines()[1]) == (1, "  reasons[0].code")
    code, out, _ = tell("verify", "--head", f"42:{'0' * 64}")
    assert (code, out.splitlines()[0]) == (1, "L’enregistrement 4 a été changé.")
    assert recorder.asked[0].name == "decisions/0190"
    assert recorder.asked[1].expected_head == journal.JournalHead(sequence=42, hash="0" * 64)


def refusal(code: int, message: str, **fields: str) -> status_pb2.Status:
    """A status as the service sends it."""
    details = [
        error_details_pb2.ErrorInfo(reason="PACKAGE_REFUSED", domain="eligibility.microcredit"),
        error_details_pb2.LocalizedMessage(locale="fr-FR", message=message),
        error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
                for field, description in fields.items()
            ]
        ),
    ]
    status = status_pb2.Status(code=code, message="refused")
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        (code_pb2.INVALID_ARGUMENT, 1),
        (code_pb2.FAILED_PRECONDITION, 1),
        (code_pb2.NOT_FOUND, 1),
        (code_pb2.ALREADY_EXISTS, 1),
        (code_pb2.ABORTED, 1),
        (code_pb2.UNAVAILABLE, 3),
        (code_pb2.INTERNAL, 3),
        (code_pb2.DEADLINE_EXCEEDED, 3),
        (code_pb2.RESOURCE_EXHAUSTED, 3),
    ],
)
def test_an_error_is_told_in_the_words_of_the_server(
    recorder: Recorder, tell: Tell, code: int, exit_code: int
) -> None:
    recorder.refusal = refusal(code, "Le paquet est refusé.", **{"rules.yaml:4:2": "Nom inconnu."})
    found, out, err = tell("publish", str(PACKAGE))
    assert (found, out) == (exit_code, "")
    assert err == "Le paquet est refusé.\n  rules.yaml:4:2 : Nom inconnu.\n"


def test_a_list_of_decisions_has_a_limit(recorder: Recorder, tell: Tell) -> None:
    code, out, _ = tell("decisions", "--case", "MC-1", "--version", "2026.1", "--reason", "FICP_DECLARED")
    tell("decisions", "--limit", "200")
    first, second = recorder.asked
    assert (code, out) == (0, "0 décision.\n")
    assert (first.page_size, first.case_reference) == (20, "MC-1")
    assert (first.ruleset_version, first.reason_code) == ("2026.1", "FICP_DECLARED")
    assert (second.page_size, second.case_reference) == (200, "")
