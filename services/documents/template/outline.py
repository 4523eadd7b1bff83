"""The text of a template as a person reads it: paragraphs with their tags, by part."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from services.documents.render import is_rendered, opc, parser
from services.documents.template.reading import lines, place


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, and the part where it is, in French."""

    place: str
    text: str


def outline(docx: bytes) -> list[Paragraph]:
    """Every paragraph that says something, in the order of the parts; the file was accepted by the gate."""
    parts = opc.read(docx)
    return [
        Paragraph(place(name), line.text.strip())
        for name in opc.ordered(parts)
        if is_rendered(name) and not name.startswith("docProps/")
        for line in lines(name, etree.fromstring(parts[name], parser()))
        if line.text.strip()
    ]
