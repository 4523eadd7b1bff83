"""The commands on files: import, export, template.

What a command needs is imported when it runs: the help stays quick.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from services.bank_registry.cli.options import Actor, File, Json, Known, On, Reason, Server, parse_day, target
from services.kit.cli import FrenchCommand, Output


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command("import", cls=FrenchCommand)(import_)
    app.command(cls=FrenchCommand)(export)
    app.command(cls=FrenchCommand)(template)


def import_(
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
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Montre ce qu’un fichier changerait, ligne refusée par ligne refusée ; avec --apply, l’écrit."""
    from services.bank_registry.cli import imports

    if (apply or yes) and not reason:
        raise typer.BadParameter(
            "indiquez le motif, il est gardé dans le journal d’audit.", param_hint="--reason"
        )
    if complete and on is None:
        raise typer.BadParameter(
            "avec --complete, indiquez le premier jour où les prêteurs absents n’ont plus d’accord.",
            param_hint="--on",
        )
    wanted = imports.Wanted(file, apply, yes, reason, complete, on, confirm_ending_all)
    return imports.run(wanted, target(server, actor), Output(json))


def export(
    file: File,
    on: On = None,
    known: Known = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Écrit les prêteurs dans un fichier .csv, .xlsx ou .jsonl, qu’un import relit à l’identique."""
    from services.bank_registry.cli import exports

    return exports.run(file, on, known, target(server, actor), Output(json))


def template(file: File, json: Json = False) -> int:
    """Écrit un fichier vierge, avec ses colonnes, en .csv ou en .xlsx."""
    from services.bank_registry.cli import exports

    return exports.template(file, Output(json))
