"""The commands that make files: generate, dossier, merge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.documents.cli.options import (
    ADDRESS,
    Data,
    DocumentDate,
    Out,
    Pdf,
    Profile,
    Server,
    Store,
    TemplateId,
)
from services.kit.cli import Actor, FrenchCommand, Json, Output

PURPOSES = ("file", "bank", "applicant")


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    for command in (generate, dossier, merge, columns):
        app.command(cls=FrenchCommand)(command)


def parse_purpose(text: str) -> str:
    """For whom a dossier is made."""
    if text not in PURPOSES:
        raise typer.BadParameter(f"« {text} » n’est ni file, ni bank, ni applicant.")
    return text


def generate(
    template: TemplateId,
    data: Data,
    day: DocumentDate,
    profile: Profile = "",
    pdf: Pdf = False,
    store: Store = False,
    out: Out = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Fait un document à partir des données d’un dossier."""
    from services.documents.cli import making

    asked = making.MakingOptions(day, profile, pdf, store)
    return making.generate(template, data, asked, out, ADDRESS.target(server, actor), Output(json))


def dossier(
    data: Data,
    day: DocumentDate,
    purpose: Annotated[
        str,
        typer.Option(
            "--purpose",
            metavar="file|bank|applicant",
            parser=parse_purpose,
            help="Le dossier du service (par défaut), ce qui part au prêteur, ce que reçoit la personne.",
        ),
    ] = "file",
    as_zip: Annotated[bool, typer.Option("--zip", help="Un zip des pièces, avec un sommaire.")] = False,
    profile: Profile = "",
    pdf: Pdf = False,
    store: Store = False,
    out: Out = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Fait tout le dossier d’une personne : le service décide, d’après les données, de ses pièces."""
    from services.documents.cli import making

    asked = making.MakingOptions(day, profile, pdf, store)
    return making.dossier(data, purpose, as_zip, asked, out, ADDRESS.target(server, actor), Output(json))


def merge(
    template: TemplateId,
    recipients: Annotated[
        Path, typer.Argument(metavar="DESTINATAIRES", help="Un tableau : CSV, .xlsx ou .ods.")
    ],
    day: DocumentDate,
    common: Annotated[
        Path | None,
        typer.Option("--common", metavar="DONNÉES", help="Ce que tous partagent (JSON)."),
    ] = None,
    merged: Annotated[bool, typer.Option("--merged", help="Un seul fichier, à imprimer.")] = False,
    as_zip: Annotated[bool, typer.Option("--zip", help="Un zip, avec un sommaire.")] = False,
    profile: Profile = "",
    pdf: Pdf = False,
    store: Store = False,
    out: Out = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Publipostage : un courrier pour chaque ligne d’un tableau ; une ligne fausse ne perd qu’elle-même."""
    from services.documents.cli import mailing, making

    if merged and as_zip:
        raise typer.BadParameter("choisissez --merged ou --zip.")
    asked = making.MakingOptions(day, profile, pdf, store)
    job = mailing.Mailing(template, recipients, common, merged, as_zip, out)
    return mailing.run(job, asked, ADDRESS.target(server, actor), Output(json))


def columns(template: TemplateId, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Liste les colonnes qu’un tableau de destinataires peut avoir pour un modèle."""
    from services.documents.cli import mailing

    return mailing.columns(template, ADDRESS.target(server, actor), Output(json))
