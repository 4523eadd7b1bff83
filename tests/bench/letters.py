"""A letter by RPC beside the raw echo and plain docxtpl behind the same server, in one run; needs h2load.

What is compared is the processor time that the worker takes for each answer: it is what bounds its rate, and
other programs share it less than the clock.
"""

from __future__ import annotations

import statistics
import struct
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from examples.municipal.values import day
from microcredit.documents.v1.document_service_pb2 import GenerateDocumentRequest
from tests.bench.access import processor_time
from tests.bench.documents import LETTER
from tests.service.kit_probe import NAME
from tests.support import ROOT, RunningServer, start_server

ROUNDS, CONNECTIONS, STREAMS = 5, 8, 8
OF_ECHO, OF_DOCXTPL = 0.15, 22
OPTIONS = ("--workers=1", "--threads=8", "--deadline-seconds=120", "--patience-seconds=120")
EXAMPLES = ROOT / "services" / "documents" / "contract" / "examples"


@dataclass(frozen=True)
class Subject:
    """A method of a server, what it is asked, and how often in a round."""

    title: str
    server: RunningServer
    path: str
    body: Path
    calls: int

    def microseconds(self) -> float:
        """The processor time of one answer."""
        (worker,) = self.server.workers()
        before = processor_time(worker)
        command = ["h2load", "-n", str(self.calls), "-c", str(CONNECTIONS), "-m", str(STREAMS)]
        command += ["-d", str(self.body), "-H", "content-type: application/grpc", "-H", "te: trailers"]
        subprocess.run(
            [*command, f"http://{self.server.address}{self.path}"], check=True, capture_output=True
        )
        return (processor_time(worker) - before) / self.calls


def subjects(folder: Path, stack: ExitStack) -> list[Subject]:
    """The echo, docxtpl, then our letter."""
    letter = GenerateDocumentRequest(
        template=f"templates/{LETTER[0]}",
        document_date=day("2026-12-08"),
        data_json=(EXAMPLES / f"{LETTER[1]}.json").read_bytes(),
    ).SerializeToString()
    ours = "/microcredit.documents.v1.DocumentService/GenerateDocument"
    # The echo has the size of the request of an assessment, as in the table of every service.
    asked = [
        ("écho brut", "tests.service.kit_probe", f"/{NAME}/One", b"x" * 256, 2000),
        ("lettre par docxtpl", "tests.bench.docxtpl_probe", f"/{NAME}/One", letter, 32),
        ("lettre", "services.documents", ours, letter, 500),
    ]
    found = []
    for title, module, path, message, calls in asked:
        server = start_server(module, folder / module, {}, *OPTIONS)
        stack.callback(server.stop)
        body = folder / f"{module}.body"
        body.write_bytes(struct.pack(">BI", 0, len(message)) + message)
        found.append(Subject(title, server, path, body, calls))
    return found


def main() -> int:
    """Prints the table; 1 when a target is missed."""
    with ExitStack() as stack:
        measured = subjects(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))), stack)
        for subject in measured:
            subject.microseconds()
        rounds = [[subject.microseconds() for subject in measured] for _ in range(ROUNDS)]
    echo, docxtpl, letter = (statistics.median(column) for column in zip(*rounds, strict=True))
    for subject, spent in zip(measured, (echo, docxtpl, letter), strict=True):
        sys.stdout.write(f"{subject.title:<20} {spent:>8.0f} µs de processeur\n")
    of_echo, of_docxtpl = echo / letter, docxtpl / letter
    sys.stdout.write(f"lettre : {of_echo:.3f} de l’écho (cible : {OF_ECHO}), ")
    sys.stdout.write(f"×{of_docxtpl:.0f} de docxtpl (cible : ×{OF_DOCXTPL})\n")
    return 0 if of_echo >= OF_ECHO and of_docxtpl >= OF_DOCXTPL else 1


if __name__ == "__main__":
    sys.exit(main())
