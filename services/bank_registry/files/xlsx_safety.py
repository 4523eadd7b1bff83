"""What a workbook may hold before anything reads it: no macro, no link, no bomb."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from services.bank_registry.files.items import UnreadableFile

MEBIBYTE = 1024 * 1024
MAX_PARTS = 2000
MAX_SHEET, MAX_STRINGS, MAX_OTHER, MAX_TOTAL = 64 * MEBIBYTE, 32 * MEBIBYTE, 8 * MEBIBYTE, 128 * MEBIBYTE
"""Sizes in bytes of the inflated XML; 10,000 lenders take about 30 MiB."""
MAX_SHARED_STRINGS = 500_000
_LONGEST_GAP = MEBIBYTE
"""Between two rows of a sheet: the parser holds that much at once, as objects fifty times larger."""

_BLOCK = 256 * 1024
_XML = (".xml", ".rels")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_FORBIDDEN = (
    (
        re.compile(r"vbaproject|xl/macrosheets/|xl/dialogsheets/|xl/activex/", re.IGNORECASE),
        "Le classeur contient des macros ou des contrôles ; enregistrez-le comme « Classeur Excel (.xlsx) ».",
    ),
    (
        re.compile(r"xl/externallinks/|xl/connections\.xml|xl/querytables/", re.IGNORECASE),
        "Le classeur est lié à un autre fichier ou à une base ; rompez ses liaisons.",
    ),
    (
        re.compile(r"xl/embeddings/", re.IGNORECASE),
        "Le classeur contient un objet incorporé ; supprimez-le.",
    ),
)
_DOCTYPE = re.compile(rb"<!DOCTYPE|<!ENTITY", re.IGNORECASE)


def check_workbook(data: bytes) -> None:
    """Raises UnreadableFile, with all that is forbidden at once, unless the workbook is harmless."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise UnreadableFile("Le classeur est abîmé ou protégé ; enregistrez-le de nouveau.") from None


def _check(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if not any(name.lower() == "xl/workbook.xml" for name in names):
        raise UnreadableFile("Le fichier est une archive, mais pas un classeur Excel (.xlsx).")
    found = [sentence for form, sentence in _FORBIDDEN if any(map(form.search, names))]
    if len(names) > MAX_PARTS or len(set(names)) < len(names):
        found.append("Le classeur compte trop de parties, ou deux fois la même.")
    if found:
        raise UnreadableFile(" ".join(found))
    parts = [part for part in archive.infolist() if part.filename.lower().endswith(_XML)]
    if (
        any(part.file_size > _limit(part.filename) for part in parts)
        or sum(part.file_size for part in parts) > MAX_TOTAL
    ):
        raise UnreadableFile("Décompressé, le classeur est démesuré : ce n’est pas un fichier de prêteurs.")
    for part in parts:
        _scan(archive, part)


def _limit(name: str) -> int:
    if _SHEET.fullmatch(name):
        return MAX_SHEET
    return MAX_STRINGS if name.lower() == "xl/sharedstrings.xml" else MAX_OTHER


def _scan(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Reads a part in blocks: no document type, and nothing that would swell in memory."""
    sheet = bool(_SHEET.fullmatch(part.filename))
    strings = gap = 0
    for number, block in enumerate(_blocks(archive, part)):
        if _DOCTYPE.search(block) or (number == 0 and b"\x00" in block[:64]):
            raise UnreadableFile("Le classeur contient une définition de document interdite.")
        strings += block.count(b"<si") if not sheet else 0
        last = block.rfind(b"<row")
        gap = gap + len(block) if last < 0 else len(block) - last
        if strings > MAX_SHARED_STRINGS or (sheet and gap > _LONGEST_GAP):
            raise UnreadableFile("Le classeur contient une ligne ou une liste de textes démesurée.")


def _blocks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The blocks of a part, each with the end of the one before: no mark is cut in two."""
    tail = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            yield tail + block
            tail = block[-16:]
