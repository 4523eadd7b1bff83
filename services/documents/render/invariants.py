"""What Word wants of a part once it is filled, looked at only where the tags of its template may break it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

_KINDS = ("tc", "tr", "tbl", "hdr", "ftr", "footnote", "endnote", "txbxContent", "sdtContent")
# What comes right before the end of an element that holds nothing: its beginning, or its properties.
_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "tc": ("</w:tcPr>", "<w:tcPr/>"),
    "tr": ("</w:trPr>", "<w:trPr/>", "</w:tblPrEx>"),
    "tbl": ("</w:tblGrid>", "<w:tblGrid/>", "</w:tblPr>"),
}
_EMPTY = {kind: (f"<w:{kind}>", f"<w:{kind} ", *_PROPERTIES.get(kind, ())) for kind in _KINDS}
_MARKS = ("<w:bookmark", "<w:proofErr", "<w:perm")
_TABLE_END = "</w:tbl>"
_TOKEN = re.compile(
    r"\{%-?\s*(?P<word>if|elif|else|endif|for|endfor)\b"
    rf"|<w:(?P<opens>{'|'.join(_KINDS)})(?=[ >])[^>]*(?<!/)>"
    rf"|</w:(?P<ends>{'|'.join(_KINDS)}|p|sdt)>"
    r"|<w:(?P<bare>p)/>"
)
_CHILDREN = ("tc", "tr", "tbl")
_CELL_ENDS = frozenset(("p", "sdt"))

_ADJACENT = f"{_TABLE_END}<w:tbl>"
# Word shows adjacent tables as one: a paragraph of one point keeps them apart.
_BETWEEN = '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/></w:pPr></w:p>'

_MARK = re.compile(r'<w:bookmark(Start|End)\b([^>]*?)\bw:id="([^"]*)"([^>]*>)')
_NAME = re.compile(r'(\bw:name=")([^"]*)(")')
_LONGEST_NAME = 40
_SHAPE = re.compile(r'(<v:(?:shape|rect|roundrect|oval|line|polyline|group)\b[^>]*?\sid=")([^"]*)(")')


class _UnbalancedError(Exception):
    """The source opens and closes elements otherwise in its branches."""


@dataclass
class _Block:
    """An open condition or loop: what may come before it, and how the branches left may end."""

    before: frozenset[str | int | None]
    loop: int = 0
    ends: frozenset[str | int | None] = frozenset()
    has_else: bool = False


class _Scan:
    """The source of a part gone through once: `last` is what may come right before, in one combination of
    branches or another; None where an element begins, a number where a loop does."""

    def __init__(self, source: str) -> None:
        self.unproved: set[str] = set()
        """The kinds of elements that some data may empty."""
        self.tables = False
        """Some data may put a table right after another."""
        self._last: frozenset[str | int | None] = frozenset({None})
        self._elements: list[tuple[str, frozenset[str | int | None]]] = []
        self._blocks: list[_Block] = []
        self._loops = count(1)
        self._first: set[str | int | None] = set()
        for found in _TOKEN.finditer(source):
            if found["word"]:
                self._block(found["word"])
            elif found["opens"]:
                self._opened(found["opens"])
            else:
                self._ended(found["ends"] or found["bare"])

    def _opened(self, kind: str) -> None:
        if kind == "tbl":
            self.tables |= "tbl" in self._last
            self._first |= self._last
        self._elements.append((kind, self._last))
        self._last = frozenset({None})

    def _ended(self, kind: str) -> None:
        if kind not in _KINDS:
            self._last = frozenset({kind})
            return
        if not self._elements or self._elements[-1][0] != kind:
            raise _UnbalancedError
        if None in self._last or (kind == "tc" and not self._last <= _CELL_ENDS):
            self.unproved.add(kind)
        before = self._elements.pop()[1]
        self._last = frozenset({kind}) if kind in _CHILDREN else before

    def _block(self, word: str) -> None:
        if word in ("if", "for"):
            loop = next(self._loops) if word == "for" else 0
            self._blocks.append(_Block(self._last, loop))
            self._last |= {loop} - {0}
            return
        if not self._blocks:
            raise _UnbalancedError
        block = self._blocks[-1]
        if word in ("elif", "else"):
            block.ends |= self._last
            block.has_else |= word == "else"
            self._last = block.before
            return
        self._blocks.pop()
        self.tables |= block.loop in self._first and "tbl" in self._last
        skipped = frozenset() if block.has_else and not block.loop else block.before
        self._last = (self._last | block.ends | skipped) - {block.loop}


class Watch:
    """What to look at in the documents of one part of a template: what its source does not prove."""

    __slots__ = ("_kinds", "_marks", "_shapes", "_tables")

    def __init__(self, source: str) -> None:
        try:
            scan = _Scan(source)
            self._kinds, self._tables = sorted(scan.unproved), scan.tables
        except _UnbalancedError:
            self._kinds, self._tables = list(_KINDS), True
        self._marks = "<w:bookmarkStart " in source
        self._shapes = "<v:" in source

    def emptied(self, xml: str) -> bool:
        """Whether something that Word wants filled is empty, or a cell ends with a table."""
        return any(_has_empty(xml, kind) for kind in self._kinds)

    def settled(self, xml: str) -> str:
        """The same part with tables that stay apart, bookmarks and shapes each with a name of its own."""
        if self._tables:
            xml = xml.replace(_ADJACENT, f"{_TABLE_END}{_BETWEEN}<w:tbl>")
        if self._marks:
            xml = _with_own_marks(xml)
        return _with_own_shapes(xml) if self._shapes else xml


def _has_empty(xml: str, kind: str) -> bool:
    closing = f"</w:{kind}>"
    end = xml.find(closing)
    while end >= 0:
        before = xml.rfind("<", 0, end)
        while xml.startswith(_MARKS, before):
            before = xml.rfind("<", 0, before)
        if xml.startswith(_EMPTY[kind], before) or (kind == "tc" and xml.startswith(_TABLE_END, before)):
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
