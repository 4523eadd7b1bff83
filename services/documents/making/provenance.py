"""Where a file says that it comes from: custom properties of a .docx, a comment of a PDF."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree

from services.documents.making.seal import with_line
from services.kit.canonical import canonical

_PART = "docProps/custom.xml"
_PDF, _PDF_TAIL = b"%PDF-", 4096
_NAME = b"microcredit-provenance "
_LINE = re.compile(b"%" + _NAME + rb"([^\n]+)\n")
_MAX_BYTES = 64 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Provenance:
    """What a document says of itself."""

    template_sha256: str
    profile_sha256: str
    data_sha256: str
    document_date: date


def read_provenance(content: bytes) -> Provenance | None:
    """The provenance of anyone's file; None when it has none, or is no document."""
    try:
        properties = _line(content) if content.startswith(_PDF) else _properties(content)
        read = Provenance(
            template_sha256=properties["template_sha256"],
            profile_sha256=properties["profile_sha256"],
            data_sha256=properties["data_sha256"],
            document_date=date.fromisoformat(properties["document_date"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
    digests = (read.template_sha256, read.profile_sha256)
    return read if all(map(_DIGEST.fullmatch, digests)) else None


def with_provenance(pdf: bytes, docx: bytes) -> bytes:
    """The PDF of a document with the provenance of the document, in a comment: PDF has no such properties
    that LibreOffice fills."""
    read = read_provenance(docx)
    return pdf if read is None else with_line(pdf, _NAME + canonical(_written(read)).encode())


def _written(provenance: Provenance) -> Mapping[str, str]:
    return {**vars(provenance), "document_date": provenance.document_date.isoformat()}


def _line(pdf: bytes) -> Mapping[str, str]:
    """The comment of a PDF; ValueError if there is none that can be read."""
    found = _LINE.search(pdf, max(0, len(pdf) - _PDF_TAIL))
    read = json.loads(found[1]) if found else None
    if not isinstance(read, dict):
        raise ValueError
    return read


def _properties(content: bytes) -> Mapping[str, str]:
    """The custom properties of a file, by name; ValueError if there are none that can be read."""
    try:
        with (
            zipfile.ZipFile(io.BytesIO(content)) as archive,
            archive.open(_PART) as stream,
        ):
            xml = stream.read(_MAX_BYTES + 1)
        # Without declarations there are no entities, which could fill the memory from a few bytes.
        if len(xml) > _MAX_BYTES or b"<!" in xml:
            raise ValueError
        root = ElementTree.fromstring(xml)  # noqa: S314 - bounded, and without any declaration
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ValueError from error
    except ElementTree.ParseError as error:
        raise ValueError from error
    return {node.get("name", ""): "".join(node.itertext()) for node in root}
