"""The options that commands share, and how their values are written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_SERVER = "127.0.0.1:50051"
MAX_ACTOR = 100
MAX_LISTED = 200
CASES = "cases"
DECISIONS = "decisions"


@dataclass(frozen=True)
class Target:
    """The server that is called, and who calls it."""

    server: str
    actor: str


def parse_day(text: str) -> date:
    """A date written 2027-01-01 or 01/01/2027."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a civil date
        except ValueError:
            continue
    raise typer.BadParameter(f"« {text} » n’est pas une date ; écrivez 2027-01-01 ou 01/01/2027.")


def parse_limit(value: str | int) -> int:
    """A number of lines, from 1 to 200; typer hands the default over too."""
    text = str(value)
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LISTED:
        raise typer.BadParameter(f"« {text} » n’est pas un nombre de 1 à {MAX_LISTED}.")
    return int(text)


def parse_over(text: str) -> str:
    """What a comparison runs over."""
    if text not in (CASES, DECISIONS):
        raise typer.BadParameter(f"« {text} » n’est ni {CASES} ni {DECISIONS}.")
    return text


def target(server: str | None, actor: str | None) -> Target:
    """The server and the actor of the options, else of the environment; an account whose name cannot travel
    in a header names nobody."""
    address = server or os.environ.get("ELIGIBILITY_SERVER") or DEFAULT_SERVER
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
        "--server", metavar="ADRESSE", help=f"Le serveur ; sinon ELIGIBILITY_SERVER, sinon {DEFAULT_SERVER}."
    ),
]
Actor = Annotated[
    str | None, typer.Option("--actor", metavar="NOM", help="Qui agit ; sinon le compte (USER).")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Vérifie tout, n’écrit rien.")]
Comment = Annotated[
    str, typer.Option("--comment", metavar="TEXTE", help="Pourquoi (la délibération, par exemple).")
]
Folder = Annotated[Path, typer.Argument(metavar="DOSSIER", help="Le dossier des règles.")]
Source = Annotated[str, typer.Argument(metavar="VERSION", help="Un dossier, ou une version publiée.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Une version publiée, ou son empreinte.")]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=parse_day, help="Comme si chaque demande était de cette date."
    ),
]
From = Annotated[
    date | None,
    typer.Option("--from", metavar="DATE", parser=parse_day, help="Premier jour gouverné."),
]
