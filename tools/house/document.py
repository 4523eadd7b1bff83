"""A whole template: body, header and footers, assembled with the house parts into a .docx."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from services.documents.render import opc
from tools.house import chart
from tools.house.chart import Chart
from tools.house.letter import letterhead
from tools.house.ooxml import field, raw_paragraph, run

PARTS = Path(__file__).parent / "parts"
LOGO_PART = "word/media/logo.png"

_RELATIONSHIPS = "word/_rels/document.xml.rels"
_HEADING, _CHAPTER = (f'<w:pStyle w:val="{style}"/>' for style in ("Heading2", "Chapter"))
_HOUSE_PARTS = {
    opc.CONTENT_TYPES: "content_types.xml",
    "_rels/.rels": "root_rels.xml",
    "docProps/app.xml": "app.xml",
    _RELATIONSHIPS: "document_rels.xml",
    "word/fontTable.xml": "fontTable.xml",
    "word/numbering.xml": "numbering.xml",
    "word/settings.xml": "settings.xml",
    "word/styles.xml": "styles.xml",
}
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
# A4 with margins of 2 cm; the first page has the letterhead as its header.
_SECTION = (
    '<w:sectPr><w:headerReference w:type="default" r:id="rId5"/>'
    '<w:headerReference w:type="first" r:id="rId9"/>'
    '<w:footerReference w:type="default" r:id="rId6"/>'
    '<w:footerReference w:type="first" r:id="rId7"/><w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1134" w:right="1134" w:bottom="964" w:left="1134"'
    ' w:header="567" w:footer="510" w:gutter="0"/>'
    "<w:titlePg/></w:sectPr>"
)
# Stands for the logo of the profile in the template: one transparent pixel.
_PLACEHOLDER = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_BUILT = date(2026, 1, 1)


@dataclass(frozen=True)
class Model:
    """A template of the house: its identifier, its title and its body."""

    id: str
    title: str
    body: str
    form: bool = False
    """A form numbers its chapters; a letter does not."""
    subject: str = "Dossier"
    """What the reference of the footer names; empty when the document has none."""
    charts: Sequence[Chart] = ()

    def docx(self) -> bytes:
        """The .docx of the template, always the same bytes."""
        parts = {name: (PARTS / file).read_bytes() for name, file in _HOUSE_PARTS.items()}
        body = self.body.replace(_HEADING, _CHAPTER) if self.form else self.body
        parts["word/document.xml"] = _part("document", f"<w:body>{body}{_SECTION}</w:body>")
        parts["word/header1.xml"] = _part("hdr", raw_paragraph(run(_HEADER), "Header"))
        parts["word/header2.xml"] = _part("hdr", letterhead())
        parts["word/_rels/header2.xml.rels"] = (PARTS / "header_rels.xml").read_bytes()
        parts["word/footer1.xml"] = parts["word/footer2.xml"] = _part("ftr", _footer(self.subject))
        parts["docProps/core.xml"] = opc.core_properties(self.title, "", _BUILT)
        parts["docProps/custom.xml"] = opc.custom_properties({})
        parts[LOGO_PART] = _PLACEHOLDER
        self._add_charts(parts)
        return opc.write(parts)

    def _add_charts(self, parts: dict[str, bytes]) -> None:
        for rank, drawn in enumerate(self.charts, 1):
            parts[f"word/charts/chart{rank}.xml"] = drawn.part()
            _before_end(parts, _RELATIONSHIPS, chart.relationship(rank))
            _before_end(parts, opc.CONTENT_TYPES, chart.override(rank))


_HEADER = "{{ profile.organisation.short_name }} – {{ document.title }}"


def _before_end(parts: dict[str, bytes], name: str, element: str) -> None:
    content, end, rest = parts[name].rpartition(b"</")
    parts[name] = content + element.encode() + end + rest


def _footer(subject: str) -> str:
    reference = run(f"{subject} {{{{ document.reference }}}} – page " if subject else "Page ")
    return raw_paragraph(reference + field("PAGE") + run(" sur ") + field("NUMPAGES"), "Footer")


def _part(root: str, content: str) -> bytes:
    return f"{_HEAD}<w:{root} {_NAMESPACES}>{content}</w:{root}>".encode()
