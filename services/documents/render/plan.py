"""A compiled template: immutable, shared by threads, giving the same bytes for the same data."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from types import CodeType
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from docxtpl.template import DocxTemplate
from jinja2 import Template
from lxml import etree

from services.documents.render import opc
from services.documents.render.archive import Member, write
from services.documents.render.budget import BudgetError, joined
from services.documents.render.diagnosis import diagnose
from services.documents.render.environment import ENVIRONMENT, code_of
from services.documents.render.errors import Reason, RenderError
from services.documents.render.image_parts import ImagePart
from services.documents.render.invariants import Watch
from services.documents.render.lists import Lists
from services.documents.render.markdown import FILTER as MARKDOWN
from services.documents.render.ordinals import superscript_ordinals
from services.documents.render.pages import FIELD
from services.documents.render.rich import ListStyles, laid_out
from services.documents.render.source import OPENINGS_AND_CLOSINGS, RESTART, Source
from services.documents.render.wellformed import is_always_well_formed

_DOCXTPL: Any = DocxTemplate(io.BytesIO())
_DRAWING = re.compile(r'(<wp:docPr [^>]*?\bid=")\d+(")')
FIRST_DRAWING = 1001
"""Identifier of the first drawing of a document, as docxtpl has it."""
_BODY = "<w:body>"
_NUMBERING, _STYLES = "word/numbering.xml", "word/styles.xml"
# Measured, within a third: what a compiled part holds, for itself and for each character of its source.
_BYTES_PER_PROGRAM, _BYTES_PER_CHARACTER = 15_000, 4


class Program:
    """One part with tags, compiled."""

    __slots__ = (
        "_code",
        "_has_grid",
        "_is_proved",
        "_last",
        "_lists",
        "_tags",
        "_template",
        "_watch",
        "counts_pages",
        "digest",
        "head",
        "name",
        "names",
        "restarts",
        "size",
    )

    def __init__(self, name: str, source: Source, lists: ListStyles) -> None:
        """Compiles; raises jinja2's TemplateSyntaxError. `lists` are for rich texts."""
        self.name = name
        self.digest = hashlib.sha256(source.text.encode()).digest()
        """The same for parts that say the same, as footers of the first page and of the others often do."""
        self.size = _BYTES_PER_PROGRAM + _BYTES_PER_CHARACTER * len(source.text)
        self.head = source.text.partition(_BODY)[0] if name == opc.MAIN else ""
        """What comes before the body of the main part."""
        self.counts_pages = FIELD in source.text
        """Shows a number of pages, which is not that of a document that it joins."""
        # One tuple, replaced as a whole: threads that share the plan see a text with its own file.
        self._last = ("", Member(name, b""))
        rich = f"| {MARKDOWN}" in source.text or f"|{MARKDOWN}" in source.text
        self._lists = lists if rich else None
        self.restarts = RESTART in source.text or rich
        """Numbered lists begin again where the template says, and in each rich text."""
        # A rich text is laid out as XML of its own.
        self._is_proved = not rich and is_always_well_formed(source.text)
        self._has_grid, self._tags, self._watch = source.has_grid, source.tags, Watch(source.text)
        self._code = code_of(source.text)
        self.names = frozenset(_names(self._code))
        """What it may name of the context, and more."""
        self._template = Template.from_code(ENVIRONMENT, self._code, {})

    def xml(self, context: dict[str, Any]) -> str:
        """The part of one document, not yet known to be well formed; raises RenderError."""
        template = self._template
        # The function of the template itself: `render` would copy the context and rewrite the traceback.
        try:
            text = joined(template.root_render_func(template.new_context(context, shared=True)))
        except BudgetError as error:
            raise RenderError(Reason.TOO_COSTLY, self.name) from error
        except Exception as error:
            raise diagnose(self.name, self._code, self._tags, context) from error
        # Braces of the data are character references: one search clears nearly every document.
        if ("{" in text or "}" in text) and any(sign in text for sign in OPENINGS_AND_CLOSINGS):
            raise RenderError(Reason.TAG_LEFT, self.name)
        if self._lists is not None:
            text = laid_out(text, self._lists)
        text = self._watch.settled(superscript_ordinals(text))
        if self._watch.emptied(text):
            raise RenderError(Reason.EMPTIED, self.name)
        return repair_grids(text) if self._has_grid else text

    def member(self, xml: str) -> Member:
        """The file of this part, well formed; RenderError otherwise. A header, which most often says the same
        as in the document before, is deflated once."""
        if self.name == opc.MAIN:
            return Member(self.name, self._encoded(xml))
        before, made = self._last
        if xml != before:
            made = Member(self.name, self._encoded(xml))
            self._last = (xml, made)
        return made

    def _encoded(self, xml: str) -> bytes:
        return xml.encode() if self._is_proved else encoded(self.name, xml)


Item = Member | Program | ImagePart
"""A file of an archive: the same in every document, or made for each."""


class Plan:
    """The members of an archive in their order, static ones deflated, the others to be rendered."""

    __slots__ = ("_by_name", "counts_pages", "items", "names", "size")

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        self._by_name = {item.name: item for item in items}
        self.size = sum(item.size for item in self.items)
        """Bytes held, for a cache to count."""
        programs = [item for item in items if isinstance(item, Program)]
        self.names = frozenset[str]().union(*(program.names for program in programs))
        """What the parts may name of the context, and more: what is not among them need not be made."""
        self.counts_pages = any(isinstance(item, Program) and item.counts_pages for item in items)

    def render(self, context: dict[str, Any], parts: Mapping[str, bytes] | None = None) -> bytes:
        """One .docx; `parts` replace those of the same name as they are. Raises RenderError."""
        return write(self._members(context, parts or {}))

    def item(self, name: str) -> Item | None:
        """A part."""
        return self._by_name.get(name)

    def static(self, name: str) -> bytes:
        """A part without tags, empty when there is none."""
        item = self._by_name.get(name)
        return item.content() if isinstance(item, Member) else b""

    @property
    def head(self) -> str:
        """What comes before the body of the main part."""
        item = self._by_name[opc.MAIN]
        return item.head if isinstance(item, Program) else self.static(opc.MAIN).decode().partition(_BODY)[0]

    def main(self, context: dict[str, Any]) -> str:
        """The main part of one document, not yet known to be well formed; RenderError."""
        item = self._by_name[opc.MAIN]
        return item.xml(context) if isinstance(item, Program) else self.static(opc.MAIN).decode()

    def _members(self, context: dict[str, Any], parts: Mapping[str, bytes]) -> Iterator[Member]:
        drawings = count(FIRST_DRAWING)
        made: dict[bytes, Member] = {}
        restarts = any(isinstance(item, Program) and item.restarts for item in self.items)
        lists = Lists(self.static(_NUMBERING), self.static(_STYLES)) if restarts else None
        for item in self.items:
            if item.name in parts:
                yield Member(item.name, parts[item.name])
            elif lists is not None and item.name == _NUMBERING:  # after the body, by its name
                yield Member(item.name, lists.numbering(self.static(_NUMBERING)))
            elif isinstance(item, Member):
                yield item
            elif isinstance(item, ImagePart):
                yield item.member(context)
            elif item.digest in made:
                yield made[item.digest].renamed(item.name)
            else:
                xml = number_drawings(item.xml(context), drawings)
                if lists is not None and item.restarts:
                    xml = lists.restarted(xml, whole=False)
                made[item.digest] = member = item.member(xml)
                yield member


def _names(code: CodeType) -> Iterator[str]:
    """The texts in the code of a part, among them each name that it looks up."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        elif isinstance(constant, str):
            yield constant


def number_drawings(xml: str, numbers: Iterator[int]) -> str:
    """The same part, each drawing with an identifier of its own: loops repeat those of the template."""
    if "<wp:docPr " not in xml:
        return xml
    return _DRAWING.sub(lambda drawing: f"{drawing[1]}{next(numbers)}{drawing[2]}", xml)


def encoded(name: str, xml: str) -> bytes:
    """The bytes of a part, well formed; RenderError otherwise."""
    content = xml.encode()
    # expat says whether it is well formed and builds no tree.
    try:
        ParserCreate().Parse(content, True)
    except ExpatError as error:
        raise RenderError(Reason.NOT_WELL_FORMED, name) from error
    return content


def repair_grids(xml: str) -> str:
    """The same part with as many `w:gridCol` as columns, the total width kept: columns may be looped over or
    merged, and the grid of each table follows its widest row, as docxtpl has it."""
    content = xml.encode()
    try:
        etree.fromstring(content)  # docxtpl's own reader repairs in silence what is broken
    except etree.XMLSyntaxError as error:
        raise RenderError(Reason.NOT_WELL_FORMED, opc.MAIN) from error
    return str(etree.tostring(_DOCXTPL.fix_tables(content), encoding="unicode"))
