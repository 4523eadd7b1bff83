"""Open Packaging Conventions: the zip of a .docx with reproducible bytes, and its properties."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from xml.sax.saxutils import escape

CONTENT_TYPES = "[Content_Types].xml"
ROOT_RELATIONSHIPS = "_rels/.rels"
MAIN = "word/document.xml"
"""The body of a Word file."""
MAIN_RELATIONSHIPS = "word/_rels/document.xml.rels"
"""Where the body says which other parts it shows."""
STYLES = "word/styles.xml"
"""The styles of a Word file."""
CORE = "docProps/core.xml"
CUSTOM = "docProps/custom.xml"

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# Identifier of the format of custom properties, fixed by ECMA-376 part 1, 22.3.
_CUSTOM_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_FIRST_CUSTOM_ID = 2
# Relationship and content type of each part of properties (ECMA-376 part 2, 10, and part 1, 15.2.12.2).
_PROPERTIES = {
    CORE: (
        "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
        "application/vnd.openxmlformats-package.core-properties+xml",
    ),
    CUSTOM: (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties",
        "application/vnd.openxmlformats-officedocument.custom-properties+xml",
    ),
}
_NO_CORE = (
    b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
)


def read(blob: bytes) -> dict[str, bytes]:
    """Parts of a package by name."""
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(parts: Mapping[str, bytes]) -> bytes:
    """The package: content types first, then the parts by name, all dated 1 January 1980."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ordered(parts):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 0
            archive.writestr(info, parts[name], zipfile.ZIP_DEFLATED, _LEVEL)
    return buffer.getvalue()


def ordered(names: Iterable[str]) -> list[str]:
    """Content types first, then the parts by name: the order of every package."""
    return sorted(names, key=lambda name: (name != CONTENT_TYPES, name))


def with_properties(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts, with the core and custom properties that a template may lack."""
    changed = dict(parts)
    for number, (name, kind) in enumerate(_PROPERTIES.items()):
        if name in changed:
            continue
        changed[name] = custom_properties({}) if name == CUSTOM else _HEAD.encode() + _NO_CORE
        changed[ROOT_RELATIONSHIPS] = before_end(
            changed[ROOT_RELATIONSHIPS],
            f'<Relationship Id="rIdProperties{number}" Type="{kind[0]}" Target="{name}"/>',
        )
        changed[CONTENT_TYPES] = before_end(
            changed[CONTENT_TYPES], f'<Override PartName="/{name}" ContentType="{kind[1]}"/>'
        )
    return changed


def before_end(xml: bytes, addition: str) -> bytes:
    """A part with an element more, last in its root."""
    head, end, tail = xml.rpartition(b"</")
    return head + addition.encode() + end + tail


def core_properties(title: str, creator: str, day: date) -> bytes:
    """docProps/core.xml in French; the dates are those of the document, never of the clock."""
    stamp = f"{day.isoformat()}T00:00:00Z"
    return (
        f"{_HEAD}<cp:coreProperties"
        ' xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator>{escape(creator)}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{stamp}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{stamp}</dcterms:modified>'
        "<dc:language>fr-FR</dc:language></cp:coreProperties>"
    ).encode()


def custom_properties(values: Mapping[str, str]) -> bytes:
    """docProps/custom.xml with text properties."""
    properties = "".join(
        f'<property fmtid="{_CUSTOM_FORMAT}" pid="{number}" name="{escape(name)}">'
        f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
        for number, (name, value) in enumerate(values.items(), _FIRST_CUSTOM_ID)
    )
    return (
        f"{_HEAD}<Properties"
        ' xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"'
        ' xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
        f"{properties}</Properties>"
    ).encode()
