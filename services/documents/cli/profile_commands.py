"""The commands on organisation profiles, as a group."""

from __future__ import annotations

from typing import Annotated

import typer

from services.documents.cli.options import (
    Actor,
    Comment,
    DryRun,
    From,
    Json,
    Out,
    ProfileId,
    Server,
    Supersede,
    Version,
    Write,
    target,
)
from services.kit.cli import FrenchCommand, FrenchGroup, Output

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Un dossier, ou un zip.")]


def register(app: typer.Typer) -> None:
    """Adds the group to the application."""
    group = typer.Typer(cls=FrenchGroup, no_args_is_help=True, rich_markup_mode=None)
    group.command("list", cls=FrenchCommand)(list_all)
    for command in (status, get, check, publish, activate, rollback):
        group.command(cls=FrenchCommand)(command)
    app.add_typer(group, name="profile", help="Les profils d’organisation : nom, signataires, recours, logo.")


def list_all(server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Liste les profils, avec la version en vigueur et celles prévues."""
    from services.documents.cli import profiles

    return profiles.list_all(target(server, actor), Output(json))


def status(profile: ProfileId, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Montre quelle version gouverne quels jours, les versions publiées et ce qui s’est passé."""
    from services.documents.cli import profiles

    return profiles.status(profile, target(server, actor), Output(json))


def get(
    profile: ProfileId,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="La version ; sinon la dernière.")] = "",
    out: Out = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Écrit une version dans un dossier, à modifier puis à publier."""
    from services.documents.cli import profiles

    return profiles.get(profile, version, out, target(server, actor), Output(json))


def check(source: Source, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Contrôle un profil."""
    from services.documents.cli import profiles

    return profiles.check(source, target(server, actor), Output(json))


def publish(
    source: Source,
    dry_run: DryRun = False,
    comment: Comment = "",
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Publie un profil : aucun document ne change encore."""
    from services.documents.cli import profiles

    return profiles.publish(source, Write(dry_run, comment), target(server, actor), Output(json))


def activate(
    profile: ProfileId,
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
    from services.documents.cli import profiles

    write = Write(dry_run, comment)
    asked = target(server, actor)
    return profiles.activate(profile, version, from_, supersede_planned, write, asked, Output(json))


def rollback(
    profile: ProfileId,
    from_: From = None,
    dry_run: DryRun = False,
    comment: Comment = "",
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Défait la dernière activation : ce qui gouvernait avant elle gouverne de nouveau."""
    from services.documents.cli import profiles

    return profiles.rollback(profile, from_, Write(dry_run, comment), target(server, actor), Output(json))
