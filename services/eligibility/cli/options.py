"""The options that commands share, and how their values are written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from services.kit.cli import Address, parse_day

MAX_LISTED = 200
CASES = "cases"
DECISIONS = "decisions"


def parse_limit(value: str | int) -> int:
    """A number of lines, from 1 to 200; typer hands the default over too."""
    text = str(value)
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LISTED:
        raise typer.BadParameter(f"« {text} » n’est pas un nombre de 1 à {MAX_LISTED}.")
    return int(text)


def parse_over(text: str) -> str:
    """What a comparison runs over."""
    if text not in (CASES, DECISIONS):
        raise typer.BadParameter(f"« {text} » n’est ni {CASES} ni {DECISIONS}.")
    return text


ADDRESS = Address("ELIGIBILITY_SERVER", "127.0.0.1:50051")
Server = Annotated[
    str | None,
    typer.Option(
        "--server", metavar="ADRESSE", help=f"Le serveur ; sinon {ADDRESS.variable}, sinon {ADDRESS.default}."
    ),
]
Folder = Annotated[Path, typer.Argument(metavar="DOSSIER", help="Le dossier des règles.")]
Source = Annotated[str, typer.Argument(metavar="VERSION", help="Un dossier, ou une version publiée.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Une version publiée, ou son empreinte.")]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=parse_day, help="Comme si chaque demande était de cette date."
    ),
]
