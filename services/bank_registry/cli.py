"""The import command: a file of lenders into the registry."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from services.bank_registry.config import Settings
from services.bank_registry.importers.document import MAX_BYTES, Reading, UnreadableFile, read
from services.bank_registry.importers.fields import Fields
from services.bank_registry.registry.difference import Difference, difference
from services.bank_registry.store import Origin, edit, migrate
from services.kit import french
from services.kit.database import Database
from services.kit.errors import StartupError, Violation, Violations
from services.kit.geography import Geography

USAGE = """\
Utilisation : python -m services.bank_registry import FICHIER.json [options]

Le fichier décrit entièrement chaque prêteur qu’il cite.
Les autres prêteurs ne changent pas (docs/registre-format.md).

  --dry-run             vérifie et annonce ce qui changerait, sans rien écrire
  --actor NOM           qui écrit, pour le journal d’audit (par défaut, le compte de la machine)
  --reason TEXTE        pourquoi, pour le journal d’audit (par défaut, le nom du fichier)
  --database-url URL    base de données (par défaut, BANK_REGISTRY_DATABASE_URL)"""


def import_file(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code, 1 if the file is refused."""
    if "--help" in arguments:
        sys.stdout.write(f"{USAGE}\n")
        return 0
    options = _parse(arguments)
    data = _read(options.file)
    origin = _origin(options)
    url = Settings.load(["--database-url", options.database_url] if options.database_url else []).database_url
    migrate(url)
    database = Database(url)
    try:
        with edit(database, keep=not options.dry_run) as session:
            known = session.registry
            reading = read(data, known.current, Geography.load())
            found = difference(known.current, reading.records)
            revision = known.revision if reading.problems else session.apply(found, origin)
    except UnreadableFile as error:
        raise StartupError(f"{options.file.name} : {error}") from error
    finally:
        database.dispose()
    return _report(options, reading, found, revision)


def _report(options: argparse.Namespace, reading: Reading, found: Difference, revision: int) -> int:
    _write_lines("Avertissement", reading.advice)
    if reading.problems:
        _write_lines("Erreur", reading.problems)
        count = french.plural(len(reading.problems), "erreur")
        sys.stderr.write(f"{options.file.name} : {count}, rien n’est importé.\n")
        return 1
    sys.stdout.write(f"{options.file.name} : {_counts(found)}. ")
    sys.stdout.write("Essai : rien n’est écrit.\n" if options.dry_run else f"Révision {revision}.\n")
    return 0


def _counts(found: Difference) -> str:
    created = french.plural(len(found.created), "prêteur créé", "prêteurs créés")
    changed = french.plural(len(found.changed), "modifié")
    return f"{created}, {changed}, {french.plural(found.unchanged, 'inchangé')}"


def _write_lines(label: str, violations: Iterable[Violation]) -> None:
    for violation in violations:
        sys.stderr.write(f"{label} : {violation.field} : {violation.description}\n")


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
        raise StartupError(f"--{problem.field} : {problem.description}")
    return origin


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
