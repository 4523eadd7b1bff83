"""The figures of native charts, whatever those that a template shows as a sample.

Of a chart, Word and LibreOffice keep numbers, never tags: its alternative text, `{{ charts.NAME.alt }}`, says
what it shows, and the title of each series which of the figures of `charts.NAME.series`.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from services.documents.render import opc
from services.documents.render.source import parser

CHART_PART = re.compile(r"word/charts/chart\d+\.xml")

_ALT = re.compile(r"{{\s*charts\.(\w+)\.alt\s*}}")
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_DATA = {f"{_C}{name}" for name in ("strLit", "strCache", "numLit", "numCache")}
_SAMPLE = {f"{_C}{name}" for name in ("ptCount", "pt")}
_POINTS = (
    "{{% if {chart} is defined %}}"
    '<c:ptCount val="{{{{ {values} | length }}}}"/>'
    '{{% for value in {values} %}}<c:pt idx="{{{{ loop.index0 }}}}"><c:v>{{{{ {shown} }}}}</c:v></c:pt>'
    "{{% endfor %}}{{% endif %}}"
)


def bindings(parts: Mapping[str, bytes]) -> dict[str, str]:
    """By part, the name of each chart that shows figures of the context, empty for one that always shows its
    own; lxml's XMLSyntaxError."""
    charts = [part for part in parts if CHART_PART.fullmatch(part)]
    if not charts:
        return {}
    shown: dict[str, str] = {}
    for properties, part in drawn(etree.fromstring(parts[opc.MAIN], parser()), parts[opc.MAIN_RELATIONSHIPS]):
        named = _ALT.search(properties.get("descr", ""))
        shown[part] = named[1] if named else ""
    return {part: shown.get(part, "") for part in charts}


def drawn(body: Any, relationships: bytes) -> Iterator[tuple[Any, str]]:
    """The properties of each drawing that shows a chart, and the part of this chart."""
    targets = {
        node.get("Id"): posixpath.normpath(posixpath.join("word", node.get("Target", "")))
        for node in etree.fromstring(relationships, parser()).iter("{*}Relationship")
    }
    for drawing in body.iter(f"{_WP}inline", f"{_WP}anchor"):
        properties = drawing.find(f"{_WP}docPr")
        for chart in drawing.iter(f"{_C}chart"):
            if properties is not None:
                yield properties, targets.get(chart.get(_ID), "")


def alternative_text(name: str) -> str:
    """What makes a chart show the figures of `charts.NAME`."""
    return f"{{{{ charts.{name}.alt }}}}"


def series_titles(content: bytes) -> list[str]:
    """The titles of the series of a chart part."""
    return [_title(series) for series in etree.fromstring(content, parser()).iter(f"{_C}ser")]


def with_figures(content: bytes, name: str) -> bytes:
    """The chart part with tags in the place of its figures, those of `charts.NAME`."""
    root = etree.fromstring(content, parser())
    chart = f"charts.{name}"
    loops: list[str] = []
    for series in root.iter(f"{_C}ser"):
        values = f"{chart}.series[{_quoted(_title(series))}]"
        for data, read, shown in (
            *((data, f"{chart}.categories", "value") for data in _held(series, "cat")),
            *((data, values, "value | plain_number") for data in _held(series, "val")),
        ):
            _empty(data, _mark(len(loops)))
            loops.append(_POINTS.format(chart=chart, values=read, shown=shown))
    xml: str = etree.tostring(root, encoding="unicode")
    for number, loop in enumerate(loops):
        xml = xml.replace(_mark(number), loop)
    return xml.encode()


def _quoted(title: str) -> str:
    """A title as jinja writes it, in an attribute of XML."""
    return escape(json.dumps(title, ensure_ascii=False), {'"': "&quot;"})


def _mark(number: int) -> str:
    return f"@@figures-{number}@@"


def _title(series: Any) -> str:
    title = series.find(f"{_C}tx")
    read = "" if title is None else "".join(node.text or "" for node in title.iter(f"{_C}v"))
    return " ".join(read.split())


def _held(series: Any, place: str) -> Iterator[Any]:
    """The lists of categories or of values of a series."""
    for holder in series.iterfind(f"{_C}{place}"):
        yield from (node for node in holder.iter() if node.tag in _DATA)


def _empty(data: Any, mark: str) -> None:
    """Leaves a mark in the place of the points of a list, which come right after its format."""
    for point in [node for node in data if node.tag in _SAMPLE]:
        data.remove(point)
    code = data.find(f"{_C}formatCode")
    if code is None:
        data.text = mark
    else:
        code.tail = mark
