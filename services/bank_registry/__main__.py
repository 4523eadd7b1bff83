"""`python -m services.bank_registry [serve] [options]` or `… import FICHIER [options]`."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from services.bank_registry.api import import_file, repair_clock
from services.bank_registry.app import make_app, store_set
from services.bank_registry.config import Settings
from services.bank_registry.store import STORE_KEYS
from services.kit.cli import FrenchCommand
from services.kit.errors import DomainError, StartupError
from services.kit.french import spaced
from services.kit.serve import configure, server, store_acts

NAME = "python -m services.bank_registry import"
HELP = f"""\
{NAME} FICHIER [options] remplit la base avant qu’un serveur tourne ; son aide :
  {NAME} --help
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=FrenchCommand)
def fill(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Le fichier : CSV, .xlsx, .ods ou JSON.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Vérifie et compte, sans rien écrire.")] = False,
    actor: Annotated[
        str | None,
        typer.Option("--actor", metavar="NOM", help="Qui écrit, pour le journal d’audit ; sinon le compte."),
    ] = None,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXTE", help="Pourquoi, pour l’audit ; sinon le nom du fichier."),
    ] = "",
    confirm_ending_all: Annotated[
        bool, typer.Option("--confirm-ending-all", help="Accepte un fichier qui met fin à tous les prêteurs.")
    ] = False,
    correct: Annotated[
        bool, typer.Option("--correct", help="Accepte que le fichier change des jours déjà passés.")
    ] = False,
    database_url: Annotated[
        str, typer.Option("--database-url", metavar="URL", help="Sinon BANK_REGISTRY_DATABASE_URL.")
    ] = "",
    init: Annotated[bool, typer.Option("--init", help="Crée la base, si elle n’existe pas encore.")] = False,
) -> int:
    """Remplit la base avant qu’un serveur tourne ; ensuite, bank-registry import passe par lui.

    Le fichier décrit entièrement chaque prêteur qu’il cite (docs/registre-format.md). La différence est celle
    de bank-registry import ; une ligne refusée, et rien n’est écrit.
    """
    settings = Settings.load(["--database-url", database_url] if database_url else [])
    configure("bank_registry", "warning")  # what it did is on its standard output
    return import_file(
        settings.places(),
        settings.anchored(STORE_KEYS),
        store_set(settings.model_copy(update={"init": init or settings.init})),
        file,
        actor=_account() if actor is None else actor,
        reason=reason,
        dry_run=dry_run,
        confirm_ending_all=confirm_ending_all,
        correct_past=correct,
    )


def main(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code; a failed import says why in one French sentence."""
    if "--help" in arguments and arguments[:1] != ["import"]:
        sys.stdout.write(spaced(f"{HELP}\n"))
    if arguments[:1] != ["import"]:
        words = arguments[1:] if arguments[:1] == ["serve"] else arguments
        return server.main(Settings, make_app, words, acts=_acts())
    os.umask(0o077)
    try:
        return int(app(args=list(arguments[1:]), prog_name=NAME, standalone_mode=False) or 0)
    except typer.TyperException:
        sys.stderr.write(spaced(f"La commande est incorrecte. Son aide : {NAME} --help\n"))
    except StartupError as error:
        sys.stderr.write(spaced(f"{error}\n"))
    except DomainError as error:
        sys.stderr.write(spaced(f"{error.message}\n"))
    return 1


def _acts() -> Mapping[str, server.Act[Settings]]:
    """What a person does to the registry from its machine."""
    repair = server.Act[Settings](lambda settings, by, _: repair_clock(settings.places(), by))
    return {**store_acts(STORE_KEYS, _databases), "repair-clock": repair}


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _databases(settings: Settings) -> Mapping[str, str]:
    return {"la base du registre": settings.database_url, "la base des clés": settings.keys_database_url}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
