"""Letters on paper: the address in the window of the envelope, the fold, the room to sign, in millimetres.

Frame of a window envelope of 110 x 220 mm, and first fold of a letter in three: 110 to 195 mm from the left,
55 to 88 mm from the top, 99 mm. These are the figures of French mailing houses; the norm itself was not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from typing import Any

import pytest
from pypdf import PageObject, PdfReader

from services.documents.render.assembly import Piece, assemble
from tests.documents_catalogue import TEMPLATES, context, plan
from tests.documents_templates import shipped
from tests.service.test_documents_pdf import convert, office
from tests.support import Launch, RunningServer

MM = 25.4 / 72
PAGE_HEIGHT = 297
LEFT, RIGHT, TOP, BOTTOM = 110, 195, 55, 88
FOLD = 99
ROOM_TO_SIGN = 25
ASCENT, DESCENT = 0.91, 0.22
"""Of Arial, as a share of its size."""

LETTERS = tuple(name for name in TEMPLATES if shipped(name).recipient != "NOBODY")
HEIGHTS = (3, 4, 5, 6)
LINES = ("Madame Océane Exemple", "Résidence des Tilleuls", "appt 12", "3 bis rue de l’Exemple", "BP 1000")
CITY = "LA GACILLY"  # a no-break space, as after a postal code, would part it in two texts of the page


@dataclass(frozen=True)
class Line:
    """A piece of text and the place of its ink, in millimetres from the top left of the page."""

    text: str
    left: float
    top: float
    bottom: float


def lines(page: PageObject) -> list[Line]:
    found: list[Line] = []

    def see(text: str, _: Any, matrix: Sequence[float], __: Any, size: float) -> None:
        if text.strip():
            base = PAGE_HEIGHT - matrix[5] * MM
            ink = (base - ASCENT * size * MM, base + DESCENT * size * MM)
            found.append(Line(text.strip().replace("\u00a0", " "), matrix[4] * MM, *ink))

    page.extract_text(visitor_text=see)
    return found


def letter(template: str, height: int, name: str) -> Piece:
    """A letter whose address has so many lines."""
    seen = dict(context(template, name) or {})
    seen["recipient"] = {"lines": [*LINES[: height - 1], CITY], "salutation": "Madame"}
    return Piece(plan(template), seen)


def pages(worker: RunningServer, cases: Sequence[tuple[str, int, str]]) -> list[list[list[Line]]]:
    """The pages of each letter: all are converted at once, each starts where an address stands."""
    content = convert(worker, assemble([letter(*case) for case in cases]))
    found: list[list[list[Line]]] = []
    for page in PdfReader(BytesIO(content)).pages:
        seen = lines(page)
        if any(line.text == CITY for line in seen):
            found.append([])
        found[-1].append(seen)
    assert len(found) == len(cases)
    return found


def check(case: tuple[str, int, str], found: list[list[Line]]) -> None:
    """What holds of one letter on paper."""
    _, height, _ = case
    first = found[0]
    (city,) = (line for line in first if line.text == CITY)
    column = [line for line in first if line.left > city.left - 1]
    address = [line for line in column if TOP < line.bottom <= city.bottom]
    tops = {round(line.top) for line in address}
    assert len(tops) == height, case  # no line of the address is cut in two
    assert all(line.left >= LEFT for line in address), case
    assert all(line.top >= TOP and line.bottom <= BOTTOM for line in address), case
    date = next(line for line in first if line.text.startswith("Ploërmel, le"))
    assert not date.top <= FOLD <= date.bottom, case
    assert all(line.left < LEFT for line in first if line.bottom <= BOTTOM and line not in address), case
    signed = next(page for page in reversed(found) if page)
    name = max(signed, key=lambda line: line.top if line.top < PAGE_HEIGHT - 20 else 0)
    above = max(line.bottom for line in signed if line.bottom < name.top)
    assert name.top - above >= ROOM_TO_SIGN, (case, name, above)


@office
def test_a_letter_fits_its_envelope_and_is_signed_by_hand(worker: RunningServer) -> None:
    """Each letter of the catalogue, with addresses of each height in turn."""
    cases = [
        (template, height, "refus-budget" if template.startswith("14-") else "complet")
        for template, height in zip(LETTERS, cycle(HEIGHTS), strict=False)
    ]
    for case, found in zip(cases, pages(worker, cases), strict=True):
        check(case, found)


@office
@pytest.mark.more("toutes les lettres, à toutes les hauteurs d’adresse, avec les exemples extrêmes")
@pytest.mark.parametrize("height", HEIGHTS)
def test_every_letter_fits_with_every_address(worker: RunningServer, height: int) -> None:
    cases = [(template, height, name) for template in LETTERS for name in ("complet", "minimal", "extreme")]
    cases = [case for case in cases if context(case[0], case[2]) is not None]
    for case, found in zip(cases, pages(worker, cases), strict=True):
        check(case, found)


@pytest.fixture(scope="module")
def worker(launch: Launch) -> RunningServer:
    return launch("services.documents.pdf", "--offices", "1")
