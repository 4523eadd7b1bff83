"""A rendered body as a section of a larger document: its own break, headers, footers and page numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

_SECTION = re.compile(r"<w:sectPr(?: [^>]*)?(?:/>|>.*?</w:sectPr>)", re.DOTALL)
_LAST = "<w:sectPr"
_REFERENCE = re.compile(r'<w:(header|footer)Reference [^>]*w:type="(\w+)"[^>]*/>')
_TYPE = re.compile(r"<w:type [^>]*/>")
_NUMBERING = re.compile(r"<w:pgNumType[^>]*/>")
# The schema orders what a section holds: page numbers come right after these.
_BEFORE_NUMBERING = re.compile(
    r"(?:.*<w:(?:lnNumType|pgBorders|paperSrc|pgMar|pgSz|(?:header|footer)Reference)\b(?:[^>]*/>|.*?</w:pgBorders>))?",
    re.DOTALL,
)
_FIRST_PARAGRAPH = re.compile(r"<w:p(?: [^>]*)?>(?:<w:pPr>.*?</w:pPr>|<w:pPr/>)?", re.DOTALL)
_PARAGRAPH_OPENING = re.compile(r"<w:p(?: [^>]*)?>")
# Word wants the properties of a section in its last paragraph. After a table there is none: one is added, a
# point high.
_CARRIER = '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>{}</w:pPr></w:p>'
_HIDDEN = "<w:r><w:rPr><w:vanish/></w:rPr>{}</w:r>"


@dataclass(frozen=True)
class Section:
    """What a body holds, and the properties of its last section."""

    content: str
    properties: str


def split(xml: str) -> Section:
    """The body of a rendered document."""
    body = xml[xml.index("<w:body>") + len("<w:body>") : xml.rindex("</w:body>")]
    start = body.rfind(_LAST)
    if start < 0 or _SECTION.fullmatch(body[start:].rstrip()) is None:
        return Section(body, "<w:sectPr/>")
    return Section(body[:start], body[start:].rstrip())


def kinds(properties: str) -> set[tuple[str, str]]:
    """The headers and footers that a section names: `("header", "first")`."""
    if "Reference " not in properties:
        return set()
    return {(found[1], found[2]) for found in _REFERENCE.finditer(properties)}


def restarted(properties: str, blanks: str = "") -> str:
    """The section on a new page numbered 1; `blanks` are references that keep it from inheriting others."""
    properties = _TYPE.sub("", _NUMBERING.sub("", properties))
    opening, _, rest = properties.partition(">")
    if opening.endswith("/"):
        opening, rest = opening[:-1], "</w:sectPr>"
    head = _BEFORE_NUMBERING.match(rest)
    end = head.end() if head else 0
    return f'{opening}>{blanks}{rest[:end]}<w:pgNumType w:start="1"/>{rest[end:]}'


def first_section(section: Section) -> str:
    """The properties of the first section of a body, which may have several."""
    found = _SECTION.search(section.content) if _LAST in section.content else None
    return found[0] if found else section.properties


def with_first_section(section: Section, properties: str) -> Section:
    """The same with other properties for its first section."""
    found = _SECTION.search(section.content) if _LAST in section.content else None
    if found is None:
        return Section(section.content, properties)
    content = section.content
    return Section(content[: found.start()] + properties + content[found.end() :], section.properties)


def closed(section: Section) -> str:
    """The content whose last paragraph carries the properties, so that another section may follow."""
    content = section.content
    start = max(content.rfind("<w:p>"), content.rfind("<w:p "))
    tail = content[start:]
    if start < 0 or tail.count("</w:p>") != 1 or not tail.rstrip().endswith("</w:p>"):
        return content + _CARRIER.format(section.properties)
    tail = tail.replace("<w:pPr/>", "", 1)
    if "</w:pPr>" in tail:
        return content[:start] + tail.replace("</w:pPr>", f"{section.properties}</w:pPr>", 1)
    opening = _PARAGRAPH_OPENING.match(tail)
    end = opening.end() if opening else 0
    return f"{content[:start]}{tail[:end]}<w:pPr>{section.properties}</w:pPr>{tail[end:]}"


def entitled(content: str, number: int, title: str, identifier: int) -> str:
    """The content with a bookmark `piece_1` and a hidden entry of the table of contents at its beginning."""
    found = _FIRST_PARAGRAPH.search(content)
    if found is None:
        return content
    code = escape(f' TC "{title.replace(chr(34), chr(8221))}" \\f d \\l 1 ')
    entry = "".join(
        _HIDDEN.format(piece)
        for piece in (
            '<w:fldChar w:fldCharType="begin"/>',
            f'<w:instrText xml:space="preserve">{code}</w:instrText>',
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    mark = (
        f'<w:bookmarkStart w:id="{identifier}" w:name="piece_{number}"/>{entry}'
        f'<w:bookmarkEnd w:id="{identifier}"/>'
    )
    return content[: found.end()] + mark + content[found.end() :]
