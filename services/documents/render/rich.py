"""Rich texts laid out: a paragraph for each of their blocks, in the styles of the template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from services.documents.render.markdown import BLOCK, BOLD, BULLET, LINE, NUMBER, PLAIN, SIGN
from services.documents.render.source import RESTART, parser

BULLET_STYLE, NUMBER_STYLE = "list bullet", "list number"
"""The names that Word gives, in any language, to the styles of the two kinds of lists."""

_STRONG_STYLE = "strong"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BEFORE_BOLD = re.compile(r"(?:<w:rStyle [^>]*/>)?(?:<w:rFonts [^>]*/>)?")


@dataclass(frozen=True)
class ListStyles:
    """The identifiers of the styles of a template; empty when it has none."""

    bullet: str
    number: str
    strong: str


def list_styles(styles: bytes) -> ListStyles:
    """Those of word/styles.xml."""
    found = _by_name(styles)
    return ListStyles(found.get(BULLET_STYLE, ""), found.get(NUMBER_STYLE, ""), found.get(_STRONG_STYLE, ""))


def _by_name(styles: bytes) -> Mapping[str, str]:
    root = etree.fromstring(styles, parser()) if styles else etree.Element("none")
    return {
        str(name.get(f"{_W}val", "")).lower(): str(style.get(f"{_W}styleId", ""))
        for style in root.iter(f"{_W}style")
        if (name := style.find(f"{_W}name")) is not None
    }


def laid_out(xml: str, styles: ListStyles) -> str:
    """The part with a paragraph for each block of its rich texts, which are alone in theirs."""
    pieces: list[str] = []
    position = 0
    while (sign := SIGN.search(xml, position)) is not None:
        start = max(xml.rfind("<w:p>", position, sign.start()), xml.rfind("<w:p ", position, sign.start()))
        end = xml.index("</w:p>", sign.start()) + len("</w:p>")
        pieces += (xml[position:start], "".join(_paragraphs(xml[start:end], styles)))
        position = end
    return "".join((*pieces, xml[position:])) if pieces else xml


def _paragraphs(held: str, styles: ListStyles) -> Iterator[str]:
    """The paragraphs of one that holds nothing but rich texts; a list of numbers begins at 1."""
    first = held.index(next(iter(SIGN.findall(held))))
    run = max(held.rfind("<w:r>", 0, first), held.rfind("<w:r ", 0, first))
    properties, look = _inside(held, "pPr"), _inside(held[run:], "rPr")
    text = held[first : held.rindex("</w:t>")]
    in_list = False
    for kind, said in BLOCK.findall(text):
        style = {BULLET: styles.bullet, NUMBER: styles.number}.get(kind, "")
        own = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else properties
        counted = kind == NUMBER
        runs = "".join(_runs(said, look, styles.strong))
        yield f"{RESTART if counted != in_list else ''}<w:p>{own}{runs}</w:p>"
        in_list = counted
    yield RESTART if in_list else ""


def _inside(xml: str, name: str) -> str:
    """The first properties of that name, empty when what comes first is something else."""
    found = re.match(rf"<w:(?:p|r)(?: [^>]*)?>(<w:{name}>.*?</w:{name}>|<w:{name}/>)", xml, re.DOTALL)
    return found[1] if found else ""


def _runs(said: str, look: str, strong: str) -> Iterator[str]:
    for rank, piece in enumerate(re.split(f"[{BOLD}{PLAIN}]", said.strip())):
        own = _bold(look, strong) if rank % 2 else look
        text = piece.replace(LINE, '</w:t><w:br/><w:t xml:space="preserve">')
        if piece:
            yield f'<w:r>{own}<w:t xml:space="preserve">{text}</w:t></w:r>'


def _bold(look: str, strong: str) -> str:
    properties = look.removeprefix("<w:rPr>").removesuffix("</w:rPr>").replace("<w:rPr/>", "")
    if strong and "<w:rStyle " not in properties:
        return f'<w:rPr><w:rStyle w:val="{strong}"/>{properties}</w:rPr>'
    head = _BEFORE_BOLD.match(properties)
    end = head.end() if head else 0
    rest = properties[end:].replace("<w:b/>", "").replace("<w:bCs/>", "")
    return f"<w:rPr>{properties[:end]}<w:b/><w:bCs/>{rest}</w:rPr>"
