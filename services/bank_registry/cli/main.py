"""Reads the command line and runs the command."""

from __future__ import annotations

from collections.abc import Sequence

from services.bank_registry.cli import (
    alerts,
    checks,
    edits,
    files,
    lenders,
    lists,
    publishing,
    redactions,
    terms,
)
from services.bank_registry.cli.client import ADDRESS
from services.kit.cli import accesses, program, run

HELP = """\
Tenir le registre des prêteurs : importer, exporter, consulter, suspendre, vérifier.

Un prêteur se désigne par son identifiant. Les dates s’écrivent 31/12/2026 ou 2026-12-31. Chaque commande
accepte --json : un seul document JSON sur la sortie, rien d’autre.

Codes de sortie : 0 tout va bien ; 1 refus, ligne refusée ou anomalie ; 2 commande mal écrite ; 3 serveur
injoignable ou en panne.
"""

app = program(HELP)
for commands in (files, lenders, checks, edits, terms, lists, publishing, alerts, redactions):
    commands.register(app)
accesses.register(app, ADDRESS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command written on the command line; returns its exit code."""
    return run(app, "bank-registry", arguments)
