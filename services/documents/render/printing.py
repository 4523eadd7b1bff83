"""A joined document as LibreOffice has to read it, which knows no field for the pages of a section."""

from __future__ import annotations

import posixpath
import re

from lxml import etree

from services.documents import opc
from services.documents.render.plan import MAIN
from services.documents.render.source import parser

_RELATIONSHIPS = "word/_rels/document.xml.rels"
_SECTION = re.compile(r"<w:sectPr(?: [^>]*)?(?:/>|>.*?</w:sectPr>)", re.DOTALL)
_REFERENCE = re.compile(r'<w:(?:header|footer)Reference [^>]*r:id="([^"]+)"')
_PARAGRAPH_END = "</w:p>"
_FIELD = "SECTIONPAGES"
_FIRST_MARK = 9_000_000
_BOOKMARK = '<w:bookmarkStart w:id="{0}" w:name="{1}"/><w:bookmarkEnd w:id="{0}"/>'


def for_libreoffice(docx: bytes) -> bytes:
    """The same document, where the number of pages of a section is the number of the page where it ends."""
    parts = opc.read(docx)
    concerned = {name for name, content in parts.items() if _FIELD.encode() in content and name != MAIN}
    if not concerned:
        return docx
    targets = _targets(parts[_RELATIONSHIPS])
    pieces: list[str] = []
    body, written = parts[MAIN].decode(), 0
    for rank, section in enumerate(_SECTION.finditer(body)):
        mark, end = f"section_end_{rank}", _last_paragraph_end(body, section)
        pieces += (body[written:end], _BOOKMARK.format(_FIRST_MARK + rank, mark))
        written = end
        for name in {targets.get(found[1], "") for found in _REFERENCE.finditer(section[0])} & concerned:
            parts[name] = parts[name].replace(_FIELD.encode(), f"PAGEREF {mark}".encode())
    parts[MAIN] = "".join((*pieces, body[written:])).encode()
    return opc.write(parts)


def _targets(relationships: bytes) -> dict[str, str]:
    root = etree.fromstring(relationships, parser())
    return {
        node.get("Id"): posixpath.normpath(posixpath.join("word", node.get("Target", "")))
        for node in root.iter("{*}Relationship")
    }


def _last_paragraph_end(body: str, section: re.Match[str]) -> int:
    """Where the last paragraph of a section ends: the one that carries its break, or the last of the body."""
    if body.startswith("</w:pPr>", section.end()):
        return body.index(_PARAGRAPH_END, section.end())
    return max(body.rfind(_PARAGRAPH_END, 0, section.start()), 0)
