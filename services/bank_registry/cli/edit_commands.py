"""The commands that change one lender: suspend, reinstate, end."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from services.bank_registry.cli.options import Actor, BankId, Json, Reason, Server, parse_day, target
from services.kit.cli import FrenchCommand, Output

From = Annotated[
    date, typer.Option("--from", metavar="DATE", parser=parse_day, help="Le premier jour où cela vaut.")
]
Until = Annotated[
    date | None,
    typer.Option(
        "--until", metavar="DATE", parser=parse_day, help="Le dernier jour ; sinon, jusqu’à nouvel ordre."
    ),
]
AgreementId = Annotated[
    str, typer.Option("--agreement", metavar="ACCORD", help="Cet accord seulement, et non tout le prêteur.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Vérifie tout, n’écrit rien.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    for command in (suspend, reinstate, end):
        app.command(cls=FrenchCommand)(command)


def suspend(
    bank: BankId,
    from_: From,
    reason: Reason,
    until: Until = None,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Suspend un prêteur, ou un de ses accords, à partir d’un jour."""
    from services.bank_registry.cli import edits

    wanted = edits.Wanted(bank, agreement, from_, until, reason, dry_run)
    return edits.suspend(wanted, target(server, actor), Output(json))


def reinstate(
    bank: BankId,
    from_: From,
    reason: Reason,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Lève la suspension d’un prêteur, ou d’un de ses accords, à partir d’un jour."""
    from services.bank_registry.cli import edits

    wanted = edits.Wanted(bank, agreement, from_, None, reason, dry_run)
    return edits.reinstate(wanted, target(server, actor), Output(json))


def end(
    bank: BankId,
    from_: From,
    reason: Reason,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Met fin à un prêteur, ou à un de ses accords : à partir de ce jour, il ne prend plus rien."""
    from services.bank_registry.cli import edits

    wanted = edits.Wanted(bank, agreement, from_, None, reason, dry_run)
    return edits.end(wanted, target(server, actor), Output(json))
