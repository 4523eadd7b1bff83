"""The options that commands share, and how their values are written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_SERVER = "127.0.0.1:50052"
MAX_ACTOR = 100


@dataclass(frozen=True)
class Target:
    """The server that is called, and who calls it."""

    server: str
    actor: str


@dataclass(frozen=True)
class Write:
    """What a command that writes says besides: an essay or not, and why."""

    dry_run: bool
    comment: str


def parse_day(text: str) -> date:
    """A date written 2027-01-01 or 01/01/2027."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a civil date
        except ValueError:
            continue
    raise typer.BadParameter(f"« {text} » n’est pas une date ; écrivez 2027-01-01 ou 01/01/2027.")


def target(server: str | None, actor: str | None) -> Target:
    """The server and the actor of the options, else of the environment; an account whose name cannot travel
    in a header names nobody."""
    address = server or os.environ.get("DOCUMENTS_SERVER") or DEFAULT_SERVER
    if actor is not None and not _travels(actor):
        raise typer.BadParameter(
            f"le nom compte {MAX_ACTOR} caractères au plus, sans accent.", param_hint="--actor"
        )
    account = actor if actor is not None else os.environ.get("USER", "")
    return Target(address, account if _travels(account) else "")


def _travels(name: str) -> bool:
    return len(name) <= MAX_ACTOR and name.isascii() and (not name or name.isprintable())


Json = Annotated[bool, typer.Option("--json", help="Écrit un seul document JSON sur la sortie.")]
Server = Annotated[
    str | None,
    typer.Option(
        "--server", metavar="ADRESSE", help=f"Le serveur ; sinon DOCUMENTS_SERVER, sinon {DEFAULT_SERVER}."
    ),
]
Actor = Annotated[
    str | None, typer.Option("--actor", metavar="NOM", help="Qui agit ; sinon le compte (USER).")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Vérifie tout, n’écrit rien.")]
Comment = Annotated[
    str, typer.Option("--comment", metavar="TEXTE", help="Pourquoi (la délibération, par exemple).")
]
TemplateId = Annotated[str, typer.Argument(metavar="MODÈLE", help="L’identifiant du modèle.")]
ProfileId = Annotated[str, typer.Argument(metavar="PROFIL", help="L’identifiant du profil.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Une version publiée, ou son empreinte.")]
Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE", help="Un dossier, un zip, ou un fichier Word (.docx) avec --template."),
]
Template = Annotated[
    str, typer.Option("--template", metavar="MODÈLE", help="Le modèle dont le fichier Word est la suite.")
]
From = Annotated[
    date | None,
    typer.Option("--from", metavar="DATE", parser=parse_day, help="Premier jour gouverné."),
]
Supersede = Annotated[
    bool,
    typer.Option("--supersede-planned", help="Accepte de remplacer une version activée pour plus tard."),
]
DocumentDate = Annotated[
    date,
    typer.Option("--date", metavar="DATE", parser=parse_day, help="La date écrite sur le document."),
]
Profile = Annotated[
    str, typer.Option("--profile", metavar="PROFIL", help="Le profil d’organisation, s’il y en a plusieurs.")
]
Pdf = Annotated[bool, typer.Option("--pdf", help="En PDF balisé, si le serveur a un convertisseur.")]
Store = Annotated[bool, typer.Option("--store", help="Fait garder le document par le serveur.")]
Data = Annotated[Path, typer.Argument(metavar="DONNÉES", help="Les données du dossier (JSON).")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="CHEMIN", help="Où écrire ; sinon ici, sous son nom.")
]


def named(collection: str, text: str) -> str:
    """The name of a template or of a profile, which people give by its identifier alone."""
    return text if text.startswith(f"{collection}/") else f"{collection}/{text}"
