"""A piece whose styles are not those of the document that it joins, as Word rewrites them in what it saves.

Styles that differ come under other names, definitions of lists under other numbers, and the text follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from lxml import etree

from services.documents.render.source import parser

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL, _ID = f"{_W}val", f"{_W}styleId"
_STYLE_USE = re.compile(r'(<w:(?:pStyle|rStyle|tblStyle) w:val=")([^"]+)(")')
_NUMBER_USE = re.compile(r'(<w:numId w:val=")(\d+)(")')
# A paragraph that names no style: it had the default one of its own document, and would take that of the
# document that it joins. `?+` never gives back the properties that it matched, where a style may stand.
_UNSTYLED = re.compile(r"<w:p(?: [^>/]*)?>(?:<w:pPr>)?+(?!<w:pStyle |<w:pPr>)")
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_LINKS = tuple(f"{_W}{name}" for name in ("basedOn", "next", "link"))
_PARAGRAPH_PROPERTIES, _RUN_PROPERTIES = f"{_W}pPr", f"{_W}rPr"
# What comes before the properties of a style, when the schema orders them.
_HEAD = tuple(
    f"{_W}{name}"
    for name in (
        *("name", "basedOn", "next", "link", "autoRedefine", "hidden", "uiPriority", "semiHidden"),
        *("unhideWhenUsed", "qFormat", "locked", "personal", "personalCompose", "personalReply", "rsid"),
    )
)

# The order of properties in the schema (ECMA-376 part 1, 17.3.1.26 and 17.3.2.28).
_ORDERS = {
    name: {f"{_W}{element}": rank for rank, element in enumerate(elements.split())}
    for name, elements in (
        (
            _PARAGRAPH_PROPERTIES,
            "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers "
            "pBdr shd tabs suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct "
            "autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid spacing ind contextualSpacing "
            "mirrorIndents suppressOverlap jc textDirection textAlignment textboxTightWrap outlineLvl "
            "divId cnfStyle rPr sectPr pPrChange",
        ),
        (
            _RUN_PROPERTIES,
            "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof "
            "snapToGrid vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd "
            "fitText vertAlign rtl cs em lang eastAsianLayout specVanish oMath",
        ),
    )
}

Node = Any
Rewrite = Callable[[str], str]


class Joined:
    """The styles and lists of a document to which foreign pieces add theirs."""

    def __init__(self, styles: bytes, numbering: bytes) -> None:
        self._styles, self._numbering = _root(styles, "styles"), _root(numbering, "numbering")
        self._known = {style.get(_ID): _canonical(style) for style in self._styles.iter(f"{_W}style")}
        self._defaults = _canonical(self._styles.find(f"{_W}docDefaults"))
        self._count = 0

    def welcome(self, styles: bytes, numbering: bytes) -> Rewrite:
        """Adds what a piece needs; gives what rewrites the XML of its parts."""
        self._count += 1
        root = _root(styles, "styles")
        defaults = root.find(f"{_W}docDefaults")
        if _canonical(defaults) == self._defaults:
            defaults = None
        # Renamed for good: two pieces may each have a « Titre 1 » of their own.
        names = {style.get(_ID): f"{style.get(_ID)}_{self._count}" for style in self._others(root, defaults)}
        numbers = self._add_lists(_root(numbering, "numbering"), names)
        default = ""
        for style in root.iter(f"{_W}style"):
            if style.get(_ID) in names:
                self._styles.append(self._adopted(style, names, numbers, defaults))
                default = names[style.get(_ID)] if _is_default(style) else default
        return lambda xml: _rewritten(xml, names, numbers, default)

    def styles(self) -> bytes:
        """word/styles.xml."""
        return _written(self._styles)

    def numbering(self) -> bytes:
        """word/numbering.xml."""
        return _written(self._numbering)

    def _others(self, root: Node, defaults: Node | None) -> Iterator[Node]:
        """The styles of a piece that the document does not have alike, and all when the defaults differ."""
        for style in root.iter(f"{_W}style"):
            if defaults is not None or self._known.get(style.get(_ID)) != _canonical(style):
                yield style

    def _adopted(
        self, style: Node, names: Mapping[str, str], numbers: Mapping[str, str], defaults: Node | None
    ) -> Node:
        copy = deepcopy(style)
        copy.set(_ID, names[style.get(_ID)])
        copy.attrib.pop(f"{_W}default", None)
        # An alias is one more name, that another piece may have too.
        for alias in copy.findall(f"{_W}aliases"):
            copy.remove(alias)
        spoken = ""
        for name in copy.findall(f"{_W}name"):
            spoken = name.get(_VAL, "")
            name.set(_VAL, f"{spoken} ({self._count})")
        for link in copy.iter(*_LINKS):
            link.set(_VAL, names.get(link.get(_VAL), link.get(_VAL)))
        for number in copy.iter(f"{_W}numId"):
            number.set(_VAL, numbers.get(number.get(_VAL), number.get(_VAL)))
        if copy.get(f"{_W}type") != "paragraph":
            return copy
        if defaults is not None and copy.find(f"{_W}basedOn") is None:
            _fill(copy, defaults)
        # Word knows a heading by its name, which has just changed: its level is said instead.
        heading = _HEADING.fullmatch(spoken)
        if heading and copy.find(f"{_PARAGRAPH_PROPERTIES}/{_W}outlineLvl") is None:
            properties = _properties(copy, _PARAGRAPH_PROPERTIES)
            level = etree.SubElement(properties, f"{_W}outlineLvl")
            level.set(_VAL, str(int(heading[1]) - 1))
            _sort(properties)
        return copy

    def _add_lists(self, root: Node, names: Mapping[str, str]) -> dict[str, str]:
        """The new number of each list of a piece."""
        definitions = 1 + _highest(self._numbering, "abstractNum", "abstractNumId")
        instances = 1 + _highest(self._numbering, "num", "numId")
        first = self._numbering.find(f"{_W}num")
        for definition in root.findall(f"{_W}abstractNum"):
            copy = deepcopy(definition)
            _shift(copy, f"{_W}abstractNumId", definitions)
            for link in copy.iter(f"{_W}pStyle"):
                link.set(_VAL, names.get(link.get(_VAL), link.get(_VAL)))
            if first is None:
                self._numbering.append(copy)
            else:
                first.addprevious(copy)
        numbers: dict[str, str] = {}
        for instance in root.findall(f"{_W}num"):
            copy = deepcopy(instance)
            _shift(copy, f"{_W}numId", instances)
            _shift(copy.find(f"{_W}abstractNumId"), _VAL, definitions)
            numbers[instance.get(f"{_W}numId")] = copy.get(f"{_W}numId")
            self._numbering.append(copy)
        return numbers


def _rewritten(xml: str, names: Mapping[str, str], numbers: Mapping[str, str], default: str) -> str:
    xml = _STYLE_USE.sub(lambda use: f"{use[1]}{names.get(use[2], use[2])}{use[3]}", xml)
    xml = _NUMBER_USE.sub(lambda use: f"{use[1]}{numbers.get(use[2], use[2])}{use[3]}", xml)
    if not default:
        return xml
    style = f'<w:pStyle w:val="{default}"/>'

    def styled(opening: re.Match[str]) -> str:
        return (
            f"{opening[0]}{style}"
            if opening[0].endswith("<w:pPr>")
            else f"{opening[0]}<w:pPr>{style}</w:pPr>"
        )

    return _UNSTYLED.sub(styled, xml.replace("<w:pPr/>", ""))


def _fill(style: Node, defaults: Node) -> None:
    """Gives a style what the defaults of its document say and it does not."""
    for name, path in ((_PARAGRAPH_PROPERTIES, "pPrDefault"), (_RUN_PROPERTIES, "rPrDefault")):
        given = defaults.find(f"{_W}{path}/{name}")
        if given is None:
            continue
        own = style.find(name)
        filled = deepcopy(given)
        for element in () if own is None else own:
            for replaced in filled.findall(element.tag):
                filled.replace(replaced, deepcopy(element))
                break
            else:
                filled.append(deepcopy(element))
        _sort(filled)
        if own is not None:
            style.replace(own, filled)
        else:
            _properties(style, name).extend(list(filled))


def _sort(properties: Node) -> None:
    order = _ORDERS[properties.tag]
    properties[:] = sorted(properties, key=lambda element: order.get(element.tag, len(order)))


def _properties(style: Node, name: str) -> Node:
    """The properties of a style, added where the schema wants them."""
    found = style.find(name)
    if found is not None:
        return found
    made = etree.Element(name)
    before = (*_HEAD, _PARAGRAPH_PROPERTIES) if name == _RUN_PROPERTIES else _HEAD
    style.insert(sum(1 for child in style if child.tag in before), made)
    return made


def _is_default(style: Node) -> bool:
    return style.get(f"{_W}type") == "paragraph" and style.get(f"{_W}default") in ("1", "true")


def _shift(node: Node, attribute: str, amount: int) -> None:
    node.set(attribute, str(int(node.get(attribute)) + amount))


def _highest(root: Node, name: str, attribute: str) -> int:
    return max((int(node.get(f"{_W}{attribute}")) for node in root.findall(f"{_W}{name}")), default=0)


def _root(content: bytes, name: str) -> Node:
    return (
        etree.fromstring(content, parser())
        if content
        else etree.Element(f"{_W}{name}", nsmap={"w": _W[1:-1]})
    )


def _canonical(node: Node | None) -> bytes:
    if node is None:
        return b""
    written: bytes = etree.tostring(node, method="c14n", exclusive=True)
    return written


def _written(root: Node) -> bytes:
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written
