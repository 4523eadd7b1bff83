"""A .docx template compiled once: static parts deflated, parts with tags turned into programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zipfile import BadZipFile

from jinja2 import TemplateSyntaxError
from lxml import etree

from services.documents.render import opc
from services.documents.render.archive import STATIC_LEVEL, Member
from services.documents.render.chartdata import bindings, with_figures
from services.documents.render.errors import TemplateError
from services.documents.render.image_parts import KINDS, ImagePart, part_name
from services.documents.render.image_places import with_images
from services.documents.render.links import with_links
from services.documents.render.logo import with_logo
from services.documents.render.plan import Plan, Program
from services.documents.render.rich import ListStyles, list_styles
from services.documents.render.source import TAGS, is_rendered, read_source

_XML = (".xml", ".rels")
_IMAGE_PART = re.compile(part_name(r"(\w+)", f"({'|'.join(KINDS)})"))


def compile_template(docx: bytes, media: Mapping[str, bytes | None] | None = None) -> Plan:
    """The plan of a template; raises TemplateError.

    `media` gives the logo, under LOGO_PART; None takes its place away.
    """
    try:
        parts = opc.read(docx)
    except BadZipFile as error:
        raise TemplateError("Le fichier n’est pas un .docx.") from error
    ready = _with_figures(opc.with_properties(with_logo(parts, media or {})))
    lists = list_styles(ready.get(opc.STYLES, b""))
    return Plan([_item(name, ready[name], lists) for name in opc.ordered(ready)])


def _with_figures(parts: Mapping[str, bytes]) -> Mapping[str, bytes]:
    try:
        parts = with_links(with_images(parts), filtered=True)
        charts = {name: with_figures(parts[name], chart) for name, chart in bindings(parts).items() if chart}
    except etree.XMLSyntaxError as error:
        raise TemplateError("Un graphique, ou le corps, n’est pas du XML.") from error
    return {**parts, **charts}


def _item(name: str, content: bytes, lists: ListStyles) -> Member | Program | ImagePart:
    if (image := _IMAGE_PART.fullmatch(name)) is not None and not content:
        return ImagePart(image[1], image[2])
    if not name.endswith(_XML):
        return Member(name, content, STATIC_LEVEL)
    if not is_rendered(name):
        if any(tag.encode() in content for tag in TAGS):
            raise TemplateError(f"La partie {name} contient une balise qui ne sera pas remplie.")
        return Member(name, content, STATIC_LEVEL)
    try:
        source = read_source(name, content)
    except etree.XMLSyntaxError as error:
        raise TemplateError(f"La partie {name} n’est pas du XML.", name) from error
    if source is None:
        return Member(name, content, STATIC_LEVEL)
    try:
        return Program(name, source, lists)
    except TemplateSyntaxError as error:
        tag = source.tags.get(error.lineno, "")
        raise TemplateError(f"Une balise est mal écrite dans {name}.", name, tag) from error
