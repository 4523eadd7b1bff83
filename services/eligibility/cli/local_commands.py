"""The commands that work on a folder: init, check, test, diff, rulebook, keygen, sign.

Only what a command needs is imported, when it runs: the others start at once.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from services.eligibility.cli.options import Actor, Folder, Json, Server, Source, parse_day, target
from services.kit.cli import FrenchCommand, Output

OnDate = Annotated[
    date | None,
    typer.Option("--on", metavar="DATE", parser=parse_day, help="Le jour décrit ; sinon aujourd’hui."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command(cls=FrenchCommand)(init)
    app.command(cls=FrenchCommand)(check)
    app.command("test", cls=FrenchCommand)(run_tests)
    app.command(cls=FrenchCommand)(diff)
    app.command(cls=FrenchCommand)(rulebook)
    app.command(cls=FrenchCommand)(keygen)
    app.command(cls=FrenchCommand)(sign)


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

    return local.init(folder, target(server, actor) if from_server else None, Output(json))


def check(folder: Folder, json: Json = False) -> int:
    """Vérifie un dossier : tout ce qui ne va pas, avec le fichier, la ligne et une phrase."""
    from services.eligibility.cli import local

    return local.check_folder(folder, Output(json))


def run_tests(folder: Folder, json: Json = False) -> int:
    """Joue les cas d’essai d’un dossier : ce qui était attendu, ce qui est obtenu."""
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

    return reading.diff(base, candidate, target(server, actor), Output(json))


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

    return reading.write_rulebook(source, since, on, output, target(server, actor), Output(json))


def keygen(
    key: Annotated[Path, typer.Argument(metavar="FICHIER", help="La clé privée à créer, secrète.")],
    json: Json = False,
) -> int:
    """Crée une clé de signature : la privée dans FICHIER, la publique dans FICHIER.pub.pem."""
    from services.eligibility.cli import local

    return local.keygen(key, Output(json))


def sign(
    folder: Folder,
    key: Annotated[Path, typer.Option("--key", metavar="FICHIER", help="La clé privée.")],
    json: Json = False,
) -> int:
    """Signe un dossier : écrit signature.json, à refaire à chaque modification."""
    from services.eligibility.cli import local

    return local.sign_folder(folder, key, Output(json))
