"""Several documents in one .docx: each a section with its own headers, footers, page numbers and lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from services.documents.render import marks, opc, pages, sections
from services.documents.render.archive import Member, write
from services.documents.render.copies import Copies
from services.documents.render.errors import Reason, RenderError, TemplateError
from services.documents.render.foreign import Joined, Rewrite
from services.documents.render.image_parts import ImagePart
from services.documents.render.lists import Lists
from services.documents.render.marks import Notes
from services.documents.render.plan import FIRST_DRAWING, Item, Plan, Program, encoded, number_drawings
from services.documents.render.sections import Section

_NUMBERING, _STYLES = "word/numbering.xml", "word/styles.xml"


@dataclass(frozen=True)
class Piece:
    """One document of those that are joined; a `title` makes it an entry of the table of contents."""

    plan: Plan
    context: dict[str, Any]
    title: str = ""


def merge(plan: Plan, contexts: Iterable[dict[str, Any]], parts: Mapping[str, bytes] | None = None) -> bytes:
    """The documents of one template in one .docx; `parts` as in Plan.render. RenderError, TemplateError."""
    return assemble([Piece(plan, context) for context in contexts], parts)


def assemble(pieces: Sequence[Piece], parts: Mapping[str, bytes] | None = None) -> bytes:
    """The pieces in one .docx, in order; those whose styles differ from the first bring theirs.

    TemplateError when the pieces cannot be joined, RenderError when one of them cannot be rendered.
    """
    if not pieces:
        raise TemplateError("Il n’y a aucune pièce à assembler.")
    return _Assembly(pieces).archive(parts or {})


class _Assembly:
    """The joined document, as its pieces are rendered one after the other."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._base = base = pieces[0].plan
        plans = list({id(piece.plan): piece.plan for piece in pieces}.values())
        self._head = marks.joined_head([plan.head for plan in plans])
        self._shared = {name: base.static(name) for name in (_STYLES, _NUMBERING)}
        self._rewrites = self._welcome(plans[1:])
        self._lists = Lists(self._shared[_NUMBERING], self._shared[_STYLES])
        self._copies = Copies(base, self._rewrites)
        self._drawings = count(FIRST_DRAWING)
        self._kinds: set[tuple[str, str]] = set()
        self._titles = count(1)
        self._notes = {kind: Notes(kind) for kind in marks.NOTES}
        for kind, gathered in self._notes.items():
            gathered.first(self._notes_of(kind, pieces[0]))

    def _welcome(self, plans: Sequence[Plan]) -> dict[int, Rewrite]:
        """What rewrites the parts of each template whose styles or lists are not those of the first."""
        foreign = [
            plan for plan in plans if any(plan.static(name) != self._shared[name] for name in self._shared)
        ]
        if not foreign:
            return {}
        if not all(self._shared.values()):
            raise TemplateError("La première pièce n’a pas de styles : les autres ne peuvent s’y joindre.")
        joined = Joined(self._shared[_STYLES], self._shared[_NUMBERING])
        rewrites = {
            id(plan): joined.welcome(plan.static(_STYLES), plan.static(_NUMBERING)) for plan in foreign
        }
        self._shared = {_STYLES: joined.styles(), _NUMBERING: joined.numbering()}
        return rewrites

    def archive(self, parts: Mapping[str, bytes]) -> bytes:
        """The .docx."""
        main = Member(opc.MAIN, self._checked(self._texts()))
        for kind, gathered in self._notes.items():
            if gathered.is_new:
                name = marks.NOTES[kind]
                self._copies.add(f"{kind}s", name, encoded(name, gathered.xml()))
        members = [self._member(item, main, parts) for item in self._base.items]
        return write([*members, *self._copies.members])

    def _member(self, item: Item, main: Member, parts: Mapping[str, bytes]) -> Member:
        if item.name in parts:
            return Member(item.name, parts[item.name])
        if item.name == opc.MAIN:
            return main
        for kind, name in marks.NOTES.items():
            if item.name == name:
                return Member(name, encoded(name, self._notes[kind].xml()))
        if isinstance(item, Program):
            return Member(item.name, encoded(item.name, self._own_part(item, 0)))
        if isinstance(item, ImagePart):
            return item.member(self._pieces[0].context)
        if item.name == _NUMBERING:
            return Member(item.name, self._lists.numbering(self._shared[_NUMBERING]))
        if item.name == _STYLES:
            return Member(item.name, self._shared[_STYLES])
        if item.name == opc.MAIN_RELATIONSHIPS:
            return Member(item.name, self._copies.relationships(item.content()))
        if item.name == opc.CONTENT_TYPES:
            return Member(item.name, self._copies.content_types(item.content()))
        return item

    def _notes_of(self, kind: str, piece: Piece) -> str:
        name = marks.NOTES[kind]
        item = piece.plan.item(name)
        if item is None:
            return ""
        xml = item.xml(piece.context) if isinstance(item, Program) else piece.plan.static(name).decode()
        return self._rewritten(piece.plan, xml)

    def _own_part(self, program: Program, rank: int) -> str:
        xml = number_drawings(program.xml(self._pieces[rank].context), self._drawings)
        return pages.of_piece(xml, marks.end_of_piece(rank))

    def _texts(self) -> Iterator[str]:
        yield f"{self._head}<w:body>"
        last = len(self._pieces) - 1
        for rank, piece in enumerate(self._pieces):
            section = self._section(rank, piece)
            yield f"{section.content}{section.properties}" if rank == last else sections.closed(section)
        yield "</w:body></w:document>"

    def _section(self, rank: int, piece: Piece) -> Section:
        """The body of a piece, with everything that it names made its own."""
        xml = self._rewritten(piece.plan, number_drawings(piece.plan.main(piece.context), self._drawings))
        end = marks.end_of_piece(rank)
        section = sections.split(pages.of_piece(xml, end))
        if rank:
            section = self._apart(rank, piece, section)
        else:
            section = Section(self._lists.restarted(section.content, whole=False), section.properties)
        properties = sections.first_section(section)
        blanks = self._copies.blanks(self._kinds - sections.kinds(properties))
        self._kinds |= sections.kinds(section.content) | sections.kinds(section.properties)
        section = sections.with_first_section(section, sections.restarted(properties, blanks))
        content, properties = section.content, section.properties
        if piece.plan.counts_pages:
            content = pages.ended(content, end, marks.end_mark(rank))
        if piece.title:
            content = sections.entitled(content, next(self._titles), piece.title, marks.own_mark(rank))
        return Section(content, properties)

    def _rewritten(self, plan: Plan, xml: str) -> str:
        rewrite = self._rewrites.get(id(plan))
        return xml if rewrite is None else rewrite(xml)

    def _apart(self, rank: int, piece: Piece, section: Section) -> Section:

        def render(item: Program | ImagePart) -> bytes:
            if isinstance(item, ImagePart):
                return item.content(piece.context)
            return encoded(item.name, self._rewritten(piece.plan, self._own_part(item, rank)))

        names = self._copies.of(rank, piece.plan, render)
        content = marks.renamed(self._lists.restarted(section.content), rank)
        for kind, gathered in self._notes.items():
            content = gathered.joined(content, partial(self._notes_of, kind, piece))
        return Section(marks.referring(content, names), marks.referring(section.properties, names))

    @staticmethod
    def _checked(texts: Iterable[str]) -> Iterator[bytes]:
        """The bytes of the main part, read as they are written so that all of it is never held."""
        reader = ParserCreate()
        try:
            for text in texts:
                content = text.encode()
                reader.Parse(content, False)
                yield content
            reader.Parse(b"", True)
        except ExpatError as error:
            raise RenderError(Reason.NOT_WELL_FORMED, opc.MAIN) from error
