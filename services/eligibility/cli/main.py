"""Reads the command line and runs the command."""

from __future__ import annotations

from collections.abc import Sequence

from services.eligibility.cli import comparing, decisions, releases, rules
from services.kit.cli import program, run

HELP = """\
Écrire, vérifier, publier et activer les règles d’éligibilité ; rejouer et expliquer les décisions.

Une version est un dossier de fichiers ou le numéro d’une version publiée. Les dates s’écrivent 2027-01-01 ou
01/01/2027. Chaque commande accepte --json : un seul document JSON sur la sortie, rien d’autre.

Codes de sortie : 0 tout va bien ; 1 refus, différence ou anomalie ; 2 commande mal écrite ; 3 serveur
injoignable ou en panne.
"""

app = program(HELP)
for commands in (rules, releases, comparing, decisions):
    commands.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command written on the command line; returns its exit code."""
    return run(app, "eligibility", arguments)
