"""Throughput of each service as a ratio of the raw echo of the same server, in one run; needs h2load.

One worker on one core, the load generator on another: 8 connections of 8 streams. Absolute figures belong to
the machine; the ratios compare. h2load counts any HTTP 200: the logs of the servers must hold no failed call.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from examples.municipal.values import day
from microcredit.bankregistry.v1.bank_registry_service_pb2 import CheckBankRequest
from microcredit.documents.v1.document_service_pb2 import GenerateDocumentRequest
from microcredit.eligibility.v1.eligibility_service_pb2 import (
    AssessEligibilityRequest,
    BatchAssessEligibilityRequest,
)
from tests.support import ROOT, RunningServer, start_server

ROUNDS, SECONDS, CONNECTIONS, STREAMS, BATCH = 3, 3, 8, 8, 100
OPTIONS = ("--workers=1", "--threads=8", "--max-concurrent-rpcs=256", "--deadline-seconds=120")
REQUESTS = ROOT / "examples" / "requests"
SAMPLE = ROOT / "services" / "bank_registry" / "samples" / "preteurs-fictifs.json"
DOSSIER = ROOT / "services" / "documents" / "contract" / "examples"


@dataclass(frozen=True)
class Call:
    """One line of the table: a method, its request, and how many items it answers."""

    title: str
    address: str
    path: str
    body: bytes
    items: int = 1


def rate(call: Call, folder: Path) -> float:
    """Answers per second, counted by h2load."""
    body = folder / "body"
    body.write_bytes(struct.pack(">BI", 0, len(call.body)) + call.body)
    command = ["h2load", "-c", str(CONNECTIONS), "-m", str(STREAMS), "-D", str(SECONDS), "-d", str(body)]
    command += [
        "-H",
        "content-type: application/grpc",
        "-H",
        "te: trailers",
        f"http://{call.address}{call.path}",
    ]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"([\d.]+) req/s", printed)
    assert found is not None, printed
    return float(found[1]) * call.items


def refuse_failures(server: RunningServer) -> None:
    """Raises if any call but those that h2load leaves unfinished did not succeed."""
    codes = Counter(re.findall(r'"event": "call".*"code": "(\w+)"', server.log.read_text()))
    assert set(codes) <= {"OK", "CANCELLED"}, codes


def read(message: Message, name: str) -> Message:
    """A request of examples/requests."""
    return Parse((REQUESTS / f"{name}.json").read_text(encoding="utf-8"), message)


def calls(folder: Path, stack: ExitStack, servers: list[RunningServer]) -> list[Call]:
    """The measured calls, on servers of one worker that stop with the stack; the first is the raw echo."""
    env = {"BANK_REGISTRY_DATABASE_URL": f"sqlite:///{folder}/registry.sqlite3"}
    command = [sys.executable, "-m", "services.bank_registry", "import", str(SAMPLE)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=True, capture_output=True)

    def start(module: str) -> str:
        server = start_server(module, folder / module, env, *OPTIONS)
        stack.callback(server.stop)
        servers.append(server)
        return server.address

    assess = AssessEligibilityRequest()
    read(assess, "recevable")
    check = CheckBankRequest(name="banks/banque-fictive-de-l-oust")
    Parse(json.dumps(json.loads((REQUESTS / "preteurs.json").read_text())["loanRequest"]), check.loan_request)
    letter = GenerateDocumentRequest(template_id="14-refus-presentation", document_date=day("2026-12-08"))
    letter.data_json = (DOSSIER / "refus-budget.json").read_bytes()
    echo, eligibility = start("tests.service.kit_probe"), start("services.eligibility")
    service = "/microcredit.eligibility.v1.EligibilityService"
    single, batch = assess.SerializeToString(), BatchAssessEligibilityRequest(requests=[assess] * BATCH)
    return [
        Call("écho brut, même demande", echo, "/probe.v1.ProbeService/One", b"x" * len(single)),
        Call(
            "CheckBank",
            start("services.bank_registry"),
            "/microcredit.bankregistry.v1.BankRegistryService/CheckBank",
            check.SerializeToString(),
        ),
        Call("AssessEligibility", eligibility, f"{service}/AssessEligibility", single),
        Call(
            f"BatchAssessEligibility ({BATCH})",
            eligibility,
            f"{service}/BatchAssessEligibility",
            batch.SerializeToString(),
            BATCH,
        ),
        Call(
            "GenerateDocument (lettre)",
            start("services.documents"),
            "/microcredit.documents.v1.DocumentService/GenerateDocument",
            letter.SerializeToString(),
        ),
    ]


def main() -> int:
    """Prints the table: median of the rounds, interleaved, and ratio to the echo of the same run."""
    if shutil.which("h2load") is None:
        sys.stderr.write(
            "Erreur : il manque h2load ; installez-le, par exemple : apt install nghttp2-client.\n"
        )
        return 1
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        servers: list[RunningServer] = []
        measured = calls(folder, stack, servers)
        rounds = [[rate(call, folder) for call in measured] for _ in range(ROUNDS)]
        for server in servers:
            refuse_failures(server)
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    for call, median in zip(measured, medians, strict=True):
        sys.stdout.write(f"{call.title:<32} {median:>9.0f} /s   {median / medians[0]:>6.3f} de l’écho\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
