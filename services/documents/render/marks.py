"""Names that must differ from one piece of a document to the next: bookmarks, relationships, notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from services.documents.render.errors import TemplateError

_NAMESPACE = re.compile(r'xmlns:(\w+)="([^"]*)"')
_IGNORABLE = re.compile(r'(\w+):Ignorable="([^"]*)"')
_ROOT = re.compile(r"<w:document(?: [^>]*)?>")
_REFERENCE = re.compile(r'( r:(?:id|embed|link|pict)=")([^"]+)(")')
_MARK = re.compile(r'(<w:bookmark(?:Start|End) [^>]*?w:id=")(\d+)(")')
_MARK_NAME = re.compile(r'<w:bookmarkStart [^>]*?w:name="([^"]+)"')
# Identifiers of bookmarks of each piece: those of the template from below, ours from above.
_PER_PIECE = 1000
NOTES: Mapping[str, str] = {"footnote": "word/footnotes.xml", "endnote": "word/endnotes.xml"}

_RELATIONSHIP = " r:"


def own_mark(rank: int) -> int:
    """The identifier of the bookmark of the title of a piece, that no template gives."""
    return (rank + 1) * _PER_PIECE - 1


def end_mark(rank: int) -> int:
    """The identifier of the bookmark of its end."""
    return own_mark(rank) - 1


def end_of_piece(rank: int) -> str:
    """The name of that bookmark."""
    return f"piece_end_{rank + 1}"


def renamed(content: str, rank: int) -> str:
    """The content with bookmarks of its own, and the links to them."""
    if "<w:bookmarkStart " not in content:
        return content
    names = {found[1] for found in _MARK_NAME.finditer(content)}
    content = _MARK.sub(lambda found: f"{found[1]}{rank * _PER_PIECE + int(found[2])}{found[3]}", content)
    for name in names:
        own = re.escape(name)
        content = re.sub(rf'(w:(?:name|anchor)="){own}(")', rf"\g<1>{name}_{rank}\g<2>", content)
        content = re.sub(rf"((?:PAGEREF|REF|\\l) +\"?){own}\b", rf"\g<1>{name}_{rank}", content)
    return content


def referring(xml: str, names: Mapping[str, str]) -> str:
    """The same with other identifiers of relationships."""
    if not names or " r:" not in xml:
        return xml
    return _REFERENCE.sub(lambda found: f"{found[1]}{names.get(found[2], found[2])}{found[3]}", xml)


def joined_head(heads: Iterable[str]) -> str:
    """The beginning of a main part that declares the namespaces of all; TemplateError if they clash."""
    first, *others = dict.fromkeys(heads)
    if not others:
        return first
    namespaces: dict[str, str] = {}
    ignorable: dict[str, None] = {}
    for head in (first, *others):
        root = _root(head)
        for prefix, address in _NAMESPACE.findall(root):
            if namespaces.setdefault(prefix, address) != address:
                raise TemplateError("Deux pièces n’écrivent pas leur XML de la même façon.")
        for _, prefixes in _IGNORABLE.findall(root):
            ignorable.update(dict.fromkeys(prefixes.split()))
    declared = "".join(f' xmlns:{prefix}="{address}"' for prefix, address in namespaces.items())
    ignored = f' mc:Ignorable="{" ".join(ignorable)}"' if ignorable else ""
    return first.replace(_root(first), f"<w:document{declared}{ignored}>", 1)


def _root(head: str) -> str:
    found = _ROOT.search(head)
    if found is None:
        raise TemplateError("Le corps d’une pièce n’est pas celui d’un document Word.")
    return found[0]


class Notes:
    """The footnotes, or the endnotes, of joined documents: one part, each note with a number of its own."""

    def __init__(self, kind: str) -> None:
        self._note = re.compile(rf"<w:{kind} (?:(?!</w:{kind}>).)*</w:{kind}>", re.DOTALL)
        self._id = re.compile(rf'(<w:{kind} [^>]*?w:id=")(-?\d+)(")')
        self._reference = re.compile(rf'(<w:{kind}Reference [^>]*?w:id=")(-?\d+)(")')
        self._mark = f"<w:{kind}Reference "
        self._end = f"</w:{kind}s>"
        self._xml = ""
        self._added: list[str] = []
        self._next = 1
        self.is_new = False
        """The first piece has no such part, another one does."""

    def first(self, xml: str) -> None:
        """The part of the first piece that has one, with the separators of all."""
        self._xml = xml
        self._next = 1 + max((int(found[2]) for found in self._id.finditer(xml)), default=0)

    def joined(self, content: str, part: Callable[[], str]) -> str:
        """The content of a further piece with its notes renumbered; `part` gives the notes of the piece.

        TemplateError if one of them holds a link or an image, which belongs to the part that it leaves.
        """
        if self._mark not in content:
            return content
        notes = part()
        if _RELATIONSHIP in notes:
            raise TemplateError(
                "Une note de bas de page contient un lien ou une image : elle ne se joint pas."
            )
        if not self._xml:
            self.first(notes)
            self.is_new = True
            return content
        numbers: dict[str, str] = {}
        for note in self._note.findall(notes):
            if " w:type=" in note.partition(">")[0]:
                continue  # a separator
            self._added.append(self._id.sub(lambda found: self._renumbered(found, numbers), note, count=1))
        return self._reference.sub(
            lambda found: f"{found[1]}{numbers.get(found[2], found[2])}{found[3]}", content
        )

    def xml(self) -> str:
        """The part."""
        head, _, tail = self._xml.rpartition(self._end)
        return f"{head}{''.join(self._added)}{self._end}{tail}"

    def _renumbered(self, found: re.Match[str], numbers: dict[str, str]) -> str:
        numbers[found[2]] = str(self._next)
        self._next += 1
        return f"{found[1]}{numbers[found[2]]}{found[3]}"
