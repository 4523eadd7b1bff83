"""What a person names to check, compare or publish: a folder, a zip, a Word file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from microcredit.documents.v1.release_pb2 import EditedDocx
from services.documents.cli.client import read_file, to_date
from services.documents.contract import read_folder
from services.kit.cli import USAGE, CommandError
from services.kit.releases import pack


@dataclass(frozen=True)
class Edition:
    """How a Word file becomes a version: of which template, under which number, from which day."""

    template: str = ""
    version: str = ""
    effective_from: date | None = None


def candidate(source: str, edition: Edition) -> dict[str, Any]:
    """The field of a request that carries a source: `archive` or `docx`."""
    path = Path(source)
    if path.is_dir():
        return {"archive": pack(read_folder(path))}
    if path.suffix.lower() == ".docx":
        if not edition.template:
            raise CommandError(
                "De quel modèle ce fichier Word est-il la suite ? Dites-le par --template.",
                exit_code=USAGE,
                reason="USAGE",
            )
        edited = EditedDocx(
            template_id=edition.template,
            content=read_file(path),
            version=edition.version,
            effective_from=to_date(edition.effective_from),
        )
        return {"docx": edited}
    return {"archive": read_file(path)}
