"""What Word wants of a part once it is filled, looked at only where the tags of its template may break it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_KINDS = ("tc", "tr", "tbl", "hdr", "ftr", "footnote", "endnote", "txbxContent", "sdtContent")
# What comes right before the end of an element that holds nothing: its beginning, or its properties.
_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "tc": ("</w:tcPr>", "<w:tcPr/>"),
    "tr": ("</w:trPr>", "<w:trPr/>", "</w:tblPrEx>"),
    "tbl": ("</w:tblGrid>", "<w:tblGrid/>", "</w:tblPr>"),
}
_EMPTY = {f"</w:{kind}>": (f"<w:{kind}>", f"<w:{kind} ", *_PROPERTIES.get(kind, ())) for kind in _KINDS} | {
    "</w:body>": ("<w:body>", "<w:body ")
}
_CELL_END, _TABLE_END = "</w:tc>", "</w:tbl>"
_MARKS = ("<w:bookmark", "<w:proofErr", "<w:perm")
_WATCHED = re.compile(rf"[%#]\}}(?:<w:(?:bookmark|perm)[^>]*/>)*(</w:(?:{'|'.join(_KINDS)})>)")
_BODY, _SECTION = "<w:body>", "<w:sectPr"

_ADJACENT = f"{_TABLE_END}<w:tbl>"
# Word shows adjacent tables as one: a paragraph of one point keeps them apart.
_BETWEEN = '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/></w:pPr></w:p>'
_BESIDE = re.compile(rf"(?:[%#]\}}|{_TABLE_END})<w:tbl>")

_MARK = re.compile(r'<w:bookmark(Start|End)\b([^>]*?)\bw:id="([^"]*)"([^>]*>)')
_NAME = re.compile(r'(\bw:name=")([^"]*)(")')
_LONGEST_NAME = 40
_SHAPE = re.compile(r'(<v:(?:shape|rect|roundrect|oval|line|polyline|group)\b[^>]*?\sid=")([^"]*)(")')


class Watch:
    """What to look at in the documents of one part of a template, by its source."""

    __slots__ = ("_closings", "_marks", "_shapes", "_tables")

    def __init__(self, source: str) -> None:
        self._closings = tuple(sorted({found[1] for found in _WATCHED.finditer(source)}))
        self._tables = _BESIDE.search(source) is not None
        self._marks = "<w:bookmarkStart " in source
        self._shapes = "<v:" in source

    def emptied(self, xml: str) -> bool:
        """Whether something that Word wants filled is empty, or a cell ends with a table."""
        body = xml.find(_BODY)
        if body >= 0 and xml.startswith(_SECTION, body + len(_BODY)):
            return True
        return any(_has_empty(xml, closing) for closing in self._closings)

    def settled(self, xml: str) -> str:
        """The same part with tables that stay apart, bookmarks and shapes each with a name of its own."""
        if self._tables:
            xml = xml.replace(_ADJACENT, f"{_TABLE_END}{_BETWEEN}<w:tbl>")
        if self._marks:
            xml = _with_own_marks(xml)
        return _with_own_shapes(xml) if self._shapes else xml


def _has_empty(xml: str, closing: str) -> bool:
    end = xml.find(closing)
    while end >= 0:
        before = xml.rfind("<", 0, end)
        while xml.startswith(_MARKS, before):
            before = xml.rfind("<", 0, before)
        if xml.startswith(_EMPTY[closing], before):
            return True
        if closing == _CELL_END and xml.startswith(_TABLE_END, before):
            return True
        end = xml.find(closing, end + 1)
    return False


def _with_own_marks(xml: str) -> str:
    """Loops repeat bookmarks: the first keeps its identifier and its name, the next ones have others."""
    found = _MARK.findall(xml)
    starts = [identifier for kind, _, identifier, _ in found if kind == "Start"]
    names: set[str] = set()
    taken = {int(identifier) for identifier in starts if identifier.isdigit()}
    fresh, given = max(taken, default=0) + 1, dict[str, str]()
    seen: set[str] = set()

    def renamed(name: re.Match[str]) -> str:
        own, number = name[2], 2
        while own in names:
            suffix = f"_{number}"
            own, number = f"{name[2][: _LONGEST_NAME - len(suffix)]}{suffix}", number + 1
        names.add(own)
        return f"{name[1]}{own}{name[3]}"

    def mark(match: re.Match[str]) -> str:
        nonlocal fresh
        kind, head, identifier, tail = match.groups()
        if kind == "Start":
            given[identifier] = identifier
            if identifier in seen:
                given[identifier], fresh = str(fresh), fresh + 1
            seen.add(identifier)
            head, tail = _NAME.sub(renamed, head), _NAME.sub(renamed, tail)
        return f'<w:bookmark{kind}{head}w:id="{given.get(identifier, identifier)}"{tail}'

    return _MARK.sub(mark, xml)


def _with_own_shapes(xml: str) -> str:
    seen: set[str] = set()

    def shape(match: re.Match[str]) -> str:
        own, number = match[2], 2
        while own in seen:
            own, number = f"{match[2]}_{number}", number + 1
        seen.add(own)
        return f"{match[1]}{own}{match[3]}"

    return _SHAPE.sub(shape, xml)
