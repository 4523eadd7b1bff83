"""Reads the command line and runs the command."""

from __future__ import annotations

from collections.abc import Sequence

from services.eligibility.cli import comparing, counting, decisions, proving, rules
from services.eligibility.cli.folders import ADDRESS, contents_of
from services.kit.cli import ReleaseCommands, Words, accesses, program, run, signing

HELP = """\
Écrire, vérifier, publier et activer les règles d’éligibilité ; rejouer et expliquer les décisions.

Une version est un dossier de fichiers ou le numéro d’une version publiée. Les dates s’écrivent 2027-01-01 ou
01/01/2027. Chaque commande accepte --json : un seul document JSON sur la sortie, rien d’autre.

Codes de sortie : 0 tout va bien ; 1 refus, différence ou anomalie ; 2 commande mal écrite ; 3 serveur
injoignable ou en panne.
"""

RELEASES = ReleaseCommands(
    Words(
        collection="rulesets",
        noun="règlement",
        dated="demandes datées",
        inert="elle ne répond à aucune demande avant d’être activée.",
        address=ADDRESS,
        read_folder=contents_of,
        single=True,
        checked_here=True,
        sums_up=True,
        proof_quoted=proving.proof_quoted,
        unsigned="rulesets/",
    )
)

app = program(HELP)
for commands in (rules, proving, RELEASES, comparing, decisions, counting):
    commands.register(app)
signing.register(app, ADDRESS, rules.statement)
accesses.register(app, ADDRESS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command written on the command line; returns its exit code."""
    return run(app, "eligibility", arguments)
