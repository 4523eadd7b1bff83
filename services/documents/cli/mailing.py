"""A mailing: a template, a table of recipients, a progress bar, and what became of each row."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.rpc.error_details_pb2 import BadRequest, LocalizedMessage

from microcredit.documents.v1 import document_service_pb2 as pb
from services.documents.cli.client import STREAM_SECONDS, Client
from services.documents.cli.recipients import Recipient, read_recipients
from services.kit.cli import GOOD, REFUSED, Call, Output, as_json, destination, read_file, write_file
from services.kit.french import plural

_SHOWN = 5
"""Fields in cause shown for a recipient."""


@dataclass(frozen=True)
class Mailing:
    """What is sent to whom, as what, and where it is written."""

    template: str
    recipients: Path
    common: Path | None
    merged: bool
    zipped: bool
    where: Path | None
    asked: Mapping[str, Any]
    """The fields of the request that every command on files fills."""

    @property
    def output(self) -> pb.BatchOutput.ValueType:
        """What is asked of the server."""
        if self.merged:
            return pb.BATCH_OUTPUT_MERGED
        return pb.BATCH_OUTPUT_ZIP if self.zipped else pb.BATCH_OUTPUT_DOCUMENTS


@dataclass
class _Received:
    """What the server sent."""

    failures: list[pb.BatchItemResult] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    info: pb.FileInfo = field(default_factory=pb.FileInfo)
    content: bytearray = field(default_factory=bytearray)
    summary: pb.BatchSummary = field(default_factory=pb.BatchSummary)


def run(job: Mailing, call: Call) -> int:
    """Makes a letter for each recipient."""
    recipients = read_recipients(job.recipients)
    request = _request(job, recipients)
    received = _Received()
    client = Client(call.target)
    parts = client.stream(client.documents.BatchGenerateDocuments, request, STREAM_SECONDS)
    with _progress(len(request.items), call.out) as advance:
        for part in parts:
            if part.WhichOneof("part") == "item" and part.item.HasField("error"):
                _explain(part.item, recipients[part.item.index])
            _take(part, job, received)
            if part.WhichOneof("part") == "item":
                advance()
    if received.content:
        path = destination(job.where, received.info.filename)
        write_file(path, bytes(received.content))
        received.written.append(str(path))
    _show(received, call.out)
    return REFUSED if received.failures else GOOD


def _request(job: Mailing, recipients: Sequence[Recipient]) -> pb.BatchGenerateDocumentsRequest:
    return pb.BatchGenerateDocumentsRequest(
        template=job.template,
        items=[
            pb.BatchItem(key=one.key, data_json=json.dumps(one.data, ensure_ascii=False).encode())
            for one in recipients
        ],
        common_json=read_file(job.common) if job.common else b"{}",
        output=job.output,
        **job.asked,
    )


def _explain(item: pb.BatchItemResult, recipient: Recipient) -> None:
    """Puts what is wrong in the table in place of what the server says of a cell that could not be read."""
    if recipient.problems:
        item.error.message = f"La ligne {recipient.line} du tableau ne peut pas être lue."
        bad = BadRequest(
            field_violations=[
                BadRequest.FieldViolation(field=one.field, description=one.description)
                for one in recipient.problems
            ]
        )
        del item.error.details[:]
        item.error.details.add().Pack(bad)


def _take(part: pb.BatchGenerateDocumentsResponse, job: Mailing, received: _Received) -> None:
    match part.WhichOneof("part"):
        case "item" if part.item.HasField("error"):
            received.failures.append(part.item)
        case "item" if part.item.document.content:
            name = f"{part.item.index + 1:04d}_{part.item.document.filename}"
            path = (job.where or Path()) / name
            write_file(path, part.item.document.content)
            received.written.append(str(path))
        case "file":
            received.info.CopyFrom(part.file)
        case "chunk":
            received.content += part.chunk.data
        case "summary":
            received.summary.CopyFrom(part.summary)


def _show(received: _Received, out: Output) -> None:
    summary = received.summary
    out.document(
        {
            "written": received.written,
            "failures": [as_json(one) for one in received.failures],
            "summary": as_json(summary),
        }
    )
    for one in received.failures:
        message, violations = _words(one)
        out.line(f"{one.key} : {message}", "red")
        out.lines(f"    {violation}" for violation in violations[:_SHOWN])
        if len(violations) > _SHOWN:
            out.line(f"    … et {len(violations) - _SHOWN} de plus")
    made = f"{plural(summary.generated_count, 'document')}, {plural(summary.failed_count, 'refus', 'refus')}"
    where = f" : {received.written[0]}" if len(received.written) == 1 else ""
    out.line(f"{made}{where}", "red" if received.failures else "green")


def _words(item: pb.BatchItemResult) -> tuple[str, list[str]]:
    """Why a recipient has no document: the sentence, and each field in cause."""
    message, violations = item.error.message, []
    for detail in item.error.details:
        localized, bad = LocalizedMessage(), BadRequest()
        if detail.Unpack(localized):
            message = localized.message
        elif detail.Unpack(bad):
            violations = [f"{one.field} : {one.description}" for one in bad.field_violations]
    return message, violations


@contextmanager
def _progress(total: int, out: Output) -> Iterator[Any]:
    """A bar on the terminal of a person; gives what to call at each recipient."""
    if out.as_json or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    looks = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*looks, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Courriers", total=total)
        yield lambda: bar.advance(task)
