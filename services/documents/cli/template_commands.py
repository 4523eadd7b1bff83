"""The commands on templates: read, check, compare, publish, activate, roll back.

Only the client is imported, when a command runs.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from services.documents.cli.options import (
    Actor,
    Comment,
    DryRun,
    From,
    Json,
    Out,
    Server,
    Source,
    Supersede,
    Template,
    TemplateId,
    Version,
    Write,
    parse_day,
    target,
)
from services.kit.cli import FrenchCommand, Output

EffectiveFrom = Annotated[
    date | None,
    typer.Option(
        "--effective-from",
        metavar="DATE",
        parser=parse_day,
        help="Premier jour que cette version peut gouverner ; sinon celui de la précédente.",
    ),
]
NewVersion = Annotated[
    str, typer.Option("--version", metavar="VERSION", help="Le numéro à donner ; sinon le suivant.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command("list", cls=FrenchCommand)(list_all)
    for command in (status, revisions, fields, get, check, compare, publish, activate, rollback):
        app.command(cls=FrenchCommand)(command)


def list_all(server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Liste les modèles, avec la version en vigueur et celles prévues."""
    from services.documents.cli import releases

    return releases.list_all(target(server, actor), Output(json))


def status(template: TemplateId, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Montre quelle version gouverne quels jours, les versions publiées et ce qui s’est passé."""
    from services.documents.cli import releases

    return releases.status(template, target(server, actor), Output(json))


def revisions(template: TemplateId, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Liste les versions publiées d’un modèle, de la dernière à la première."""
    from services.documents.cli import releases

    return releases.revisions(template, target(server, actor), Output(json))


def fields(
    template: Annotated[
        str, typer.Argument(metavar="MODÈLE", help="Le modèle ; sinon tout le contrat.")
    ] = "",
    used: Annotated[bool, typer.Option("--used", help="Seulement celles que le modèle lit.")] = False,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Liste les données qu’un modèle peut imprimer, avec la balise à copier dans Word."""
    from services.documents.cli import releases

    return releases.fields(template, used, target(server, actor), Output(json))


def get(
    template: TemplateId,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="La version ; sinon la dernière.")] = "",
    package: Annotated[bool, typer.Option("--package", help="Tout le paquet, dans un dossier.")] = False,
    out: Out = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Écrit le fichier Word d’une version, à modifier dans Word puis à publier."""
    from services.documents.cli import releases

    return releases.get(template, version, package, out, target(server, actor), Output(json))


def check(
    source: Source,
    template: Template = "",
    annotated: Annotated[
        Path | None,
        typer.Option("--annotate", metavar="FICHIER", help="Écrit le fichier Word avec ses remarques."),
    ] = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Contrôle un modèle : tout ce qui ne va pas, d’un coup, avec la phrase en cause et quoi faire."""
    from services.documents.cli import releases
    from services.documents.cli.sources import Edition

    return releases.check(source, Edition(template), annotated, target(server, actor), Output(json))


def compare(
    source: Source,
    template: Template = "",
    base: Annotated[
        str, typer.Option("--with", metavar="NOM", help="templates/…/revisions/… ; sinon la dernière.")
    ] = "",
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Dit ce qu’un modèle change : texte, données lues, manifeste."""
    from services.documents.cli import releases
    from services.documents.cli.sources import Edition

    return releases.compare(source, Edition(template), base, target(server, actor), Output(json))


def publish(
    source: Source,
    template: Template = "",
    version: NewVersion = "",
    effective_from: EffectiveFrom = None,
    dry_run: DryRun = False,
    comment: Comment = "",
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Publie un modèle : le serveur le contrôle et le garde ; aucun document ne change encore."""
    from services.documents.cli import releases
    from services.documents.cli.sources import Edition

    edition = Edition(template, version, effective_from)
    return releases.publish(source, edition, Write(dry_run, comment), target(server, actor), Output(json))


def activate(
    template: TemplateId,
    version: Version,
    from_: From = None,
    dry_run: DryRun = False,
    supersede_planned: Supersede = False,
    comment: Comment = "",
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Met une version en vigueur : elle fait les documents datés du premier jour ou d’après."""
    from services.documents.cli import releases

    write = Write(dry_run, comment)
    asked = target(server, actor)
    return releases.activate(template, version, from_, supersede_planned, write, asked, Output(json))


def rollback(
    template: TemplateId,
    from_: From = None,
    dry_run: DryRun = False,
    comment: Comment = "",
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Défait la dernière activation : ce qui gouvernait avant elle gouverne de nouveau."""
    from services.documents.cli import releases

    return releases.rollback(template, from_, Write(dry_run, comment), target(server, actor), Output(json))
