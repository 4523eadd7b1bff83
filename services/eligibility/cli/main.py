"""Reads the command line, runs the command, and turns every error into French and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from services.eligibility.cli import local_commands, server_commands
from services.eligibility.cli.french_help import FrenchGroup, usage_sentence
from services.eligibility.cli.outcome import GOOD, USAGE, CommandError
from services.eligibility.cli.output import show_error

INTERRUPTED = 130
HELP = """\
Écrire, vérifier, publier et activer les règles d’éligibilité ; rejouer et expliquer les décisions.

Une version est un dossier de fichiers ou le numéro d’une version publiée. Les dates s’écrivent 2027-01-01 ou
01/01/2027. Chaque commande accepte --json : un seul document JSON sur la sortie, rien d’autre.

Codes de sortie : 0 tout va bien ; 1 refus, différence ou anomalie ; 2 commande mal écrite ; 3 serveur
injoignable ou en panne.
"""

app = typer.Typer(
    cls=FrenchGroup,
    help=HELP,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
local_commands.register(app)
server_commands.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command written on the command line; returns its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        return int(app(args=words, prog_name="eligibility", standalone_mode=False) or GOOD)
    except CommandError as error:
        show_error(error, as_json)
        return error.exit_code
    except typer.TyperException as error:
        show_error(CommandError(usage_sentence(error), exit_code=USAGE, reason="USAGE"), as_json)
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:  # the reader (head, less) had enough: nothing may be written any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
