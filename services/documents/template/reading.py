"""The texts of a part where tags may be: paragraphs, attributes, texts of properties and charts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from services.documents.render import WORD_PART, is_rendered, opc, parser
from services.documents.template.tags import Stray, Tag, find
from services.kit.findings import Place

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PARAGRAPH, RUN, TEXT, ROW, CELL, TABLE = (f"{W}{name}" for name in ("p", "r", "t", "tr", "tc", "tbl"))
_NAMES = (
    (re.compile(r"word/document\.xml"), "corps"),
    (re.compile(r"word/header(\d*)\.xml"), "en-tête"),
    (re.compile(r"word/footer(\d*)\.xml"), "pied de page"),
    (re.compile(r"word/(?:foot|end)notes\.xml"), "notes"),
    (re.compile(r"docProps/.*"), "propriétés du document"),
    (re.compile(r"word/charts/chart(\d+)\.xml"), "graphique"),
)

# The attributes in which people write, in Word or LibreOffice, what readers see or follow.
_WRITTEN_ATTRIBUTES = {
    "bookmarkStart": ("name",),
    "cNvPr": ("descr", "title"),
    "docPr": ("descr", "title"),
    "hyperlink": ("anchor", "tooltip"),
    "tblCaption": ("val",),
    "tblDescription": ("val",),
}

Node = Any


@dataclass(frozen=True)
class Holder:
    """Where a text is: `text` or `tail` of an element, or one of its attributes."""

    node: Node
    slot: str
    rank: int
    """Order in the part."""

    @property
    def text(self) -> str:
        """The text."""
        if self.slot in ("text", "tail"):
            return getattr(self.node, self.slot) or ""
        return str(self.node.get(self.slot))

    def write(self, text: str) -> None:
        """Replaces the text."""
        if self.slot in ("text", "tail"):
            setattr(self.node, self.slot, text)
        else:
            self.node.set(self.slot, text)

    @property
    def in_attribute(self) -> bool:
        """Whether it is the value of an attribute."""
        return self.slot not in ("text", "tail")


@dataclass(frozen=True)
class Line:
    """A text that may hold tags: a paragraph or a text outside any; `position` ranks the paragraph."""

    part: str
    position: int | None
    paragraph: Node | None
    holders: list[Holder]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(holder.text for holder in self.holders)

    def tags(self) -> tuple[list[Tag], list[Stray]]:
        """The tags, and the signs left alone."""
        return find(self.text)

    def holder_of(self, tag: Tag) -> Holder:
        """The holder in which a tag begins."""
        position = 0
        for holder in self.holders:
            position += len(holder.text)
            if tag.start < position:
                return holder
        raise ValueError("the tag is not of this line")


@dataclass(frozen=True)
class Occurrence:
    """A tag where it stands."""

    tag: Tag
    line: Line
    holder: Holder


CELL_TAGS = ("vm", "hm", "colspan", "cellbg")
"""The statements about the cell that they are in."""

WHOLE_FILE = Place(part="fichier")
"""Where something is when it is in no part of the file, or in all of it."""

_SHOWN = 120


def place(member: str, text: str = "", rank: int | None = None) -> Place:
    """A place of a part, or of its paragraph of some rank, with the beginning of its text."""
    text = text.strip()
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return Place(part=part_name(member), paragraph=shown, member=member, rank=rank)


def part_name(part: str) -> str:
    """A part, in French: `corps`, `pied de page 1`."""
    for pattern, name in _NAMES:
        found = pattern.fullmatch(part)
        if found:
            number = found[1] if pattern.groups else ""
            return f"{name} {number}".strip()
    return part


def lines(part: str, root: Node) -> list[Line]:
    """The texts of a part, in the order of the document."""
    return _word_lines(part, root) if WORD_PART.fullmatch(part) else _plain_lines(part, root)


def occurrences(lines: Iterable[Line]) -> list[Occurrence]:
    """Every tag of a part, in the order in which they are executed."""
    found = [Occurrence(tag, line, line.holder_of(tag)) for line in lines for tag in line.tags()[0]]
    return sorted(found, key=lambda one: (one.holder.rank, one.tag.start))


def enclosing(node: Node, tag: str) -> Node | None:
    """The nearest ancestor of a kind."""
    return next(node.iterancestors(tag), None)


def paragraph_text(paragraph: Node) -> str:
    """The text of a paragraph, boxes that stand in it included."""
    return "".join(text.text or "" for text in paragraph.iter(TEXT))


def _word_lines(part: str, root: Node) -> list[Line]:
    paragraphs: dict[Node, Line] = {}
    found: list[Line] = []
    for rank, node in enumerate(root.iter(etree.Element)):
        if node.tag == PARAGRAPH:
            paragraphs[node] = Line(part, len(paragraphs), node, [])
            found.append(paragraphs[node])
        elif node.tag == TEXT and (owner := enclosing(node, PARAGRAPH)) is not None:
            paragraphs[owner].holders.append(Holder(node, "text", rank))
        for slot in (*_tagged_attributes(node), *(("text",) if _is_link(node) else ())):
            owner = node if node.tag == PARAGRAPH else enclosing(node, PARAGRAPH)
            position = None if owner is None else paragraphs[owner].position
            found.append(Line(part, position, None, [Holder(node, slot, rank)]))
    return found


def _is_link(node: Node) -> bool:
    """Whether it is the code of a link whose target has tags."""
    code = node.text or "" if node.tag == f"{W}instrText" else ""
    return "{" in code and code.lstrip().startswith("HYPERLINK")


def _tagged_attributes(node: Node) -> Iterator[str]:
    written = _WRITTEN_ATTRIBUTES.get(etree.QName(node).localname, ())
    return (
        name
        for name, value in node.attrib.items()
        if "{" in value and etree.QName(name).localname in written and find(value) != ([], [])
    )


def _plain_lines(part: str, root: Node) -> list[Line]:
    holders: list[Holder] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        slots = (*node.attrib, "text") if event == "start" else ("tail",)
        holders += (Holder(node, slot, len(holders) + rank) for rank, slot in enumerate(slots))
    return [Line(part, None, None, [holder]) for holder in holders if find(holder.text) != ([], [])]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, and the part where it is, in French."""

    place: str
    text: str


def outline(docx: bytes) -> list[Paragraph]:
    """Every paragraph that says something, in the order of the parts; the file was accepted by the gate."""
    parts = opc.read(docx)
    return [
        Paragraph(part_name(name), line.text.strip())
        for name in opc.ordered(parts)
        if is_rendered(name) and not name.startswith("docProps/")
        for line in lines(name, etree.fromstring(parts[name], parser()))
        if line.text.strip()
    ]
