"""The styles of a document, each with what it inherits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from services.documents.render import opc, parser
from services.documents.template.reading import W

STYLES = opc.STYLES

_HEADING = re.compile(r"(?:heading|titre) (\d)", re.IGNORECASE)
_DEEPEST = 9

Node = Any


@dataclass(frozen=True)
class Look:
    """How a style looks: size in half points (0: not said), colour of the text and of what is behind."""

    name: str
    half_points: int
    colour: str
    fill: str


class Styles:
    """The styles of word/styles.xml; empty when there is none."""

    def __init__(self, content: bytes) -> None:
        root = etree.fromstring(content, parser()) if content else etree.Element(f"{W}styles")
        self._styles = {style.get(f"{W}styleId"): style for style in root.iter(f"{W}style")}
        self._default = next(
            (name for name, style in self._styles.items() if _is_default_paragraph(style)), ""
        )
        found = root.find(f".//{W}rPrDefault//{W}lang")
        self.language: str = "" if found is None else found.get(f"{W}val", "")

    def level(self, style: str) -> int:
        """Level of a heading, 1 to 9; 0 for text."""
        for one in self._chain(style):
            outline = one.find(f"{W}pPr/{W}outlineLvl")
            if outline is not None:
                level = int(outline.get(f"{W}val", _DEEPEST)) + 1
                return level if level <= _DEEPEST else 0
            named = _HEADING.fullmatch(_name(one))
            if named:
                return int(named[1])
        return 0

    def is_list(self, style: str) -> bool:
        """Whether the paragraphs of a style are items of a list."""
        return any(one.find(f"{W}pPr/{W}numPr") is not None for one in self._chain(style))

    def used(self, styles: Iterable[str]) -> Iterator[Look]:
        """The looks of these styles, each once."""
        for style in dict.fromkeys(styles):
            chain = list(self._chain(style))
            if chain:
                size = _first(chain, f"{W}rPr/{W}sz", "val")
                colour = _first(chain, f"{W}rPr/{W}color", "val")
                yield Look(_name(chain[0]), int(size or 0), colour, _first(chain, f".//{W}shd", "fill"))

    def _chain(self, style: str) -> Iterator[Node]:
        """A style, then those that it is based on."""
        seen: set[str] = set()  # in a damaged file, styles may be based on one another
        name = style or self._default
        while name in self._styles and name not in seen:
            seen.add(name)
            yield self._styles[name]
            based = self._styles[name].find(f"{W}basedOn")
            name = "" if based is None else based.get(f"{W}val", "")


def _is_default_paragraph(style: Node) -> bool:
    return style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true")


def _name(style: Node) -> str:
    found = style.find(f"{W}name")
    return "" if found is None else str(found.get(f"{W}val", ""))


def _first(chain: Iterable[Node], path: str, attribute: str) -> str:
    found = (one.find(path) for one in chain)
    return next((str(one.get(f"{W}{attribute}", "")) for one in found if one is not None), "")
