"""Whether two renderings of a template say the same: parts compared as XML, not as bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from services.documents.render.ordinals import superscript_ordinals
from services.documents.render.source import parser

_COMPARED = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# docxtpl takes these for its own escapes even in the data, where the engine leaves them as they are.
_LITERAL = re.compile(r"{_{|}_}|{_%|%_}")
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def disagreements(ours: Mapping[str, bytes], reference: Mapping[str, bytes]) -> Iterator[str]:
    """The name of each part that docxtpl renders otherwise."""
    for name in filter(_COMPARED.fullmatch, ours):
        if name not in reference or _events(ours[name]) != _events(_raised(reference[name])):
            yield name


def _raised(content: bytes) -> bytes:
    """The reference prints a first of the month on the line; the engine raises its "er"."""
    xml: str = etree.tostring(etree.fromstring(content, parser()), encoding="unicode")
    return superscript_ordinals(xml).encode()


def _events(content: bytes) -> list[tuple[str, tuple[tuple[str, str], ...], str, str]]:
    """Every element with its attributes and text; blanks between elements are no text in WordprocessingML."""
    return [
        (
            str(node.tag),
            _attributes(node),
            _text(node.text, node.tag == f"{_W}t"),
            _text(node.tail, kept=False),
        )
        for node in etree.fromstring(content, parser()).iter()
        if isinstance(node.tag, str)
    ]


def _attributes(node: etree._Element) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, value in node.attrib.items() if key != _XML_SPACE))


def _text(text: str | None, kept: bool) -> str:
    shown = _LITERAL.sub(lambda literal: literal[0].replace("_", ""), text or "")
    return shown if kept else shown.strip()
