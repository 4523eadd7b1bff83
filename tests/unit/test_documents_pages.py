"""What keeps a page whole, in the files themselves: short tables, announcements, references and addresses."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from services.kit.french import unbroken
from tests.documents_catalogue import TEMPLATES, document
from tests.documents_support import W, paragraph_text, parts

WHOLE = 14
"""The rows of a table that stays on one page where it fits."""
SHOWN = str.maketrans({"\u00a0": "~", "\u202f": "~", "\u2011": "_", "\u2212": "m"})


def kept(paragraph: ElementTree.Element) -> bool:
    return paragraph.find(f"{W}pPr/{W}keepNext") is not None


def body(template: str, name: str) -> ElementTree.Element:
    """The body of a document; empty when the example does not make it."""
    content = document(template, name)
    if content is None:
        return ElementTree.Element(f"{W}body")
    found = ElementTree.fromstring(parts(content)["word/document.xml"]).find(f"{W}body")
    assert found is not None
    return found


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ["complet", "extreme"])
def test_a_table_is_whole_or_leaves_three_rows(template: str, name: str) -> None:
    for table in body(template, name).iter(f"{W}tbl"):
        _, *rows = table.findall(f"{W}tr")
        linked = [all(map(kept, row.iter(f"{W}p"))) for row in rows]
        ends = range(len(rows)) if len(rows) <= WHOLE else (0, 1, len(rows) - 3, len(rows) - 2)
        assert all(linked[rank] for rank in ends if rank < len(rows) - 1)
        assert not linked[-1]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ["complet", "extreme"])
def test_what_announces_stays_with_what_it_announces(template: str, name: str) -> None:
    for block, following in pairwise(body(template, name)):
        if block.tag != f"{W}p" or following.tag not in (f"{W}p", f"{W}tbl"):
            continue
        style = block.find(f"{W}pPr/{W}pStyle")
        if paragraph_text(block).endswith(":") and style is not None:
            assert kept(block) or style.get(f"{W}val") in ("SignatureLine", "Heading2", "Heading3"), (
                paragraph_text(block)
            )


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("dossier MC-2026-0104", "dossier MC_2026_0104"),
        ("L. 114-5 et articles 12", "L.~114_5 et articles~12"),
        ("3 bis rue de l'Exemple, 75334 Paris Cedex 07", "3~bis~rue de l’Exemple, 75334~Paris~Cedex~07"),
        ("à 14 h 30 ; 1 500 € ou -45,10 €", "à 14~h~30~; 1~500~€ ou m45,10~€"),
        ("elle sert : « au travail »", "elle sert~: «~au travail~»"),
        ("le 1er mars 2027 à M. Exemple", "le 1er~mars~2027 à M.~Exemple"),
        ("Le Goff-Martin, b-2@x-1.org, https://x.fr/A-1", "Le Goff-Martin, b-2@x-1.org, https://x.fr/A-1"),
    ],
)
def test_no_line_ends_inside_what_is_read_at_once(typed: str, printed: str) -> None:
    made = unbroken(typed)
    assert unbroken(made) == made
    assert made.translate(SHOWN) == printed
