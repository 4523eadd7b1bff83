"""What a PDF says to who hears it (PDF/UA), and how much of its pages is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
from pypdf import PageObject

MM = 25.4 / 72
PAGE_HEIGHT, MARGIN, FOOTER = 297, 20, 17
ASCENT, DESCENT = 0.91, 0.22
"""Of Arial, as a share of its size."""
STANDARD = frozenset(
    [
        "Document",
        "Sect",
        "Div",
        "P",
        "Span",
        "H1",
        "H2",
        "H3",
        "L",
        "LI",
        "Lbl",
        "LBody",
        "Table",
        "TR",
        "TH",
        "TD",
        "TOC",
        "TOCI",
        "Figure",
        "Link",
        "Form",
    ]
)
OPENINGS, CLOSING, SHOWN = ("BMC", "BDC"), "EMC", ("Tj", "TJ", "'", '"', "Do", "sh")


@dataclass(frozen=True)
class Line:
    """A piece of text and the place of its ink, in millimetres from the top left of the page."""

    text: str
    left: float
    top: float
    bottom: float


def lines(page: PageObject) -> list[Line]:
    """The pieces of text of a page."""
    found: list[Line] = []

    def see(text: str, _: Any, matrix: Sequence[float], __: Any, size: float) -> None:
        if text.strip():
            base = PAGE_HEIGHT - matrix[5] * MM
            ink = (base - ASCENT * size * MM, base + DESCENT * size * MM)
            found.append(Line(text.strip().replace("\u00a0", " "), matrix[4] * MM, *ink))

    page.extract_text(visitor_text=see)
    return found


def share_written(page: PageObject) -> float:
    """How far down a page is written, from 0 to 1, its footer left aside."""
    bottoms = [line.bottom for line in lines(page) if line.bottom < PAGE_HEIGHT - FOOTER]
    return (max(bottoms, default=MARGIN) - MARGIN) / (PAGE_HEIGHT - MARGIN - FOOTER)


@dataclass(frozen=True)
class Element:
    """An element of the structure: its own type, its standard one, and its node."""

    own: str
    type: str
    node: Any


def elements(pdf: pikepdf.Pdf) -> list[Element]:
    """The structure of a PDF, in the order in which it is read."""
    root = pdf.Root.StructTreeRoot
    roles = {str(name): str(role) for name, role in root.get("/RoleMap", {}).items()}

    def below(node: Any) -> Iterator[Element]:
        if isinstance(node, pikepdf.Array):
            for child in node:
                yield from below(child)
        elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
            own = str(node.S)
            yield Element(own[1:], roles.get(own, own)[1:], node)
            yield from below(node.get("/K", pikepdf.Array()))

    return list(below(root.K))


def faults(content: bytes, documents: int = 1) -> list[str]:
    """What breaks PDF/UA in a PDF of so many documents."""
    with pikepdf.open(BytesIO(content)) as pdf:
        found = elements(pdf)
        rules = {
            "language": str(pdf.Root.get("/Lang", "")) == "fr-FR",
            "title": pdf.open_metadata().get("dc:title") and pdf.Root.ViewerPreferences.DisplayDocTitle,
            "marked": bool(pdf.Root.MarkInfo.Marked),
            "PDF/UA-1": pdf.open_metadata().get("pdfuaid:part") == "1",
            "roles": all(element.type in STANDARD for element in found),
            "one H1": sum(element.type == "H1" for element in found) == documents,
            "no level skipped": _are_in_order([int(one.type[1]) for one in found if one.type[0] == "H"]),
            "scope of headings": all("/Scope" in str(one.node.A) for one in found if one.type == "TH"),
            "alternative texts": all(map(_is_said, found)),
            "content": all(map(_is_marked, pdf.pages)),
        }
    return [name for name, holds in rules.items() if not holds]


def _is_said(element: Element) -> bool:
    """Whether a picture has words; LibreOffice 7.4 loses those that the .docx gives to its charts."""
    return element.type != "Figure" or str(element.node.P.S) == "/Chart" or bool(element.node.get("/Alt"))


def _are_in_order(levels: Sequence[int]) -> bool:
    return all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))


def _is_marked(page: pikepdf.Page) -> bool:
    """Whether all that a page shows belongs to its structure, or is said to be an artifact."""
    depth = 0
    for instruction in pikepdf.parse_content_stream(page):
        operator = str(instruction.operator)
        depth += (operator in OPENINGS) - (operator == CLOSING)
        if operator in SHOWN and not depth:
            return False
    return True
