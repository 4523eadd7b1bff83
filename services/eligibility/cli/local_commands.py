"""The commands that work on a folder: init, test, diff, rulebook.

Only what a command needs is imported, when it runs: the others start at once.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from services.eligibility.cli.options import ADDRESS, Folder, Server, Source
from services.kit.cli import Actor, FrenchCommand, Json, Output, parse_day

OnDate = Annotated[
    date | None,
    typer.Option("--on", metavar="DATE", parser=parse_day, help="Le jour décrit ; sinon aujourd’hui."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command(cls=FrenchCommand)(init)
    app.command("test", cls=FrenchCommand)(run_tests)
    app.command(cls=FrenchCommand)(diff)
    app.command(cls=FrenchCommand)(rulebook)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Le dossier à créer.")],
    from_server: Annotated[
        bool, typer.Option("--from-server", help="Copie la version en vigueur aujourd’hui sur le serveur.")
    ] = False,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Copie un règlement dans un nouveau dossier, pour en écrire la version suivante."""
    from services.eligibility.cli import local

    return local.init(folder, ADDRESS.target(server, actor) if from_server else None, Output(json))


def run_tests(folder: Folder, json: Json = False) -> int:
    """Joue les cas d’essai d’un dossier : ce qui était attendu, ce qui est obtenu."""
    from services.eligibility.cli import local

    return local.run_tests(folder, Output(json))


def diff(
    base: Annotated[str, typer.Argument(metavar="AVANT", help="Un dossier, ou une version publiée.")],
    candidate: Annotated[str, typer.Argument(metavar="APRÈS", help="Un dossier, ou une version publiée.")],
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Dit ce qui change entre deux versions, et ce que cela change aux cas d’essai de la seconde."""
    from services.eligibility.cli import reading

    return reading.diff(base, candidate, ADDRESS.target(server, actor), Output(json))


def rulebook(
    source: Source,
    since: Annotated[
        str | None, typer.Option("--since", metavar="VERSION", help="Dit aussi ce qui a changé depuis elle.")
    ] = None,
    on: OnDate = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FICHIER", help="Écrit dans ce fichier.")
    ] = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Écrit le règlement en français (Markdown), article par article."""
    from services.eligibility.cli import reading

    return reading.write_rulebook(source, since, on, output, ADDRESS.target(server, actor), Output(json))
