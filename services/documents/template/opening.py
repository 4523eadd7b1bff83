"""The zip of an uploaded .docx, opened without trusting anything that it says of itself."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

from lxml import etree

from services.documents.render import opc, parser
from services.documents.template.reading import WHOLE_FILE
from services.kit.findings import Finding

MAX_BYTES = 2 * 1024 * 1024
MAX_OPENED_BYTES = 16 * 1024 * 1024
MAX_FILES = 300
MAX_RATIO = 200
# A small part may be very regular: the ratio tells of a bomb above this size only.
_RATIO_FROM = 64 * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
# Old binary Word files, and .docx with a password, are of this format.
_COMPOUND = b"\xd0\xcf\x11\xe0"
_XML = (".xml", ".rels")
_MAIN_NAME = re.compile(rb'Target="/?(word/document\d+\.xml)"')


@dataclass(frozen=True)
class Opened:
    """The parts of a file, and what refused it; `parts` is empty when it cannot be read."""

    parts: dict[str, bytes]
    findings: list[Finding]


def open_docx(docx: bytes) -> Opened:
    """The parts of a .docx within the limits, all its XML well formed and without DOCTYPE."""
    if docx.startswith(_COMPOUND):
        return _refused("DOCX_FORMAT", "Le fichier est un ancien .doc, ou est protégé par un mot de passe.")
    if len(docx) > MAX_BYTES:
        return _refused("DOCX_TOO_LARGE", f"Le fichier dépasse {MAX_BYTES >> 20} Mio.", _LIGHTER)
    try:
        with zipfile.ZipFile(io.BytesIO(docx)) as archive:
            return _opened(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError):
        return _refused("DOCX_FORMAT", "Le fichier n’est pas un .docx, ou il est abîmé.")


_LIGHTER = "Réduisez les images dans Word (Format de l’image, Compresser les images)."
_AGAIN = "Ouvrez-le dans Word et enregistrez-le au format .docx."


def _opened(archive: zipfile.ZipFile) -> Opened:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MAX_FILES:
        return _refused("DOCX_TOO_LARGE", f"Le fichier contient plus de {MAX_FILES} parties.")
    if sum(entry.file_size for entry in entries) > MAX_OPENED_BYTES:
        return _refused(
            "DOCX_TOO_LARGE", f"Une fois ouvert, il dépasse {MAX_OPENED_BYTES >> 20} Mio.", _LIGHTER
        )
    if bomb := next(filter(_is_bomb, entries), None):
        return _refused(
            "DOCX_BOMB",
            f"La partie {bomb.filename[:80]} est anormalement compressée.",
            "Si c’est une image (EMF, BMP), remplacez-la par un PNG ; sinon refaites le fichier dans Word.",
        )
    if len({name.lower() for name in names}) != len(names) or any(map(_is_outside, names)):
        return _refused("DOCX_FORMAT", "Des parties du fichier ont le même nom, ou un nom interdit.")
    if any(entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS for entry in entries):
        return _refused("DOCX_FORMAT", "Le fichier est chiffré, ou compressé d’une manière inconnue.")
    parts = {name: archive.read(name) for name in names if not name.endswith("/")}
    parts = _usual(parts)
    lacking = [name for name in (opc.CONTENT_TYPES, opc.ROOT_RELATIONSHIPS, opc.MAIN) if name not in parts]
    if lacking:
        return _refused("DOCX_FORMAT", f"Le fichier n’est pas un document Word : il n’a pas {lacking[0]}.")
    findings = [
        found for name, content in parts.items() if name.endswith(_XML) for found in _xml(name, content)
    ]
    return Opened({} if findings else parts, findings)


def _usual(parts: dict[str, bytes]) -> dict[str, bytes]:
    """The parts with the body under its usual name: Word online calls it document2.xml."""
    found = _MAIN_NAME.search(parts.get(opc.ROOT_RELATIONSHIPS, b""))
    if found is None or opc.MAIN in parts or found[1].decode() not in parts:
        return parts
    file = found[1].decode().rpartition("/")[2]
    renamed = {name: content for name, content in parts.items() if file not in name}
    renamed[opc.MAIN] = parts[found[1].decode()]
    if (links := parts.get(f"word/_rels/{file}.rels")) is not None:
        renamed[opc.MAIN_RELATIONSHIPS] = links
    for name in (opc.CONTENT_TYPES, opc.ROOT_RELATIONSHIPS):
        renamed[name] = parts.get(name, b"").replace(found[1], opc.MAIN.encode())
    return renamed


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > max(_RATIO_FROM, MAX_RATIO * entry.compress_size)


def _is_outside(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")


def _xml(name: str, content: bytes) -> list[Finding]:
    if b"\0" in content[:4]:
        return _refused("XML_BROKEN", f"{name} n’est pas écrit en UTF-8.", _AGAIN).findings
    try:
        tree = etree.fromstring(content, parser()).getroottree()
    except etree.XMLSyntaxError:
        return _refused("XML_BROKEN", f"La partie {name} est abîmée.", _AGAIN).findings
    if tree.docinfo.doctype or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return _refused(
            "DOCTYPE", f"La partie {name} déclare un DOCTYPE, qu’aucun document Word n’a."
        ).findings
    return []


def _refused(code: str, message: str, suggestion: str = _AGAIN) -> Opened:
    return Opened({}, [Finding(WHOLE_FILE, message, code, suggestion)])
