"""Numbered lists that begin again at 1 in each piece of a document, though all share their definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from services.documents.render.source import RESTART, parser

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{_W}val"
_NUMBER = re.compile(r'<w:numId w:val="(\d+)"/>')
_UNCOUNTED = ("bullet", "none")
# A paragraph numbered by its style: its number goes right after these properties, in the order of the schema,
# unless it has one of its own.
_STYLED = (
    r'(<w:pStyle w:val="{}"/>(?:<w:(?:keepNext|keepLines|pageBreakBefore|widowControl)(?: [^>]*)?/>)*)'
    r"(?!(?:(?!</w:pPr>).)*<w:numPr>)"
)


class Lists:
    """The lists of a template that count, and the further ones that the pieces of a document need."""

    def __init__(self, numbering: bytes, styles: bytes) -> None:
        root = etree.fromstring(numbering, parser()) if numbering else etree.Element("none")
        counted = {
            one.get(f"{_W}abstractNumId")
            for one in root.iter(f"{_W}abstractNum")
            if _first(one, f"{_W}lvl/{_W}numFmt") not in _UNCOUNTED
        }
        numbers = {
            one.get(f"{_W}numId", ""): _first(one, f"{_W}abstractNumId") for one in root.iter(f"{_W}num")
        }
        self._abstract = {number: abstract for number, abstract in numbers.items() if abstract in counted}
        self._styles = self._styled(styles) if self._abstract else {}
        self._next = max((int(number) for number in numbers if number.isdigit()), default=0) + 1
        self._added: list[str] = []

    def restarted(self, content: str, *, whole: bool = True) -> str:
        """The content, its lists beginning again at each mark of its template; at its own beginning too, when
        it is that of a further piece (`whole`)."""
        first, *others = content.split(RESTART)
        return "".join([self._again(first) if whole else first, *map(self._again, others)])

    def _again(self, content: str) -> str:
        if not self._abstract:
            return content
        given: dict[str, str] = {}
        if "<w:numId " in content:
            content = _NUMBER.sub(lambda found: f'<w:numId w:val="{self._given(found[1], given)}"/>', content)
        for pattern, mark, number in self._styles.values():
            if mark in content:
                inserted = (
                    f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{self._given(number, given)}"/></w:numPr>'
                )
                content = pattern.sub(rf"\g<1>{inserted}", content)
        return content

    def numbering(self, content: bytes) -> bytes:
        """The definitions, with those that the pieces needed."""
        head, end, tail = content.rpartition(b"</w:numbering>")
        return head + "".join(self._added).encode() + end + tail if self._added else content

    def _given(self, number: str, given: dict[str, str]) -> str:
        if number not in self._abstract:
            return number
        if number not in given:
            given[number] = str(self._next)
            self._next += 1
            self._added.append(
                f'<w:num w:numId="{given[number]}"><w:abstractNumId w:val="{self._abstract[number]}"/>'
                '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
            )
        return given[number]

    def _styled(self, styles: bytes) -> Mapping[str, tuple[re.Pattern[str], str, str]]:
        root: Any = etree.fromstring(styles, parser())
        found = {
            str(style.get(f"{_W}styleId")): _first(style, f"{_W}pPr/{_W}numPr/{_W}numId")
            for style in root.iter(f"{_W}style")
        }
        return {
            name: (re.compile(_STYLED.format(re.escape(name))), f'<w:pStyle w:val="{name}"/>', number)
            for name, number in found.items()
            if number in self._abstract
        }


def _first(node: Any, path: str) -> str:
    found = node.find(path)
    return "" if found is None else str(found.get(_VAL, ""))
