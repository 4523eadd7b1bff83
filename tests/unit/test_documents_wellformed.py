"""What is proved of the source of a part is true of its documents, which are not parsed then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from services.documents.render.compiler import compile_template
from services.documents.render.environment import FLAT
from services.documents.render.plan import encoded
from services.documents.render.wellformed import is_always_well_formed
from tests.documents_templates import docx, paragraph

P, R = "<w:p>{}</w:p>", '<w:p><w:r><w:t xml:space="preserve">{}</w:t></w:r></w:p>'


def body(*blocks: str) -> str:
    """The source of a part with these blocks."""
    return f'<?xml version="1.0"?>\n<w:body xmlns:w="w">{"".join(blocks)}</w:body>'


@pytest.mark.parametrize(
    "blocks",
    [
        [R.format("{{ name }}")],
        [R.format("{% if a %}x{% elif b %}y{% else %}z{% endif %}")],
        [
            "{%- for x in xs %}",
            R.format("{{ x }}"),
            "{% if x %}",
            R.format("1"),
            "{% endif %}",
            "{% endfor %}",
        ],
        [P.format(f'<w:link w:to="{{{{\n( name ) | {FLAT}}}}}"/>')],
        [R.format("{# rien #}<?restart?>")],
    ],
)
def test_what_closes_all_that_it_opens_is_proved(blocks: list[str]) -> None:
    assert is_always_well_formed(body(*blocks))


@pytest.mark.parametrize(
    "blocks",
    [
        ["{% if a %}<w:p>{% endif %}</w:p>"],
        ["<w:p>{% if a %}</w:p><w:p>{% endif %}</w:p>"],
        ["{% if a %}<w:p>{% else %}</w:p>{% endif %}"],
        ["<w:p>{% for x in xs %}</w:p><w:p>{% endfor %}</w:p>"],
        ["<w:p {% if a %}w:x='1'{% endif %}/>"],
        ["<w:{{ name }}/>"],
        ["<w:p {{ name }}='1'/>"],
        [P.format("{{ name }}")],  # a line break would close a text that is not open
        [P.format('<w:link w:to="{{ name }}"/>')],
        [P.format(f'<w:link w:to="{{{{ name | {FLAT} | upper }}}}"/>')],
        ["<w:p>"],
        [R.format("{% set a = 1 %}")],
        [R.format(f'{{{{ name ~ "| {FLAT}}}}}" }}}}')],
    ],
)
def test_what_some_data_may_break_is_not_proved(blocks: list[str]) -> None:
    assert not is_always_well_formed(body(*blocks))


def test_a_root_that_may_be_missing_is_not_proved() -> None:
    assert not is_always_well_formed("{% if a %}<w:body xmlns:w='w'/>{% endif %}")


DATA: Mapping[str, Any] = {"a": True, "name": "Zoé \"{{\" <&>\n'2'", "xs": [1, 2]}


def test_a_proved_document_is_well_formed_with_whatever_text(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = compile_template(
        docx(paragraph("{% for x in xs %}{{ name }} {{ x }}{% endfor %}"), paragraph("{{ name }}"))
    )
    monkeypatch.setattr("services.documents.render.plan.encoded", pytest.fail)  # nothing is parsed
    plan.render(dict(DATA))
    assert encoded("word/document.xml", plan.main(dict(DATA))).count(b"Zo") == 3
