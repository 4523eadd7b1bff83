"""The summary of a batch, as a table that a spreadsheet opens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.kit.tables import csv_bytes

_HEADER = ("destinataire", "fichier", "motif", "champs")


@dataclass(frozen=True)
class Line:
    """What became of a recipient: a file, or the problem and the fields in cause."""

    key: str
    filename: str
    problem: str
    fields: tuple[str, ...]


def summary_csv(lines: Iterable[Line]) -> bytes:
    """CSV in UTF-8 with its mark and semicolons, as French spreadsheets expect; no cell is a formula."""
    rows = ((line.key, line.filename, line.problem, ", ".join(line.fields)) for line in lines)
    return csv_bytes(_HEADER, rows)
