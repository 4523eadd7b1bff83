"""Reads the command line and runs the command."""

from __future__ import annotations

from collections.abc import Sequence

from services.documents.cli import making, mending, previewing, stored, templates
from services.documents.cli.client import ADDRESS
from services.kit.cli import accesses, program, run, signing

HELP = """\
Mettre en service les modèles et les profils d’organisation ; faire courriers, dossiers et publipostages.

Un modèle se désigne par son identifiant (14-refus-presentation). Les dates s’écrivent 31/12/2026 ou
2026-12-31. Chaque commande accepte --json : un seul document JSON sur la sortie, rien d’autre.

Codes de sortie : 0 tout va bien ; 1 refus, différence ou anomalie ; 2 commande mal écrite ; 3 serveur
injoignable ou en panne.
"""

app = program(HELP)
templates.register(app)
mending.register(app)
previewing.register(app)
making.register(app)
stored.register(app)
signing.register(app, ADDRESS, templates.statement, templates.package_folders)
accesses.register(app, ADDRESS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command written on the command line; returns its exit code."""
    return run(app, "documents", arguments)
