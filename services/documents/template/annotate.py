"""A copy of a Word file with what is wrong said in comments, where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from services.documents.render import opc, parser
from services.documents.template.opening import open_docx
from services.documents.template.reading import PARAGRAPH, W
from services.kit.findings import Finding, Severity
from services.kit.french import spaced

_COMMENTS = "word/comments.xml"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
_COMMENTS_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
_NO_RELATIONSHIPS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)
_AUTHOR, _INITIALS = "Contrôle du modèle", "CM"
_PROPERTIES = f"{W}pPr"

Node = Any


def annotate(docx: bytes, findings: Sequence[Finding]) -> bytes:
    """The file with a comment by finding; what has no paragraph of the body is said at the first.

    A file that cannot be read, or has comments of its own, comes back as it is.
    """
    parts = open_docx(docx).parts
    if not parts or not findings or _COMMENTS in parts:
        return docx
    root = etree.fromstring(parts[opc.MAIN], parser())
    paragraphs = list(root.iter(PARAGRAPH))
    if not paragraphs:
        return docx
    for number, finding in enumerate(findings):
        _mark(paragraphs[_position(finding, len(paragraphs))], number)
    parts[opc.MAIN] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    parts[_COMMENTS] = _comments(findings)
    parts[opc.MAIN_RELATIONSHIPS] = opc.before_end(
        parts.get(opc.MAIN_RELATIONSHIPS, _NO_RELATIONSHIPS),
        f'<Relationship Id="rIdComments" Type="{_COMMENTS_RELATION}" Target="comments.xml"/>',
    )
    parts[opc.CONTENT_TYPES] = opc.before_end(
        parts[opc.CONTENT_TYPES], f'<Override PartName="/{_COMMENTS}" ContentType="{_COMMENTS_TYPE}"/>'
    )
    return opc.write(parts)


def _position(finding: Finding, count: int) -> int:
    rank = finding.place.rank if finding.place.member == opc.MAIN else None
    return rank if rank is not None and rank < count else 0


def _mark(paragraph: Node, number: int) -> None:
    """Puts the comment around what the paragraph holds."""
    start, end = (etree.Element(f"{W}commentRange{side}") for side in ("Start", "End"))
    reference = etree.SubElement(etree.Element(f"{W}r"), f"{W}commentReference")
    for node in (start, end, reference):
        node.set(f"{W}id", str(number))
    after = 1 if len(paragraph) and paragraph[0].tag == _PROPERTIES else 0
    paragraph.insert(after, start)
    paragraph.extend((end, reference.getparent()))


def _comments(findings: Sequence[Finding]) -> bytes:
    comments = "".join(
        f'<w:comment w:id="{number}" w:author="{_AUTHOR}" w:initials="{_INITIALS}">'
        f"{''.join(map(_paragraph, _sentences(finding)))}</w:comment>"
        for number, finding in enumerate(findings)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<w:comments xmlns:w="{W[1:-1]}">{comments}</w:comments>'
    ).encode()


def _sentences(finding: Finding) -> list[str]:
    head = "Erreur" if finding.severity is Severity.ERROR else "Avertissement"
    place = finding.place
    where = "" if place.member == opc.MAIN and place.rank is not None else f" ({place})"
    said = [spaced(f"{head}{where} : {finding.sentence}")]
    if where and place.paragraph:
        said.append(spaced(f"« {place.paragraph} »"))
    return [*said, finding.advice] if finding.advice else said


def _paragraph(text: str) -> str:
    return f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
