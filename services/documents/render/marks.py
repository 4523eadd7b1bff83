"""Names inside a body that must differ from one piece of a document to the next: bookmarks, relationships."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from services.documents.render.errors import TemplateError

_NAMESPACE = re.compile(r'xmlns:(\w+)="([^"]*)"')
_IGNORABLE = re.compile(r'(\w+):Ignorable="([^"]*)"')
_ROOT = re.compile(r"<w:document(?: [^>]*)?>")
_REFERENCE = re.compile(r'( r:(?:id|embed|link|pict)=")([^"]+)(")')
_MARK = re.compile(r'(<w:bookmark(?:Start|End) [^>]*?w:id=")(\d+)(")')
_MARK_NAME = re.compile(r'<w:bookmarkStart [^>]*?w:name="([^"]+)"')
_PER_PIECE = 1000


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
