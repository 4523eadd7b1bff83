"""The summary of a batch, as a table that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

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
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(_HEADER)
    for line in lines:
        writer.writerow(map(_inert, (line.key, line.filename, line.problem, ", ".join(line.fields))))
    return buffer.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
