"""The superscript of a first of the month."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.render.ordinals import superscript_ordinals

BOLD = "<w:b/>"


def run(text: str, properties: str = "") -> str:
    style = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{style}<w:t xml:space="preserve">{text}</w:t></w:r>'


def raised(properties: str = "") -> str:
    return run("er", f'{properties}<w:vertAlign w:val="superscript"/>')


@pytest.mark.parametrize("properties", ["", BOLD])
def test_the_er_of_a_first_of_the_month_is_raised(properties: str) -> None:
    source = run("du 1er\u00a0mai au 1er\u00a0juin", properties)
    expected = [
        run("du 1", properties),
        raised(properties),
        run("\u00a0mai au 1", properties),
        raised(properties),
        run("\u00a0juin", properties),
    ]
    assert superscript_ordinals(source) == "".join(expected)


@pytest.mark.parametrize(
    "source",
    [
        run("le 2\u00a0mai"),
        run("1er étage"),
        run("1er\u00a0mai", '<w:lang w:val="br-FR"/>'),
        "<w:r><w:t>1er\u00a0mai</w:t></w:r>",
    ],
)
def test_anything_else_is_left_as_it_is(source: str) -> None:
    assert superscript_ordinals(source) == source


@given(st.lists(st.text(alphabet="1er\u00a0 ab&;", max_size=20), max_size=4))
def test_no_text_is_lost(texts: list[str]) -> None:
    source = "".join(run(text) for text in texts)
    words = re.compile("<[^>]*>")
    assert words.sub("", superscript_ordinals(source)) == words.sub("", source)
