"""Files that the service hands over: their name, their media type, their digest; zips of them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from services.documents.making.signing import SignaturePlace
from services.kit.tables import csv_bytes

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
ZIP = "application/zip"
"""The media types of the files that leave."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class OutputFile:
    """A file of the service."""

    filename: str
    media_type: str
    content: bytes
    signature_places: tuple[SignaturePlace, ...] = ()
    """Of a PDF."""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def zipped(filename: str, members: Iterable[tuple[str, bytes]]) -> OutputFile:
    """A zip, not compressed again: .docx and .pdf are; the same bytes for the same members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return OutputFile(filename, ZIP, buffer.getvalue())


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
