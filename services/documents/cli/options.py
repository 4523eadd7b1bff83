"""The options that commands share, and how their values are written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from services.kit.cli import Address, parse_day

ADDRESS = Address("DOCUMENTS_SERVER", "127.0.0.1:50052")
Server = Annotated[
    str | None,
    typer.Option(
        "--server", metavar="ADRESSE", help=f"Le serveur ; sinon {ADDRESS.variable}, sinon {ADDRESS.default}."
    ),
]
TemplateId = Annotated[str, typer.Argument(metavar="MODÈLE", help="L’identifiant du modèle.")]
DocumentDate = Annotated[
    date,
    typer.Option("--date", metavar="DATE", parser=parse_day, help="La date écrite sur le document."),
]
Profile = Annotated[
    str, typer.Option("--profile", metavar="PROFIL", help="Le profil d’organisation, s’il y en a plusieurs.")
]
Pdf = Annotated[bool, typer.Option("--pdf", help="En PDF balisé, si le serveur a un convertisseur.")]
Store = Annotated[bool, typer.Option("--store", help="Fait garder le document par le serveur.")]
Data = Annotated[Path, typer.Argument(metavar="DONNÉES", help="Les données du dossier (JSON).")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="CHEMIN", help="Où écrire ; sinon ici, sous son nom.")
]
