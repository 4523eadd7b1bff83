"""A mailing: a template, a table of recipients, a progress bar, and what became of each row."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
from google.rpc.error_details_pb2 import BadRequest, LocalizedMessage

from microcredit.documents.v1 import document_service_pb2 as pb
from services.documents.cli.client import STREAM_SECONDS, Client
from services.documents.cli.recipients import Recipient, read_recipients
from services.documents.template import outline
from services.kit.cli import GOOD, REFUSED, Call, Output, as_json, destination, read_file, write_file
from services.kit.french import plural

_SHOWN = 5
"""Fields in cause shown for a recipient, and rows shown for a refusal."""
_PREVIEWED, _PREVIEW_LINES = 3, 8
"""Letters shown before any is made, and paragraphs of each."""


@dataclass(frozen=True)
class Mailing:
    """What is sent to whom, as what, and where it is written."""

    template: str
    recipients: Path
    common: Path | None
    merged: bool
    zipped: bool
    where: Path | None
    tried: bool
    """Whether nothing is to be written."""
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
    """Says what each row gives and shows the first letters, then makes a letter for each recipient."""
    recipients, out, client = read_recipients(job.recipients), call.out, Client(call.target)
    request = _request(job, recipients)
    tried = _asked(client, request, job, recipients, out, tries=True)
    previews = _previews(client, request, tried)
    _tell(tried, recipients, out)
    _show_previews(previews, recipients, out)
    made = _Received()
    if not job.tried and tried.summary.generated_count and _agreed(out):
        made = _asked(client, request, job, recipients, out, tries=False)
        told = {one.index for one in tried.failures}
        _tell(_Received([one for one in made.failures if one.index not in told]), recipients, out)
        _end(made, out)
    elif not made.written:
        out.line("Rien n’est écrit.")
    known = made if made.summary.generated_count else tried
    out.document(
        {
            "written": made.written,
            "failures": [as_json(one) for one in known.failures],
            "summary": as_json(known.summary),
            "preview": previews,
        }
    )
    return REFUSED if known.failures else GOOD


def _agreed(out: Output) -> bool:
    """Whether the person goes on, having seen the count and the first letters; a script asked beforehand."""
    asked = sys.stdin.isatty() and sys.stdout.isatty() and not out.as_json
    return not asked or typer.confirm("Faire ces courriers ?")


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


def _asked(
    client: Client,
    request: pb.BatchGenerateDocumentsRequest,
    job: Mailing,
    recipients: Sequence[Recipient],
    out: Output,
    *,
    tries: bool,
) -> _Received:
    """What the server says of each row, what it makes being written; nothing is made when it is tried."""
    request.validate_only = tries
    received = _Received()
    parts = client.stream(client.documents.BatchGenerateDocuments, request, STREAM_SECONDS)
    with _progress("Vérification" if tries else "Courriers", len(recipients), out) as advance:
        for part in parts:
            _take(part, job, recipients, received)
            if part.WhichOneof("part") == "item":
                advance()
    if received.content:
        path = destination(job.where, received.info.filename)
        write_file(path, bytes(received.content))
        received.written.append(str(path))
    return received


def _previews(
    client: Client, request: pb.BatchGenerateDocumentsRequest, tried: _Received
) -> dict[int, list[str]]:
    """The beginning of the first letters, by the rank of their rows; they are made, and kept nowhere."""
    refused = {one.index for one in tried.failures}
    ranks = [rank for rank in range(len(request.items)) if rank not in refused][:_PREVIEWED]
    first = pb.BatchGenerateDocumentsRequest()
    first.CopyFrom(request)
    first.validate_only = first.store = False
    first.format, first.output = pb.OUTPUT_FORMAT_DOCX, pb.BATCH_OUTPUT_DOCUMENTS
    del first.items[:]
    first.items.extend(request.items[rank] for rank in ranks)
    if not ranks:
        return {}
    parts = client.stream(client.documents.BatchGenerateDocuments, first, STREAM_SECONDS)
    letters = [part.item.document.content for part in parts if part.WhichOneof("part") == "item"]
    return dict(zip(ranks, map(_beginning, letters), strict=True))


def _beginning(letter: bytes) -> list[str]:
    body = [one.text for one in outline(letter) if one.place == "corps"] if letter else []
    return body[:_PREVIEW_LINES]


def _take(
    part: pb.BatchGenerateDocumentsResponse,
    job: Mailing,
    recipients: Sequence[Recipient],
    received: _Received,
) -> None:
    match part.WhichOneof("part"):
        case "item" if part.item.HasField("error"):
            _explain(part.item, recipients[part.item.index])
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


def _explain(item: pb.BatchItemResult, recipient: Recipient) -> None:
    """Puts what is wrong in the table in place of what the server says of a cell that could not be read."""
    if recipient.problems:
        item.error.message = "Cette ligne du tableau ne peut pas être lue."
        bad = BadRequest(
            field_violations=[
                BadRequest.FieldViolation(field=one.field, description=one.description)
                for one in recipient.problems
            ]
        )
        del item.error.details[:]
        item.error.details.add().Pack(bad)


def _tell(received: _Received, recipients: Sequence[Recipient], out: Output) -> None:
    """Each refusal with the lines of its rows, told once for those that are alike; then the count."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in received.failures:
        message, violations = _words(one)
        row = recipients[one.index]
        name = f"{row.line}" if one.key == str(row.line) else f"{row.line} ({one.key})"
        alike.setdefault((message, tuple(violations)), []).append(name)
    for (message, said), rows in alike.items():
        named = ", ".join(rows[:_SHOWN]) + ("…" if len(rows) > _SHOWN else "")
        lines = f"ligne {named}" if len(rows) == 1 else f"{len(rows)} lignes ({named})"
        out.line(f"{lines} : {message}", "red")
        out.lines(f"    {violation}" for violation in said[:_SHOWN])
        if len(said) > _SHOWN:
            out.line(f"    … et {len(said) - _SHOWN} de plus")
    if received.summary.generated_count or received.summary.failed_count:
        summary = received.summary
        refused = plural(summary.failed_count, "refus", "refus")
        out.line(f"{plural(summary.generated_count, 'courrier')} à faire, {refused}.", "bold")


def _show_previews(previews: Mapping[int, list[str]], recipients: Sequence[Recipient], out: Output) -> None:
    for rank, lines in previews.items():
        out.line(f"Courrier de la ligne {recipients[rank].line} :", "bold")
        out.lines(f"  │ {line}" for text in lines for line in text.splitlines())


def _end(made: _Received, out: Output) -> None:
    where = f" : {made.written[0]}" if len(made.written) == 1 else ""
    count, refused = made.summary.generated_count, made.summary.failed_count
    said = f"{plural(count, 'document')}, {plural(refused, 'refus', 'refus')}{where}"
    out.line(said, "red" if made.failures else "green")


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
def _progress(what: str, total: int, out: Output) -> Iterator[Any]:
    """A bar on the terminal of a person; gives what to call at each recipient."""
    if out.as_json or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    looks = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*looks, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
