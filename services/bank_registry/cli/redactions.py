"""The command that redacts texts: what has some words can no longer be read, in the past either."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from microcredit.bankregistry.v1 import registry_admin_service_pb2 as pb
from services.bank_registry.cli.client import ADDRESS, PREFIX, Client, Reason, bank_name, new_request_id
from services.kit.cli import GOOD, Call, DryRun, add_commands, as_json


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    add_commands(app, ADDRESS, redact)


def redact(
    call: Call,
    reason: Reason,
    bank: Annotated[
        str, typer.Argument(metavar="[PRÊTEUR]", help="Le prêteur dont les textes sont lus ; sinon, tous.")
    ] = "",
    words: Annotated[
        str,
        typer.Option(
            "--words", metavar="MOTS", help="Les mots à faire disparaître ; sinon, la première ligne lue."
        ),
    ] = "",
    dry_run: DryRun = False,
) -> int:
    """Caviarde les motifs et les contacts qui ont ces mots, même passés : rien ne le défait."""
    client = Client(call)
    asked = pb.RedactTextsRequest(
        words=words or sys.stdin.readline().strip(),  # a command is kept in the history of its shell
        name=bank_name(bank) if bank else "",
        reason=reason,
        request_id="" if dry_run else new_request_id(),
        validate_only=dry_run,
    )
    answer = client.call(client.admin.RedactTexts, asked)
    call.out.document(as_json(answer))
    rows = ((one.name.removeprefix(PREFIX), one.field) for one in answer.texts)
    call.out.table(("fiche", "champ"), rows)
    call.out.line(answer.message)
    if not dry_run:
        call.out.line(f"État n° {answer.state_number}.")
    return GOOD
