"""The commands on files: import, export, template."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.cli.client import (
    ADDRESS,
    Client,
    Correct,
    File,
    Known,
    On,
    Reason,
    file_bytes,
    new_request_id,
)
from services.bank_registry.cli.differences import show_difference
from services.bank_registry.cli.questions import Questions, read_column_names, read_questions
from services.kit import french, wire
from services.kit.cli import (
    GOOD,
    REFUSED,
    SERVER,
    USAGE,
    Call,
    CommandError,
    Output,
    add_commands,
    as_json,
    parse_day,
    to_date,
)
from services.kit.dates import today
from services.kit.wire import chunks

SECONDS = 600.0


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    file: Path
    apply: str
    yes: bool
    reason: str
    complete: bool
    on: date | None
    confirm_ending_all: bool
    since: date | None
    correct: bool
    questions: list[pb.PastQuestion]
    column_names: dict[str, str]


@dataclass
class Answer:
    """All that the server says of an import."""

    difference: pb.ImportDifference = field(default_factory=pb.ImportDifference)
    summary: pb.ImportSummary = field(default_factory=pb.ImportSummary)


Apply = Annotated[
    str,
    typer.Option("--apply", metavar="EMPREINTE", help="Écrit la différence lue, que son empreinte désigne."),
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Écrit aussitôt la différence trouvée, sans la faire relire.")
]
Complete = Annotated[
    bool,
    typer.Option(
        "--complete", help="Le fichier vaut pour tout le registre : les prêteurs absents prennent fin."
    ),
]
AbsentOn = Annotated[
    date | None,
    typer.Option(
        "--on",
        metavar="DATE",
        parser=parse_day,
        help="Avec --complete, le premier jour où les prêteurs absents n’ont plus d’accord.",
    ),
]
EndingAll = Annotated[
    bool, typer.Option("--confirm-ending-all", help="Accepte un import qui met fin à tous les prêteurs.")
]
ChangeFrom = Annotated[
    date | None,
    typer.Option(
        "--from",
        metavar="DATE",
        parser=parse_day,
        help="Le premier jour où ce que dit le fichier vaut ; les jours d’avant restent comme ils sont.",
    ),
]
Columns = Annotated[
    Path | None,
    typer.Option(
        "--columns",
        metavar="FICHIER",
        help="Comment cette source nomme les colonnes : un tableau (fichier ; registre), gardé avec elle.",
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, **{"import": import_})
    add_commands(app, ADDRESS, export, template)


def import_(
    call: Call,
    file: File,
    apply: Apply = "",
    yes: Yes = False,
    reason: Reason = "",
    complete: Complete = False,
    on: AbsentOn = None,
    confirm_ending_all: EndingAll = False,
    from_: ChangeFrom = None,
    correct: Correct = False,
    questions: Questions = None,
    columns: Columns = None,
) -> int:
    """Montre ce qu’un fichier changerait, ligne refusée par ligne refusée ; avec --apply, l’écrit."""
    if (apply or yes) and not reason:
        raise typer.BadParameter(
            "indiquez le motif, il est gardé dans le journal d’audit.", param_hint="--reason"
        )
    if complete and on is None:
        raise typer.BadParameter(
            "avec --complete, indiquez le premier jour où les prêteurs absents n’ont plus d’accord.",
            param_hint="--on",
        )
    asked = read_questions(questions)
    names = read_column_names(file_bytes(columns)) if columns else {}
    wanted = Wanted(file, apply, yes, reason, complete, on, confirm_ending_all, from_, correct, asked, names)
    return _run(wanted, Client(call), call.out)


def _run(wanted: Wanted, client: Client, out: Output) -> int:
    """Shows the difference, or writes it; 1 if a line is refused."""
    data = file_bytes(wanted.file)
    answer = _ask(client, wanted, data, out)
    if wanted.yes and not wanted.apply:
        shown = replace(wanted, apply=answer.summary.difference_hash)
        answer.summary = _ask(client, shown, data, out).summary
    out.document({"difference": as_json(answer.difference), "summary": as_json(answer.summary)})
    show_difference(answer.difference, answer.summary, out)
    if not answer.summary.applied and answer.difference.banks:
        correct = " --correct" if answer.summary.past_bank_count else ""
        out.line("Rien n’est écrit. Pour écrire exactement cette différence, ajoutez :")
        out.line(f'  --apply {answer.summary.difference_hash}{correct} --reason "…"')
    return REFUSED if answer.difference.refusals else GOOD


def _ask(client: Client, wanted: Wanted, data: bytes, out: Output) -> Answer:
    answer = Answer()
    with _bar(out) as advance:
        for message in client.stream(client.admin.ImportBanks, _requests(wanted, data), SECONDS):
            match message.WhichOneof("part"):
                case "progress":
                    advance(message.progress.done_count, message.progress.total_count)
                case "difference":
                    answer.difference.MergeFrom(message.difference)
                case "summary":
                    answer.summary = message.summary
    return answer


def _requests(wanted: Wanted, data: bytes) -> Iterator[pb.ImportBanksRequest]:
    first, *others = list(chunks(data)) or [b""]
    yield pb.ImportBanksRequest(
        chunk=first,
        file_name=wanted.file.name,
        effective_date=to_date(wanted.on or today()),
        complete=wanted.complete,
        confirm_ending_all=wanted.confirm_ending_all,
        validate_only=not wanted.apply,
        difference_hash=wanted.apply,
        reason=wanted.reason,
        request_id=new_request_id() if wanted.apply else "",
        change_date=to_date(wanted.since),
        correct_past=wanted.correct,
        questions=wanted.questions,
        column_names=wanted.column_names,
    )
    for chunk in others:
        yield pb.ImportBanksRequest(chunk=chunk)


@contextmanager
def _bar(out: Output) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal of a person, nothing elsewhere."""
    if out.as_json or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Lecture du fichier")
        yield lambda done, total: progress.update(task, completed=done, total=total)


EXPORT_SECONDS = 300.0
FORMATS = {
    ".csv": pb.BANK_FILE_FORMAT_CSV,
    ".xlsx": pb.BANK_FILE_FORMAT_XLSX,
    ".jsonl": pb.BANK_FILE_FORMAT_JSONL,
}


def export(call: Call, file: File, on: On = None, known: Known = None) -> int:
    """Écrit les prêteurs dans un fichier .csv, .xlsx ou .jsonl, qu’un import relit à l’identique."""
    client, out = Client(call), call.out
    request = pb.ExportBanksRequest(
        format=_format(file), on_date=to_date(on), known_time=wire.timestamp(known)
    )
    header, data = exported(client, request)
    write_whole(file, data)
    out.document({"file": str(file), **as_json(header)})
    count = french.plural(header.bank_count, "prêteur")
    out.line(f"{file} : {count}, état n° {header.state_number}.")
    out.line(f"SHA-256 : {header.sha256}")
    return GOOD


def exported(client: Client, request: pb.ExportBanksRequest) -> tuple[pb.ExportHeader, bytes]:
    """A file of lenders that the server makes, whole."""
    header, data = pb.ExportHeader(), bytearray()
    for message in client.stream(client.admin.ExportBanks, request, EXPORT_SECONDS):
        if message.HasField("header"):
            header = message.header
        data += message.chunk
    if hashlib.sha256(data).hexdigest() != header.sha256:
        raise CommandError("Le fichier reçu est incomplet ou abîmé.", exit_code=SERVER, reason="FILE_DAMAGED")
    return header, bytes(data)


def template(out: Output, file: File) -> int:
    """Écrit un fichier vierge, avec ses colonnes, en .csv ou en .xlsx."""
    from services.bank_registry.files import csv_bytes, xlsx_bytes

    writers = {".csv": csv_bytes, ".xlsx": xlsx_bytes}
    if file.suffix.lower() not in writers:
        raise CommandError("Un modèle est un fichier .csv ou .xlsx.", exit_code=USAGE, reason="USAGE")
    if file.exists():
        raise CommandError(f"Le fichier {file} existe déjà.", reason="FILE_EXISTS")
    write_whole(file, writers[file.suffix.lower()]([]))
    out.document({"file": str(file)})
    out.line(f"{file} : modèle vierge, à remplir d’après docs/registre-format.md.")
    return GOOD


def _format(file: Path) -> pb.BankFileFormat.ValueType:
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise CommandError(
            "Le nom du fichier doit finir par .csv, .xlsx ou .jsonl.", exit_code=USAGE, reason="USAGE"
        )
    return form


def write_whole(file: Path, data: bytes) -> None:
    """The whole file or the one that was there before."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise CommandError(f"Le fichier {file} ne peut pas être écrit.", reason="FILE_UNWRITABLE") from None
