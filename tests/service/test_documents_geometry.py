"""Letters on paper: the address in the window of the envelope, the fold, the room to sign, in millimetres.

Frame of a window envelope of 110 x 220 mm, and first fold of a letter in three: 110 to 195 mm from the left,
55 to 88 mm from the top, 99 mm. These are the figures of French mailing houses; the norm itself was not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import cycle

import pikepdf
import pytest
from pypdf import PageObject, PdfReader

from services.documents.render.assembly import Piece, assemble
from tests.documents_catalogue import CASES, TEMPLATES, context, plan
from tests.documents_templates import shipped
from tests.pdf_support import FOOTER, PAGE_HEIGHT, Line, elements, faults, lines, share_written
from tests.service.test_documents_pdf import convert, office
from tests.support import Launch, RunningServer

LEFT, RIGHT, TOP, BOTTOM = 110, 195, 55, 88
FOLD = 99
ROOM_TO_SIGN = 25
SIGNATURE = 104
"""Where a signature starts, from the left of the page."""
LEAST_OF_A_LAST_PAGE = 0.3
A_LETTER = 1.6
"""Less than the mean width of a letter of the body, in millimetres."""

LETTERS = tuple(name for name in TEMPLATES if shipped(name).recipient != "NOBODY")
HEIGHTS = (3, 4, 5, 6)
LINES = ("Madame Océane Exemple", "Résidence des Tilleuls", "appt 12", "3 bis rue de l’Exemple", "BP 1000")
CITY = "LA GACILLY"  # a no-break space, as after a postal code, would part it in two texts of the page


def letter(template: str, height: int, name: str) -> Piece:
    """A letter whose address has so many lines."""
    seen = dict(context(template, name) or {})
    seen["recipient"] = {"lines": [*LINES[: height - 1], CITY], "salutation": "Madame"}
    return Piece(plan(template), seen)


def converted(worker: RunningServer, cases: Sequence[tuple[str, int, str]]) -> bytes:
    """These letters, in one PDF."""
    return convert(worker, assemble([letter(*case) for case in cases]))


def check_all(worker: RunningServer, cases: Sequence[tuple[str, int, str]]) -> None:
    """What holds of these letters, converted at once: each starts where an address stands."""
    content = converted(worker, cases)
    assert faults(content, len(cases)) == []
    assert order(content) == ["Date Line", "Recipient", "Subject"] * len(cases)
    found: list[list[list[Line]]] = []
    for page in PdfReader(BytesIO(content)).pages:
        seen = lines(page)
        if any(line.text == CITY for line in seen):
            found.append([])
        found[-1].append(seen)
    for case, seen_pages in zip(cases, found, strict=True):
        check(case, seen_pages)


def order(content: bytes) -> list[str]:
    """In which order the head of each letter is read: an address before the subject."""
    with pikepdf.open(BytesIO(content)) as pdf:
        named = [("Subject" if one.type == "H1" else one.own) for one in elements(pdf)]
    return [name for name in named if name in ("Date Line", "Recipient", "Subject")]


def check(case: tuple[str, int, str], found: list[list[Line]]) -> None:
    """What holds of one letter on paper."""
    _, height, name = case
    first = found[0]
    (city,) = (line for line in first if line.text == CITY)
    facing = [line for line in first if line.bottom > TOP and line.top < BOTTOM]
    window = [line for line in facing if line.left + len(line.text) * A_LETTER > LEFT]
    assert len({round(line.top) for line in window}) == height, case  # the address whole, and nothing else
    assert all(line.left >= LEFT and line.top >= TOP and line.bottom <= BOTTOM for line in window), case
    assert city in window, case
    date = next(line for line in first if line.text.startswith("Ploërmel, le"))
    assert not date.top <= FOLD <= date.bottom, case
    signed, begin = first, FOLD
    if name == "extreme" and not signatures(first, FOLD):
        signed, begin = next(page for page in found[1:] if signatures(page, 0)), 0
    capacity, *_, signatory = signatures(signed, begin)
    above = max(line.bottom for line in signed if line.bottom < signatory.top)
    assert signatory.top - above >= ROOM_TO_SIGN, (case, capacity, signatory, above)


def signatures(page: Sequence[Line], begin: float) -> list[Line]:
    """The lines of a signature, from a height of the page on: capacity and name."""
    body = [line for line in page if begin < line.top < PAGE_HEIGHT - FOOTER]
    return [line for line in body if abs(line.left - SIGNATURE) < 0.2]


@office
def test_a_letter_fits_its_envelope_and_is_signed_by_hand(worker: RunningServer) -> None:
    """Each letter of the catalogue, with addresses of each height in turn."""
    cases = [
        (template, height, "refus-budget" if template.startswith("14-") else "complet")
        for template, height in zip(LETTERS, cycle(HEIGHTS), strict=False)
    ]
    check_all(worker, cases)


@office
@pytest.mark.more("toutes les lettres, à toutes les hauteurs d’adresse, avec les exemples extrêmes")
@pytest.mark.parametrize("height", HEIGHTS)
def test_every_letter_fits_with_every_address(worker: RunningServer, height: int) -> None:
    cases = [(template, height, name) for template in LETTERS for name in ("complet", "minimal", "extreme")]
    cases = [case for case in cases if context(case[0], case[2]) is not None]
    check_all(worker, cases)


@office
@pytest.mark.more("chaque document du catalogue en PDF : accessibilité, dernière page")
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_document_is_heard_and_its_last_page_deserves_its_paper(
    worker: RunningServer, template: str
) -> None:
    for name in (name for one, name in CASES if one == template):
        seen = context(template, name)
        if seen is None:
            continue
        content = convert(worker, plan(template).render(seen))
        assert faults(content) == [], name
        pages = PdfReader(BytesIO(content)).pages
        assert min(map(room_of_people, pages)) >= ROOM_TO_SIGN, name
        _, *others = pages
        if others and name != "extreme":
            assert share_written(others[-1]) >= LEAST_OF_A_LAST_PAGE, name


def room_of_people(page: PageObject) -> float:
    """The least room, on a page, between what asks a person to sign and what is written below."""
    bottom = float(PAGE_HEIGHT - FOOTER)
    seen = [line for line in lines(page) if line.top < bottom]
    # A no-break space parts what asks from its colon.
    asked = [line for line in seen if line.text.endswith("et signature")]
    below = [min((other.top for other in seen if other.top > line.bottom), default=bottom) for line in asked]
    return min((top - line.bottom for line, top in zip(asked, below, strict=True)), default=bottom)


@pytest.fixture(scope="module")
def worker(launch: Launch) -> RunningServer:
    return launch("services.documents.pdf", "--offices", "1")
