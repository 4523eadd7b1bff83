"""From the XML of a part to the source that jinja2 compiles: docxtpl's own reading of the tags, once."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from docxtpl.template import DocxTemplate
from jinja2.lexer import (
    TOKEN_BLOCK_BEGIN,
    TOKEN_COMMENT,
    TOKEN_COMMENT_BEGIN,
    TOKEN_COMMENT_END,
    TOKEN_DATA,
    TOKEN_RAW_BEGIN,
    TOKEN_VARIABLE_BEGIN,
    TOKEN_WHITESPACE,
)
from lxml import etree

from services.documents.render import opc
from services.documents.render.environment import ENVIRONMENT, FLAT
from services.documents.render.pages import FIELD

TAGS = ("{{", "{%", "{#")
"""What opens a tag: a value, a statement, a comment."""
RESTART = "<?restart?>"
"""Where a template says that numbered lists begin again: nothing else, in a document, is written so."""
OPENINGS_AND_CLOSINGS = (*TAGS, "}}", "%}")

WORD_PART = re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml")
"""The parts of a Word file whose text may hold tags."""
_PLAIN = re.compile(r"docProps/(core|app|custom)\.xml|word/charts/chart\d+\.xml")
_GRID = re.compile(r"{%\s*tc |{%\s*(?:colspan|hm|vm)\b")
TAG = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}", re.DOTALL)
"""A tag, but for one that quotes the end of another."""
_MARKUP = re.compile("<[^>]*>")
_LITERALS = {"{_{": "&#123;&#123;", "}_}": "&#125;&#125;", "{_%": "&#123;%", "%_}": "%&#125;"}
_LITERAL = re.compile("|".join(map(re.escape, _LITERALS)))
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))
_RESTARTS = re.compile(r"\{#\s*restart numbering\s*#\}")
# lxml writes this declaration when it writes bytes, and not when it writes text.
_HEAD = "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
_DOCXTPL = DocxTemplate(io.BytesIO())
_UNREAD = (TOKEN_DATA, TOKEN_COMMENT_BEGIN, TOKEN_COMMENT, TOKEN_COMMENT_END, TOKEN_WHITESPACE)
_FLATTENED = re.compile(rf"\{{\{{ \( (.*) \) \| {FLAT} \}}\}}")
_CELL = "<w:tc><w:tcPr></w:tcPr><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"


@dataclass(frozen=True)
class Source:
    """The jinja2 source of a part; each tag is on its own line, the number of which is in `tags`."""

    text: str
    tags: dict[int, str]
    has_grid: bool
    """Columns are looped over or merged: the grid of the tables has to follow."""


def is_rendered(name: str) -> bool:
    """Whether the tags of a part are filled in."""
    return bool(WORD_PART.fullmatch(name) or _PLAIN.fullmatch(name))


def read_source(name: str, content: bytes) -> Source | None:
    """The source of a part, None if it is the same in every document; raises lxml's XMLSyntaxError.

    One that counts pages has a source even without tags: it differs between the pieces of a document.
    """
    word = WORD_PART.fullmatch(name) is not None
    counts_pages = word and FIELD.encode() in content
    # Read before it is searched: a brace may be written as a character reference.
    root = etree.fromstring(content, parser())
    if word:
        _without_blanks(root)
    xml = etree.tostring(root, encoding="unicode")
    if not counts_pages and not any(tag in xml for tag in ("{", "}")):
        return None
    patched = _DOCXTPL.patch_xml(xml) if word else TAG.sub(_unescaped, xml)  # type: ignore[no-untyped-call]
    patched = _LITERAL.sub(lambda literal: _LITERALS[literal[0]], patched)
    if name == opc.MAIN:
        patched = _RESTARTS.sub(RESTART, patched)
    if not counts_pages and not any(tag in patched for tag in TAGS):
        return None
    text, tags = _one_tag_per_line(_HEAD + patched, flat=not word)
    return Source(text, tags, word and _GRID.search(_MARKUP.sub("", xml)) is not None)


def _without_blanks(root: etree._Element) -> None:
    """Takes off what lies between elements only to be read more easily."""
    for node in root.iter():
        if len(node) and not (node.text or "").strip():
            node.text = None
        if not (node.tail or "").strip():
            node.tail = None


def executed(source: str) -> list[str]:
    """The tags that jinja2 runs, in order, each as it reads it, without blanks; raises TemplateSyntaxError.

    What the compiler adds to a tag is left out.
    """
    found: list[str] = []
    for _, kind, value in ENVIRONMENT.lexer.tokeniter(source, None):
        if kind in (TOKEN_VARIABLE_BEGIN, TOKEN_BLOCK_BEGIN, TOKEN_RAW_BEGIN):
            found.append(value)
        elif found and kind not in _UNREAD:
            found[-1] += f" {value}"
    return [_FLATTENED.sub(r"{{ \1 }}", tag) for tag in found]


def executed_in_cell(tag: str) -> list[str]:
    """What docxtpl makes of a tag about its cell: the tags that jinja2 runs in its place."""
    return executed(_DOCXTPL.patch_xml(_CELL.format(tag)))  # type: ignore[no-untyped-call]


def parser() -> etree.XMLParser:
    """A strict reader, without entities nor network, nor what only those who edit XML by hand see."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True, remove_comments=True
    )


def _unescaped(tag: re.Match[str]) -> str:
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[0]], tag[0])


def _one_tag_per_line(xml: str, *, flat: bool) -> tuple[str, dict[int, str]]:
    # jinja2 tells of an error by its line, and Word writes a whole part on one: a line for each tag names it.
    pieces: list[str] = []
    tags: dict[int, str] = {}
    line, position, in_markup = 1, 0, False
    for found in TAG.finditer(xml):
        literal, tag = xml[position : found.start()], found[0]
        in_markup = _ends_in_markup(literal, in_markup)
        line += literal.count("\n") + 1
        tags[line] = tag
        written = _on_its_line(tag, flat=flat or in_markup)
        line += written.count("\n") - 1
        pieces += (literal, written)
        position = found.end()
    return "".join((*pieces, xml[position:])), tags


def _ends_in_markup(literal: str, before: bool) -> bool:
    opened, closed = literal.rfind("<"), literal.rfind(">")
    return before if opened == closed else opened > closed


def _on_its_line(tag: str, *, flat: bool) -> str:
    sign = "-" if tag[2:3] == "-" else ""
    start = 2 + len(sign)
    if tag.startswith("{{") and flat:
        end = len(tag) - (3 if tag.endswith("-}}") else 2)
        return f"{{{{{sign}\n({tag[start:end]}) | {FLAT}{tag[end:]}"
    return f"{tag[:start]}\n{tag[start:]}"
