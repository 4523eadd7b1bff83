"""The places of the images of the data in a template: the pictures whose alternative text names one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from services.documents.render import opc
from services.documents.render.image_parts import EMBEDDED, HEIGHT, KINDS, WIDTH, identifier, part_name
from services.documents.render.source import parser

_ALT = re.compile(r"\{\{\s*images\.(\w+)\.alt\s*\}\}")
_TAG = re.compile(r"\{\{\s*images\.")
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_EMBED = f"{_R}embed"
_CROPPED, _OTHER_FORMS = f"{_A}srcRect", f"{_A}extLst"


@dataclass(frozen=True)
class ImagePlace:
    """A drawing whose alternative text is that of an image of the data, unnamed when it is written otherwise;
    `blips` are what it shows."""

    image: str
    drawing: Any
    blips: tuple[Any, ...]


def image_places(root: Any) -> Iterator[ImagePlace]:
    """The drawings of a part whose alternative text names an image of the data."""
    for properties in root.iter(f"{_WP}docPr"):
        text, drawing = properties.get("descr", ""), properties.getparent()
        if drawing is not None and _TAG.search(text):
            named = _ALT.search(text)
            yield ImagePlace(named[1] if named else "", drawing, tuple(_blips(drawing)))


def with_images(parts: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The parts where each place of the body shows an image of the data, in the box of the template; the
    pictures that stood there are no more. lxml's XMLSyntaxError."""
    if opc.MAIN_RELATIONSHIPS not in parts or b"images." not in parts.get(opc.MAIN, b""):
        return parts
    root = etree.fromstring(parts[opc.MAIN], parser())
    places = [place for place in image_places(root) if place.image and len(place.blips) == 1]
    replaced = {str(blip.get(_EMBED)) for place in places for blip in place.blips}
    for place in places:
        _show(place)
    if not places:
        return parts
    names = sorted({place.image for place in places})
    kept = {value for node in root.iter(etree.Element) for value in node.attrib.values()}
    changed = _without(parts, replaced - kept)
    relations = "".join(
        f'<Relationship Id="{identifier(name, kind)}" Type="{_RELATIONS}/image"'
        f' Target="{part_name(name, kind).removeprefix("word/")}"/>'
        for name in names
        for kind in KINDS
    )
    changed[opc.MAIN] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    changed[opc.MAIN_RELATIONSHIPS] = opc.before_end(changed[opc.MAIN_RELATIONSHIPS], relations)
    changed[opc.CONTENT_TYPES] = _with_kinds(changed[opc.CONTENT_TYPES])
    # Empty: what is there depends on the data.
    return changed | {part_name(name, kind): b"" for name in names for kind in KINDS}


def _show(place: ImagePlace) -> None:
    (blip,) = place.blips
    for other in (*blip.iter(_OTHER_FORMS), *place.drawing.iter(_CROPPED)):
        other.getparent().remove(other)
    path = f"images.{place.image}"
    blip.set(_EMBED, f"{{{{ {path} | {EMBEDDED}('{place.image}') }}}}")
    for box in (*place.drawing.iter(f"{_WP}extent"), *place.drawing.iter(f"{_A}ext")):
        if (cx := box.get("cx", "")).isdigit() and (cy := box.get("cy", "")).isdigit():
            box.set("cx", f"{{{{ {path} | {WIDTH}({cx}, {cy}) }}}}")
            box.set("cy", f"{{{{ {path} | {HEIGHT}({cx}, {cy}) }}}}")


def _blips(drawing: Any) -> Iterator[Any]:
    """What a drawing shows, that of the drawings in its text boxes left out."""
    for blip in drawing.iter(f"{_A}blip"):
        if next(blip.iterancestors(f"{_WP}inline", f"{_WP}anchor"), None) is drawing and blip.get(_EMBED):
            yield blip


def _without(parts: Mapping[str, bytes], identifiers: set[str]) -> dict[str, bytes]:
    """The parts without these relationships of the body, nor the pictures that nothing else names."""
    root = etree.fromstring(parts[opc.MAIN_RELATIONSHIPS], parser())
    targets = {node.get("Target", "") for node in root if node.get("Id") in identifiers}
    for node in [node for node in root if node.get("Id") in identifiers]:
        root.remove(node)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    others = (content for name, content in parts.items() if name.endswith(".rels"))
    named = b"".join((*(one for one in others if one != parts[opc.MAIN_RELATIONSHIPS]), written))
    gone = {f"word/{target}" for target in targets if f'"{target}"'.encode() not in named}
    changed = {name: content for name, content in parts.items() if name not in gone}
    return changed | {opc.MAIN_RELATIONSHIPS: written}


def _with_kinds(content: bytes) -> bytes:
    root = etree.fromstring(content, parser())
    known = {node.get("Extension", "").lower() for node in root.iter("{*}Default")}
    lacking = (kind for kind in KINDS if kind not in known)
    return opc.before_end(
        content,
        "".join(f'<Default Extension="{kind}" ContentType="image/{kind}"/>' for kind in lacking),
    )
