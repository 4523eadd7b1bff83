"""Command import: the file goes to the server, the difference comes back, its hash makes it be written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.cli.client import Client, new_request_id
from services.bank_registry.cli.options import ADDRESS, File, Reason, parse_day
from services.bank_registry.cli.showing_differences import show_difference
from services.kit.cli import GOOD, REFUSED, Call, CommandError, Output, add_commands, as_json, to_date
from services.kit.wire import chunks

MAX_BYTES = 32 * 1024 * 1024
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


@dataclass
class Answer:
    """All that the server says of an import."""

    difference: pb.ImportDifference = field(default_factory=pb.ImportDifference)
    summary: pb.ImportSummary = field(default_factory=pb.ImportSummary)


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    add_commands(app, ADDRESS, **{"import": import_})


def import_(
    call: Call,
    file: File,
    apply: Annotated[
        str,
        typer.Option(
            "--apply", metavar="EMPREINTE", help="Écrit la différence lue, que son empreinte désigne."
        ),
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Écrit aussitôt la différence trouvée, sans la faire relire.")
    ] = False,
    reason: Reason = "",
    complete: Annotated[
        bool,
        typer.Option(
            "--complete", help="Le fichier vaut pour tout le registre : les prêteurs absents prennent fin."
        ),
    ] = False,
    on: Annotated[
        date | None,
        typer.Option(
            "--on",
            metavar="DATE",
            parser=parse_day,
            help="Avec --complete, le premier jour où les prêteurs absents n’ont plus d’accord.",
        ),
    ] = None,
    confirm_ending_all: Annotated[
        bool, typer.Option("--confirm-ending-all", help="Accepte un import qui met fin à tous les prêteurs.")
    ] = False,
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
    wanted = Wanted(file, apply, yes, reason, complete, on, confirm_ending_all)
    return _run(wanted, Client(call), call.out)


def _run(wanted: Wanted, client: Client, out: Output) -> int:
    """Shows the difference, or writes it; 1 if a line is refused."""
    data = _read(wanted.file)
    answer = _ask(client, wanted, data, out)
    if wanted.yes and not wanted.apply:
        shown = replace(wanted, apply=answer.summary.difference_hash)
        answer.summary = _ask(client, shown, data, out).summary
    out.document({"difference": as_json(answer.difference), "summary": as_json(answer.summary)})
    show_difference(answer.difference, answer.summary, out)
    if not answer.summary.applied and answer.difference.banks:
        out.line("Rien n’est écrit. Pour écrire exactement cette différence, ajoutez :")
        out.line(f'  --apply {answer.summary.difference_hash} --reason "…"')
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
        effective_date=to_date(wanted.on or date.today()),  # noqa: DTZ011 - the keeper's day
        complete=wanted.complete,
        confirm_ending_all=wanted.confirm_ending_all,
        validate_only=not wanted.apply,
        difference_hash=wanted.apply,
        reason=wanted.reason,
        request_id=new_request_id() if wanted.apply else "",
    )
    for chunk in others:
        yield pb.ImportBanksRequest(chunk=chunk)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError:
        raise CommandError(f"Le fichier {file} ne peut pas être lu.", reason="FILE_UNREADABLE") from None
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 1024 // 1024
        raise CommandError(f"Le fichier {file} dépasse {size} Mio.", reason="FILE_UNREADABLE")
    return data


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
