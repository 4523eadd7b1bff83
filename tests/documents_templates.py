"""Small templates for tests: a body, headers and parts of one's own around the styles of the house."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from services.documents.profile.organisation import Profile, read_profile
from services.documents.render import opc
from services.documents.template.gate import Verdict, examine
from services.documents.template.manifest import (
    DOCX_FILE,
    MANIFEST_FILE,
    Template,
    make_template,
    read_template,
)
from services.documents.template.trial import Sample
from services.kit.findings import Findings, Severity
from tests.documents_support import DAY, DOCUMENTS, REFUSAL

MAIN = "word/document.xml"
NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
)
MANIFEST: dict[str, Any] = {
    "id": "essai",
    "version": "1.0.0",
    "title": "Essai",
    "kind": "LETTER",
    "contract": "1.0",
    "effective_from": date(2026, 1, 1),
    "legal_basis": ["aucune"],
    "mentions": [],
    "recipient": "NOBODY",
    "for_lender": False,
    "signatory": "nobody",
    "requires": ["case", "applicant", "loan"],
    "checks": [],
}


def run(text: str, properties: str = "") -> str:
    """A run of text."""
    style = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{style}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(*texts: str) -> str:
    """A paragraph of runs, every second one in bold."""
    runs = (run(text, "<w:b/>" if rank % 2 else "") for rank, text in enumerate(texts))
    return f"<w:p>{''.join(runs)}</w:p>"


def table(*rows: tuple[str, ...]) -> str:
    """A table whose first row is a heading."""
    written = (
        f"<w:tr>{'<w:trPr><w:tblHeader/></w:trPr>' if rank == 0 else ''}"
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="1000" w:type="dxa"/></w:tcPr>{paragraph(cell)}</w:tc>' for cell in row
        )
        + "</w:tr>"
        for rank, row in enumerate(rows)
    )
    grid = '<w:gridCol w:w="1000"/>' * max(map(len, rows))
    properties = '<w:tblPr><w:tblW w:w="5000" w:type="dxa"/><w:tblCaption w:val="Essai"/></w:tblPr>'
    return f"<w:tbl>{properties}<w:tblGrid>{grid}</w:tblGrid>{''.join(written)}</w:tbl>"


@lru_cache
def _house() -> dict[str, bytes]:
    return opc.read((DOCUMENTS / "templates" / REFUSAL / DOCX_FILE).read_bytes())


def parts_of(*blocks: str, footer: str = "Pied", title: str = "Essai") -> dict[str, bytes]:
    """The parts of a template with these blocks of WordprocessingML in its body."""
    house = dict(_house())
    house.pop("word/media/logo.png")
    section = house[MAIN].decode()
    section = section[section.rindex("<w:sectPr>") : section.index("</w:body>")]
    house[MAIN] = (
        f"<w:document {NAMESPACES}><w:body>{''.join(blocks)}{section}</w:body></w:document>".encode()
    )
    for name in ("word/footer1.xml", "word/footer2.xml"):
        house[name] = f"<w:ftr {NAMESPACES}>{paragraph(footer)}</w:ftr>".encode()
    for name in ("word/header1.xml", "word/header2.xml"):
        house[name] = f"<w:hdr {NAMESPACES}>{paragraph('En-tête')}</w:hdr>".encode()
    house.pop("word/_rels/header2.xml.rels")
    house["docProps/core.xml"] = opc.core_properties(title, "", DAY)
    return house


def docx(*blocks: str, **options: str) -> bytes:
    """A .docx template."""
    return opc.write(parts_of(*blocks, **options))


def template(content: bytes, **manifest: Any) -> Template:
    """The template of a .docx."""
    return make_template({**MANIFEST, **manifest}, content, "0" * 64)


@lru_cache
def profile() -> Profile:
    """The shipped profile."""
    folder = DOCUMENTS / "profiles" / "cias-exemple"
    findings = Findings()
    read = read_profile({path.name: path.read_bytes() for path in folder.iterdir()}, findings)
    assert read is not None
    assert not findings.errors
    return read


def sample() -> Sample:
    """What templates are tried with."""
    return Sample(profile(), DAY)


def shipped(identifier: str) -> Template:
    """A template of the catalogue."""
    folder = DOCUMENTS / "templates" / identifier
    read = read_template(
        {name: (folder / name).read_bytes() for name in (MANIFEST_FILE, DOCX_FILE)}, Findings()
    )
    assert read is not None
    return read


def verdict(content: bytes, **manifest: Any) -> Verdict:
    """What the gate says of a .docx."""
    return examine(template(content, **manifest), sample())


def errors(found: Verdict) -> list[str]:
    """The codes of the errors."""
    return [one.code for one in found.findings if one.severity is Severity.ERROR]
