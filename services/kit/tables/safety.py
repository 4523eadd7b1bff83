"""What a workbook may hold before anything reads it: no macro, no link, no bomb."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from services.kit.tables.table import UnreadableFile

MEBIBYTE = 1024 * 1024
MAX_PARTS = 2000
MAX_SHEET, MAX_STRINGS, MAX_OTHER, MAX_TOTAL = 64 * MEBIBYTE, 32 * MEBIBYTE, 8 * MEBIBYTE, 128 * MEBIBYTE
"""Sizes in bytes of the inflated XML; 10,000 rows of forty columns take about 30 MiB."""
MAX_SHARED_STRINGS = 500_000
_LONGEST_GAP = MEBIBYTE
"""Between two rows of a sheet: the parser holds that much at once, as objects fifty times larger."""

_BLOCK = 256 * 1024
_TAIL = 64
_XML = (".xml", ".rels")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml|content\.xml", re.IGNORECASE)
_EXCEL, _OPEN_DOCUMENT = "xl/workbook.xml", "content.xml"
_FORBIDDEN = (
    (
        re.compile(
            r"vbaproject|xl/macrosheets/|xl/dialogsheets/|xl/activex/|^basic/|^scripts/", re.IGNORECASE
        ),
        "Le classeur contient des macros ou des contrôles ; enregistrez-le comme « Classeur Excel (.xlsx) ».",
    ),
    (
        re.compile(r"xl/externallinks/|xl/connections\.xml|xl/querytables/", re.IGNORECASE),
        "Le classeur est lié à un autre fichier ou à une base ; rompez ses liaisons.",
    ),
    (
        re.compile(r"xl/embeddings/|^object [0-9]+/", re.IGNORECASE),
        "Le classeur contient un objet incorporé ; supprimez-le.",
    ),
)
_DOCTYPE = re.compile(rb"<!DOCTYPE|<!ENTITY", re.IGNORECASE)
# In another encoding a document type would pass unseen: Python's parser reads EBCDIC if the file says so.
_ENCODED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"'](?!utf-8[\"']|us-ascii[\"'])", re.IGNORECASE)
_LINKED = re.compile(rb"<table:(?:table-source|cell-range-source|dde-link)|<office:dde-source")
_PROTECTED = re.compile(rb"<manifest:encryption-data\b")
_SAVE = "enregistrez le tableau en .xlsx, en .ods ou en « CSV UTF-8 »"


def check_workbook(data: bytes) -> None:
    """Raises UnreadableFile, with all that is forbidden at once, unless the workbook is harmless."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise UnreadableFile("Le classeur est abîmé ou protégé ; enregistrez-le de nouveau.") from None


def is_open_document(data: bytes) -> bool:
    """Whether a workbook is an .ods, not an .xlsx; of one that was checked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return not any(name.lower() == _EXCEL for name in archive.namelist())


def blocks_of(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The blocks of a part, each with the end of the one before: no mark is cut in two."""
    tail = b""
    with archive.open(name) as stream:
        while block := stream.read(_BLOCK):
            yield tail + block
            tail = block[-_TAIL:]


def _check(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    lower = {name.lower() for name in names}
    if "xl/workbook.bin" in lower:
        raise UnreadableFile(f"Le fichier est un classeur binaire .xlsb ; {_SAVE}.")
    if _EXCEL not in lower and not _is_ods(archive, names):
        raise UnreadableFile(
            f"Le fichier est une archive, mais pas un classeur Excel ou OpenDocument ; {_SAVE}."
        )
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
        raise UnreadableFile("Décompressé, le classeur est démesuré : ce n’est pas un tableau à lire.")
    for part in sorted(parts, key=lambda part: part.filename != "META-INF/manifest.xml"):
        _scan(archive, part)


def _is_ods(archive: zipfile.ZipFile, names: list[str]) -> bool:
    if "mimetype" not in names or _OPEN_DOCUMENT not in names:
        return False
    with archive.open("mimetype") as stream:
        return stream.read(100).strip().startswith(b"application/vnd.oasis.opendocument.spreadsheet")


def _limit(name: str) -> int:
    if _SHEET.fullmatch(name):
        return MAX_SHEET
    return MAX_STRINGS if name.lower() == "xl/sharedstrings.xml" else MAX_OTHER


def _scan(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Reads a part in blocks: no document type, and nothing that would swell in memory."""
    sheet = bool(_SHEET.fullmatch(part.filename))
    row = b"<table:table-row" if part.filename == _OPEN_DOCUMENT else b"<row"
    strings = gap = 0
    for number, block in enumerate(blocks_of(archive, part.filename)):
        first = number == 0 and (b"\x00" in block[:64] or _ENCODED.search(block[:256]))
        if first or _DOCTYPE.search(block):
            raise UnreadableFile("Le classeur contient une définition de document interdite.")
        if _PROTECTED.search(block):
            raise UnreadableFile("Le classeur est protégé par un mot de passe ; enregistrez-le sans.")
        if part.filename == _OPEN_DOCUMENT and _LINKED.search(block):
            raise UnreadableFile("Le classeur est lié à un autre fichier ; rompez ses liaisons.")
        strings += block.count(b"<si") if not sheet else 0
        last = block.rfind(row)
        gap = gap + len(block) if last < 0 else len(block) - last
        if strings > MAX_SHARED_STRINGS or (sheet and gap > _LONGEST_GAP):
            raise UnreadableFile("Le classeur contient une ligne ou une liste de textes démesurée.")
