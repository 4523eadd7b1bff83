"""The first filling of a registry: a file of lenders into its store, before a server runs."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from services.bank_registry.config import Settings
from services.bank_registry.files import (
    Fields,
    Finding,
    Kind,
    Plan,
    make_plan,
    read_whole,
)
from services.bank_registry.registry import Geography
from services.bank_registry.store import Origin, edit, migrate
from services.kit import french
from services.kit.errors import StartupError, Violations
from services.kit.store import Database
from services.kit.tables import MAX_BYTES, UnreadableFile

USAGE = """\
Utilisation : python -m services.bank_registry import FICHIER [options]

Remplit la base, tout ou rien, avant qu’un serveur tourne ; ensuite, bank-registry import passe par lui.
Le fichier (CSV, .xlsx, JSON) décrit entièrement chaque prêteur qu’il cite (docs/registre-format.md).

  --dry-run             vérifie et annonce ce qui changerait, sans rien écrire
  --actor NOM           qui écrit, pour le journal d’audit (par défaut, le compte de la machine)
  --reason TEXTE        pourquoi, pour le journal d’audit (par défaut, le nom du fichier)
  --database-url URL    base de données (par défaut, BANK_REGISTRY_DATABASE_URL)"""


def import_file(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code, 1 if the file is refused."""
    if "--help" in arguments:
        sys.stdout.write(french.spaced(f"{USAGE}\n"))
        return 0
    options = _parse(arguments)
    data = _read(options.file)
    origin = _origin(options)
    url = Settings.load(["--database-url", options.database_url] if options.database_url else []).database_url
    migrate(url)
    database = Database(url)
    try:
        reading = read_whole(data, Geography.load())
        with edit(database, keep=not options.dry_run) as session:
            known = session.registry
            plan = make_plan(reading, known.current, date.max, complete=False)
            state_number = known.state_number if plan.refusals else session.apply(plan.difference, origin)
    except UnreadableFile as error:
        raise StartupError(f"{options.file.name} : {error}") from error
    finally:
        database.dispose()
    return _report(options, plan, state_number)


def _report(options: argparse.Namespace, plan: Plan, state_number: int) -> int:
    _write_lines("Avertissement", plan.warnings)
    if plan.refusals:
        _write_lines("Erreur", plan.refusals)
        count = french.plural(len(plan.refusals), "erreur")
        sys.stderr.write(french.spaced(f"{options.file.name} : {count}, rien n’est importé.\n"))
        return 1
    written = "Essai : rien n’est écrit." if options.dry_run else f"État n° {state_number}."
    sys.stdout.write(french.spaced(f"{options.file.name} : {_counts(plan)}. {written}\n"))
    return 0


def _counts(plan: Plan) -> str:
    created = french.plural(plan.count(Kind.CREATED), "prêteur créé", "prêteurs créés")
    changed = french.plural(plan.count(Kind.CHANGED) + plan.count(Kind.ENDED), "modifié")
    return f"{created}, {changed}, {french.plural(plan.unchanged, 'inchangé')}"


def _write_lines(label: str, findings: Iterable[Finding]) -> None:
    for found in findings:
        sys.stderr.write(french.spaced(f"{label} : {found.place} : {found.message}\n"))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Says how to use the command, in French."""
        raise StartupError(f"La commande est incorrecte.\n{USAGE}")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("file", type=Path)
    parser.add_argument("--database-url")
    parser.add_argument("--actor", default=_account())
    parser.add_argument("--reason")
    parser.add_argument("--dry-run", action="store_true")
    return parser.parse_args(arguments)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise StartupError(f"Le fichier {file} ne peut pas être lu.") from error


def _origin(options: argparse.Namespace) -> Origin:
    problems = Violations()
    given = {"actor": options.actor, "reason": options.reason or f"Import de {options.file.name}"}
    fields = Fields(given, "", problems)
    origin = Origin(fields.text("actor", required=True), "ImportBanks", fields.text("reason", required=True))
    for problem in problems:
        raise StartupError(f"--{problem.field} : {problem.description}")
    return origin


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
