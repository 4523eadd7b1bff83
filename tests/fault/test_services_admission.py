"""Of every server that is delivered: half-sent requests, crowds and unread answers shut nobody else out."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import docx
import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from microcredit.bankregistry.v1.bank_registry_service_pb2 import ListBanksRequest
from microcredit.bankregistry.v1.exchange_pb2 import BANK_FILE_FORMAT_CSV, ExportBanksRequest
from microcredit.documents.v1.document_service_pb2 import (
    BatchGenerateDocumentsRequest,
    BatchItem,
    GenerateDocumentRequest,
)
from microcredit.documents.v1.pdf_service_pb2 import ConvertToPdfRequest
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from microcredit.releases.v1.release_service_pb2 import WatchEventsRequest
from tests.bench import overload
from tests.raw_http2 import RawConnection
from tests.service.test_documents_pdf import office
from tests.support import ROOT, Launch, RunningServer, wait_until

HEALTH = "/grpc.health.v1.Health/Check"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
SECONDS = 120.0
CROWD = 40


@dataclass(frozen=True)
class Server:
    """A server, a call of it with the code of its answer, and a stream that has something to say."""

    module: str
    call: tuple[str, Message]
    code: str
    stream: tuple[str, Message]
    options: tuple[str, ...] = ()
    stream_seconds: int = 3


def application() -> AssessEligibilityRequest:
    """A request that may be presented, from the examples."""
    text = (ROOT / "examples/requests/recevable.json").read_text(encoding="utf-8")
    return json_format.Parse(text, AssessEligibilityRequest())


def letter() -> GenerateDocumentRequest:
    """A request for a letter, from the examples."""
    data = ROOT / "services/documents/contract/examples/refus-budget.json"
    request = GenerateDocumentRequest(template="templates/14-refus-presentation", data_json=data.read_bytes())
    request.document_date.year, request.document_date.month, request.document_date.day = 2026, 12, 8
    return request


def conversion() -> ConvertToPdfRequest:
    """A request for the PDF of an empty page."""
    docx.Document().save(file := BytesIO())
    return ConvertToPdfRequest(content=file.getvalue())


def letters() -> BatchGenerateDocumentsRequest:
    """A request for letters that weigh more than what the system and gRPC keep of an unread answer."""
    one = letter()
    items = [BatchItem(key=str(number), data_json=b"{}") for number in range(40)]
    return BatchGenerateDocumentsRequest(
        template=one.template, document_date=one.document_date, items=items, common_json=one.data_json
    )


ASSESS = "/microcredit.eligibility.v1.EligibilityService/AssessEligibility"
GENERATE = "/microcredit.documents.v1.DocumentService/GenerateDocument"
BATCH = "/microcredit.documents.v1.DocumentService/BatchGenerateDocuments"
LIST = "/microcredit.bankregistry.v1.BankRegistryService/ListBanks"
CONVERT = "/microcredit.documents.v1.PdfService/ConvertToPdf"
WATCH = ("/microcredit.releases.v1.ReleaseService/WatchEvents", WatchEventsRequest())
EXPORT = (
    "/microcredit.bankregistry.v1.RegistryAdminService/ExportBanks",
    ExportBanksRequest(format=BANK_FILE_FORMAT_CSV),
)
SERVERS = {
    "eligibility": Server("services.eligibility", (ASSESS, application()), "OK", WATCH),
    "documents": Server("services.documents", (GENERATE, letter()), "OK", (BATCH, letters())),
    "bank_registry": Server("services.bank_registry", (LIST, ListBanksRequest()), "OK", EXPORT),
    "pdf": Server(
        "services.documents.pdf",
        (CONVERT, ConvertToPdfRequest(content=b"x")),
        "INVALID_ARGUMENT",
        (CONVERT, conversion()),
        ("--offices=1",),
        stream_seconds=30,  # LibreOffice starts within a stream: a busy machine must leave it the time
    ),
}
EVERY_SERVER = [
    pytest.param(each, id=name, marks=[office] if name == "pdf" else []) for name, each in SERVERS.items()
]
HALVES = {
    "headers": (None, None, None),
    "seven-bytes": (None, b"bonjour", 7),
    "health": (HEALTH, b"\n\x01x", 3),
    "reflection": (REFLECTION, None, None),
}
"""What is sent of a request: to which method (by default that of the server), its message, how many bytes."""

LONG = pytest.mark.more("demi-requêtes : toutes les variantes sur chaque service")


def started(launch: Launch, server: Server) -> RunningServer:
    """The server, with one worker and short streams."""
    return launch(server.module, "--workers=1", f"--stream-seconds={server.stream_seconds}", *server.options)


def code_of(channel: grpc.Channel, method: str, request: Message) -> str:
    """The code of a call, of one answer or of many."""
    call: Any = channel.unary_stream if method == CONVERT else channel.unary_unary
    try:
        answer = call(method)(request.SerializeToString(), timeout=SECONDS)
        list(answer) if method == CONVERT else None
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code.name
    return "OK"


def check_answers(running: RunningServer, server: Server) -> None:
    """A call, a probe and a reflection of another client have their answers, twice."""
    with grpc.insecure_channel(running.address, (("grpc.use_local_subchannel_pool", 1),)) as channel:
        for _ in range(2):
            assert code_of(channel, *server.call) == server.code
            probe = health_pb2_grpc.HealthStub(channel)
            asked = health_pb2.HealthCheckRequest()
            assert probe.Check(asked, timeout=SECONDS).status == health_pb2.HealthCheckResponse.SERVING
            service = server.call[0].split("/")[1]
            assert service in ProtoReflectionDescriptorDatabase(channel).get_services()


@pytest.mark.parametrize("server", EVERY_SERVER)
@pytest.mark.parametrize(
    ("halves", "connections", "streams"),
    [
        pytest.param(tuple(HALVES), 2, 16, id="all-2x16"),
        *(
            pytest.param((name,), connections, streams, id=f"{name}-{connections}x{streams}", marks=LONG)
            for name in HALVES
            for connections, streams in ((2, 16), (6, 16), (10, 32), (40, 32))
        ),
    ],
)
def test_half_sent_requests_shut_nobody_out(
    shared: Launch, server: Server, halves: tuple[str, ...], connections: int, streams: int
) -> None:
    running = started(shared, server)
    with ExitStack() as stack:
        for half in halves:
            method, message, sent = HALVES[half]
            for _ in range(connections):
                raw = stack.enter_context(RawConnection(running.address))
                for _ in range(streams):
                    raw.begin(method or server.call[0], message, sent)
        check_answers(running, server)


@pytest.mark.parametrize("server", EVERY_SERVER)
def test_an_answer_that_nobody_reads_ends_at_the_ceiling_of_streams(shared: Launch, server: Server) -> None:
    running = started(shared, server)
    method, request = server.stream
    before = ends(running, method)
    with RawConnection(running.address, window=1) as raw:
        raw.begin(method, request.SerializeToString(), end=True)
        wait_until(lambda: ends(running, method) != before)
    (code,) = ends(running, method) - before
    # Less than 64 KiB is out of our hands, all of it, before anyone reads it: such a call may end by itself.
    assert code in {"CANCELLED", "DEADLINE_EXCEEDED"} | (set() if server.stream[0] == BATCH else {"OK"})


def ends(running: RunningServer, method: str) -> Counter[str]:
    """How the calls of a method ended, as the log says."""
    lines = (json.loads(line) for line in running.log.read_text().splitlines() if method in line)
    return Counter(line["code"] for line in lines if line["event"] == "call")


def test_a_crowd_on_one_channel_is_served_whole(launch: Launch) -> None:
    """A bounded number of waiting calls refused a part of it; the wait is long here: machines are slow."""
    server = launch("services.eligibility", "--workers=2", "--patience-seconds=60")
    with grpc.insecure_channel(server.address) as channel:
        method: Any = channel.unary_unary(ASSESS)
        request = application().SerializeToString()
        for _ in range(3):
            calls = [method.future(request, timeout=SECONDS) for _ in range(CROWD)]
            assert Counter(f"{call.code().name} {call.details()}" for call in calls) == {"OK ": CROWD}


@pytest.mark.more("surcharge : vingt secondes à quatre fois la capacité")
def test_an_overload_is_served_or_refused_in_our_words_and_logged(launch: Launch) -> None:
    """Durations belong to the machine (`make bench` gives them); counts and ratios of one run do not."""
    server = launch("services.eligibility", "--workers=1")
    answers = overload.measure(server.address, application().SerializeToString(), 20.0).answers
    served, refused = (answers.seconds[kind] for kind in (overload.SERVED, overload.REFUSED))
    assert not answers.others
    assert served
    assert refused
    assert answers.centile(overload.REFUSED, 0.5) < answers.centile(overload.SERVED, 0.5)
    assert server.log.read_text().count('"reason": "OVERLOADED", "ms"') == len(refused)
