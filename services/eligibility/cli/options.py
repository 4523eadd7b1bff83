"""The options that commands share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from services.kit.cli import Address, parse_day

ADDRESS = Address("ELIGIBILITY_SERVER", "127.0.0.1:50051")

Folder = Annotated[Path, typer.Argument(metavar="DOSSIER", help="Le dossier des règles.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Une version publiée, ou son empreinte.")]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=parse_day, help="Comme si chaque demande était de cette date."
    ),
]
