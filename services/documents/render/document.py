"""One document from one template: a new docxtpl object per call, because docxtpl is not safe to share."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ParserCreate
from zipfile import BadZipFile

from docxtpl.template import DocxTemplate
from jinja2 import TemplateSyntaxError

from services.documents import opc
from services.documents.render.environment import ENVIRONMENT, Environment
from services.documents.render.ordinals import superscript_ordinals

_TAGS = ("{{", "{%", "{#")
_RENDERED = re.compile(r"word/(document|header\d*|footer\d*)\.xml")
_RELATIONSHIPS = "word/_rels/document.xml.rels"
_LOGO = "word/media/logo.png"
_LOGO_RELATIONSHIP = re.compile(rb'<Relationship [^>]*Target="media/logo.png"[^>]*/>')
_XML = (".xml", ".rels")


class TemplateError(Exception):
    """The template cannot serve; the message says why, in French."""


class _StrictTemplate(DocxTemplate):
    """docxtpl that refuses what it would otherwise repair in silence: broken XML, tags left over."""

    def render_xml_part(
        self, src_xml: str, part: Any, context: Mapping[str, Any], jinja_env: Environment | None = None
    ) -> str:
        """Renders one part; braces of the data are character references here, so any tag is a leftover."""
        rendered: str = super().render_xml_part(src_xml, part, context, jinja_env)  # type: ignore[no-untyped-call]
        if any(tag in rendered for tag in _TAGS):
            raise TemplateError("une balise reste dans le document")
        rendered = superscript_ordinals(rendered)
        _check_well_formed(rendered.encode())
        return rendered


def render(docx: bytes, context: Mapping[str, Any], logo: bytes | None) -> dict[str, bytes]:
    """The parts of the document, well formed, without any tag left."""
    template = _StrictTemplate(io.BytesIO(docx))
    template.render(dict(context), ENVIRONMENT, autoescape=True)
    buffer = io.BytesIO()
    template.save(buffer)
    parts = opc.read(buffer.getvalue())
    _place_logo(parts, logo)
    for name, content in parts.items():
        if name.endswith(_XML):
            _check_well_formed(content)
    return parts


def check(docx: bytes) -> None:
    """Raises TemplateError when the template is not a .docx, or has a tag that no rendering would read."""
    try:
        parts = opc.read(docx)
    except BadZipFile as error:
        raise TemplateError("le fichier n’est pas un .docx") from error
    for name, content in parts.items():
        if _RENDERED.fullmatch(name):
            _check_syntax(name, content.decode("utf-8"))
        elif name.endswith(_XML) and any(tag.encode() in content for tag in _TAGS):
            raise TemplateError(f"la partie {name} contient une balise qui ne sera pas remplie")


def _check_syntax(name: str, xml: str) -> None:
    try:
        ENVIRONMENT.compile(DocxTemplate(io.BytesIO()).patch_xml(xml))  # type: ignore[no-untyped-call]
    except TemplateSyntaxError as error:
        raise TemplateError(f"balise mal écrite dans {name}") from error


def _place_logo(parts: dict[str, bytes], logo: bytes | None) -> None:
    """Puts the logo of the profile in the place that templates keep for it, or takes that place away."""
    if _LOGO not in parts:
        return
    if logo is not None:
        parts[_LOGO] = logo
        return
    del parts[_LOGO]
    parts[_RELATIONSHIPS] = _LOGO_RELATIONSHIP.sub(b"", parts[_RELATIONSHIPS])


def _check_well_formed(content: bytes) -> None:
    ParserCreate().Parse(content, True)
