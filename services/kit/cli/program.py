"""Runs the command written on a command line, and turns every error into French and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from services.kit.cli.french_help import FrenchGroup, usage_sentence
from services.kit.cli.outcome import GOOD, USAGE, CommandError
from services.kit.cli.output import show_error

INTERRUPTED = 130


def program(description: str) -> typer.Typer:
    """A program of several commands, with its help in French."""
    return typer.Typer(
        cls=FrenchGroup,
        help=description,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )


def run(app: typer.Typer, name: str, arguments: Sequence[str] | None = None) -> int:
    """Runs the command line (that of the process unless given); returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        return int(app(args=words, prog_name=name, standalone_mode=False) or GOOD)
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
