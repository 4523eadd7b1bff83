"""Plain docxtpl on the same template and data: slow, and the authority on what the tags mean."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from docxtpl.template import DocxTemplate
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree
from markupsafe import Markup, escape

from services.documents.render import opc
from services.documents.render.environment import TESTS
from services.documents.render.filters import FILTERS
from services.documents.render.image_parts import IMAGE_FILTERS
from services.documents.render.image_places import with_images
from services.documents.render.invariants import Watch
from services.documents.render.linked import LINK_FILTERS
from services.documents.render.links import with_links
from services.documents.render.logo import with_logo
from services.documents.render.ordinals import superscript_ordinals
from services.documents.render.rich import ListStyles, laid_out, list_styles
from services.documents.render.source import parser
from services.kit.french import unbroken

_COMPARED = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# The engine alone begins lists again where a template says so.
_NUMBERED = tuple(f"{_W}{name}" for name in ("numPr", "ilvl", "numId"))
# docxtpl takes these for its own escapes even in the data, where the engine leaves them as they are.
_LITERAL = re.compile(r"{_{|}_}|{_%|%_}")
# docxtpl numbers the drawings of the body alone, the engine those of headers and footers too.
_DRAWING, _NUMBER = "docPr", "id"
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class ReferenceEnvironment(ImmutableSandboxedEnvironment):
    """jinja2 as it is, with the filters of the house and keys before methods; no code of the engine."""

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined, finalize=_typeset)
        self.globals.clear()
        self.filters = {name: known.function for name, known in FILTERS.items()} | {
            **IMAGE_FILTERS,
            **LINK_FILTERS,
        }
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key of a dictionary before its methods."""
        return super().getitem(obj, attribute) if isinstance(obj, dict) else super().getattr(obj, attribute)


def _typeset(value: Any) -> Any:
    if type(value) is Markup:  # a text of the template itself, escaped before it comes here
        return escape(unbroken(value.unescape()))
    return unbroken(value) if type(value) is str else value


def render_reference(
    docx: bytes, context: Mapping[str, Any], media: Mapping[str, bytes | None] | None = None
) -> dict[str, bytes]:
    """The parts of the document by docxtpl; raises whatever docxtpl, jinja2 or python-docx raise."""
    parts = with_links(with_images(with_logo(opc.read(docx), media or {})), filtered=True)
    source = opc.write(opc.with_properties(parts))
    template: Any = DocxTemplate(io.BytesIO(source))
    template.render(dict(context), ReferenceEnvironment(), autoescape=True)
    buffer = io.BytesIO()
    template.save(buffer)
    return opc.read(buffer.getvalue())


def disagreements(ours: Mapping[str, bytes], reference: Mapping[str, bytes]) -> Iterator[str]:
    """The name of each part that docxtpl renders otherwise, compared as XML, not as bytes."""
    lists = list_styles(reference.get(opc.STYLES, b""))
    for name in filter(_COMPARED.fullmatch, ours):
        if name not in reference or _events(ours[name]) != _events(_raised(reference[name], lists)):
            yield name


def _raised(content: bytes, lists: ListStyles) -> bytes:
    """The reference as the engine finishes its own: rich texts laid out, "er" raised, tables apart, no name
    repeated."""
    xml: str = etree.tostring(etree.fromstring(content, parser()), encoding="unicode")
    xml = laid_out(xml, lists)
    return Watch(xml).settled(superscript_ordinals(xml)).encode()


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
        if isinstance(node.tag, str) and node.tag not in _NUMBERED
    ]


def _attributes(node: etree._Element) -> tuple[tuple[str, str], ...]:
    is_drawing = etree.QName(node).localname == _DRAWING
    left_out = (_XML_SPACE, _NUMBER) if is_drawing else (_XML_SPACE,)
    return tuple(sorted((key, value) for key, value in node.attrib.items() if key not in left_out))


def _text(text: str | None, kept: bool) -> str:
    shown = _LITERAL.sub(lambda literal: literal[0].replace("_", ""), text or "")
    return shown if kept else shown.strip()
