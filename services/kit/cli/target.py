"""The server that a command calls, who calls it, and the options that commands share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

import typer

MAX_ACTOR = 100


@dataclass(frozen=True)
class Target:
    """The server that is called, and who calls it."""

    server: str
    actor: str


@dataclass(frozen=True)
class Address:
    """Where a program finds its server: the variable that says it, else the address itself."""

    variable: str
    default: str

    def option(self) -> object:
        """The option that names another server, as an annotation."""
        text = f"Le serveur ; sinon {self.variable}, sinon {self.default}."
        return Annotated[str | None, typer.Option("--server", metavar="ADRESSE", help=text)]

    def target(self, server: str | None, actor: str | None) -> Target:
        """The server and the actor of the options, else of the environment; an account whose name cannot
        travel in a header names nobody."""
        address = server or os.environ.get(self.variable) or self.default
        if actor is not None and not _travels(actor):
            raise typer.BadParameter(
                f"le nom compte {MAX_ACTOR} caractères au plus, sans accent.", param_hint="--actor"
            )
        account = actor if actor is not None else os.environ.get("USER", "")
        return Target(address, account if _travels(account) else "")


def _travels(name: str) -> bool:
    return len(name) <= MAX_ACTOR and name.isascii() and (not name or name.isprintable())


Json = Annotated[bool, typer.Option("--json", help="Écrit un seul document JSON sur la sortie.")]
Actor = Annotated[
    str | None, typer.Option("--actor", metavar="NOM", help="Qui agit ; sinon le compte (USER).")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Vérifie tout, n’écrit rien.")]
Comment = Annotated[
    str, typer.Option("--comment", metavar="TEXTE", help="Pourquoi (la délibération, par exemple).")
]
