"""A copy of a Word file with what is wrong said in comments, where it is wrong; and the file without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lxml import etree

from services.documents.render import WORD_PART, opc, parser
from services.documents.template.opening import open_docx
from services.documents.template.reading import PARAGRAPH, W
from services.kit.findings import Finding, Severity
from services.kit.french import spaced

COMMENTS = "word/comments.xml"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
_COMMENTS_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
_NO_RELATIONSHIPS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)
_NO_COMMENTS = f'<w:comments xmlns:w="{W[1:-1]}"></w:comments>'.encode()
_AUTHOR, _INITIALS = "Contrôle du modèle", "CM"
_PROPERTIES = f"{W}pPr"
_COMMENT, _ID, _AUTHOR_OF = f"{W}comment", f"{W}id", f"{W}author"
_ANCHORS = tuple(f"{W}{name}" for name in ("commentRangeStart", "commentRangeEnd", "commentReference"))
# What Word adds to comments: who wrote them, which answers which. Of no use once there is none.
_BESIDE = re.compile(r"word/(?:comments(?:|Extended|Ids|Extensible)|people)\.xml")
_DECLARED = rb'<(Relationship|Override)\s[^>]*?"(?:/?word/)?%s"[^>]*?(?:/>|>\s*</\1>)'

Node = Any


def annotate(docx: bytes, findings: Sequence[Finding]) -> bytes:
    """The file with a numbered comment by finding, besides those of others; what has no paragraph of the body
    is said at the first. Nothing when there is no comment to write, or no place to write it."""
    parts = without_ours(open_docx(docx).parts)
    if not parts or not findings:
        return b""
    root = etree.fromstring(parts[opc.MAIN], parser())
    paragraphs = list(root.iter(PARAGRAPH))
    if not paragraphs:
        return b""
    comments = etree.fromstring(parts.get(COMMENTS, _NO_COMMENTS), parser())
    taken = [one.get(_ID, "") for one in comments.iter(_COMMENT)]
    first = 1 + max((int(one) for one in taken if one.isdecimal()), default=-1)
    for number, finding in enumerate(findings):
        _mark(paragraphs[_position(finding, len(paragraphs))], first + number)
        comments.append(_comment(finding, first + number, number + 1))
    if COMMENTS not in parts:
        parts[opc.MAIN_RELATIONSHIPS] = opc.before_end(
            parts.get(opc.MAIN_RELATIONSHIPS, _NO_RELATIONSHIPS),
            f'<Relationship Id="rIdComments" Type="{_COMMENTS_RELATION}" Target="comments.xml"/>',
        )
        parts[opc.CONTENT_TYPES] = opc.before_end(
            parts[opc.CONTENT_TYPES], f'<Override PartName="/{COMMENTS}" ContentType="{_COMMENTS_TYPE}"/>'
        )
    return opc.write({**parts, opc.MAIN: _written(root), COMMENTS: _written(comments)})


def without_ours(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts without the comments of this module, nor what Word adds to comments once none is left."""
    kept = dict(parts)
    if COMMENTS in parts:
        comments = etree.fromstring(parts[COMMENTS], parser())
        # Word leaves those whose mark was deleted: nobody sees them, and they bear a name.
        shown = {node.get(_ID) for name in filter(WORD_PART.fullmatch, parts) for node in _marks(parts[name])}
        ours = [
            one
            for one in comments.iter(_COMMENT)
            if one.get(_AUTHOR_OF) == _AUTHOR or one.get(_ID) not in shown
        ]
        numbers = {one.get(_ID) for one in ours}
        for one in ours:
            one.getparent().remove(one)
        if ours:
            kept[COMMENTS] = _written(comments)
            kept |= {
                name: _unmarked(content, numbers)
                for name, content in parts.items()
                if WORD_PART.fullmatch(name)
            }
        if next(comments.iter(_COMMENT), None) is not None:
            return kept
    return _without(kept, [name for name in kept if _BESIDE.fullmatch(name)])


def _marks(content: bytes) -> list[Node]:
    return list(etree.fromstring(content, parser()).iter(_ANCHORS[-1]))


def _unmarked(content: bytes, numbers: Iterable[str | None]) -> bytes:
    root = etree.fromstring(content, parser())
    found = [node for node in root.iter(*_ANCHORS) if node.get(_ID) in numbers]
    for node in found:
        parent = node.getparent()
        parent.remove(node)
        if parent.tag == f"{W}r" and all(child.tag == f"{W}rPr" for child in parent):
            parent.getparent().remove(parent)
    return _written(root) if found else content


def _without(parts: dict[str, bytes], names: Iterable[str]) -> dict[str, bytes]:
    """The parts without some of them, nor what declares them."""
    for name in names:
        del parts[name]
        file = re.escape(name.removeprefix("word/").encode())
        for holder in (opc.MAIN_RELATIONSHIPS, opc.CONTENT_TYPES):
            parts[holder] = re.sub(_DECLARED % file, b"", parts.get(holder, b""))
    return parts


def _written(root: Node) -> bytes:
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return content


def _position(finding: Finding, count: int) -> int:
    rank = finding.place.rank if finding.place.member == opc.MAIN else None
    return rank if rank is not None and rank < count else 0


def _mark(paragraph: Node, number: int) -> None:
    """Puts the comment around what the paragraph holds."""
    start, end = (etree.Element(f"{W}commentRange{side}") for side in ("Start", "End"))
    reference = etree.SubElement(etree.Element(f"{W}r"), f"{W}commentReference")
    for node in (start, end, reference):
        node.set(_ID, str(number))
    after = 1 if len(paragraph) and paragraph[0].tag == _PROPERTIES else 0
    paragraph.insert(after, start)
    paragraph.extend((end, reference.getparent()))


def _comment(finding: Finding, identifier: int, number: int) -> Node:
    comment = etree.Element(_COMMENT)
    for name, value in (("id", str(identifier)), ("author", _AUTHOR), ("initials", _INITIALS)):
        comment.set(f"{W}{name}", value)
    for sentence in _sentences(finding, number):
        run = etree.SubElement(etree.SubElement(comment, PARAGRAPH), f"{W}r")
        text = etree.SubElement(run, f"{W}t")
        text.text = sentence
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return comment


def _sentences(finding: Finding, number: int) -> list[str]:
    head = "Erreur" if finding.severity is Severity.ERROR else "Avertissement"
    place = finding.place
    where = "" if place.member == opc.MAIN and place.rank is not None else f" ({place})"
    said = [spaced(f"{number}. {head}{where} : {finding.sentence}")]
    if where and place.paragraph:
        said.append(spaced(f"« {place.paragraph} »"))
    return [*said, finding.advice] if finding.advice else said
