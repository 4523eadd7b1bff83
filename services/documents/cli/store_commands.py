"""The commands on files already made: verify, stored, delete-case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.documents.cli.options import ADDRESS, Server
from services.kit.cli import Actor, DryRun, FrenchCommand, Json, Output

Case = Annotated[str, typer.Argument(metavar="RÉFÉRENCE", help="La référence du dossier.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command(cls=FrenchCommand)(verify)
    app.command(cls=FrenchCommand)(stored)
    app.command("delete-case", cls=FrenchCommand)(delete_case)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Le fichier à vérifier.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DONNÉES", help="Données dont le fichier doit avoir été fait."),
    ] = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Dit si un fichier vient de ce service, s’il a été modifié, et de quelle version de modèle."""
    from services.documents.cli import stored_documents

    return stored_documents.verify(file, data, ADDRESS.target(server, actor), Output(json))


def stored(case: Case, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Liste les documents qu’un serveur garde pour un dossier."""
    from services.documents.cli import stored_documents

    return stored_documents.stored(case, ADDRESS.target(server, actor), Output(json))


def delete_case(
    case: Case, dry_run: DryRun = False, server: Server = None, actor: Actor = None, json: Json = False
) -> int:
    """Efface pour de bon les documents gardés d’un dossier."""
    from services.documents.cli import stored_documents

    return stored_documents.delete_case(case, dry_run, ADDRESS.target(server, actor), Output(json))
