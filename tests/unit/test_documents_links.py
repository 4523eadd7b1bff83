"""Tags in the targets of links: filled, encoded, and never leading where the template does not."""

from __future__ import annotations

from typing import Any

import pytest

from services.documents.render import opc
from services.documents.render.compiler import compile_template
from services.documents.render.errors import Reason, RenderError
from services.documents.render.reference import disagreements, render_reference
from tests.documents_support import parts
from tests.documents_templates import MAIN, errors, paragraph, parts_of, run, verdict

RELATIONS = "word/_rels/document.xml.rels"
ONE = ["case", "images"]  # of which there is one example, so that few documents are tried


def linked(target: str, *, before: str = "", after: str = "") -> bytes:
    """A template with a link."""
    link = f'<w:p>{run("Voir ")}<w:hyperlink r:id="rIdLink">{run("la page")}</w:hyperlink></w:p>'
    found = parts_of(before, link, after)
    relation = (
        f'<Relationship Id="rIdLink" Target="{target}" TargetMode="External"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"/>'
    )
    found[RELATIONS] = opc.before_end(found[RELATIONS], relation)
    return opc.write(found)


def targets(content: bytes, **data: Any) -> list[str]:
    """Where the links of a document lead, by both engines."""
    found = parts(compile_template(content).render(data))
    assert list(disagreements(found, render_reference(content, data))) == []
    assert b"rIdLink" not in found[RELATIONS]
    return [code.split("&quot;")[0].split('"')[0] for code in found[MAIN].decode().split('HYPERLINK "')[1:]]


@pytest.mark.parametrize(
    ("target", "value", "expected"),
    [
        ("https://e.fr/{{ x }}", "MC-2026/é \"<&'", "https://e.fr/MC-2026%2F%C3%A9%20%22%3C%26%27"),
        ("https://e.fr/?a=%7B%7B%20x%20%7D%7D&amp;b=1", "1&b", "https://e.fr/?a=1%26b&amp;b=1"),
        ("mailto:{{ x }}?subject=D", "a@exemple.fr?cc=b", "mailto:a@exemple.fr%3Fcc%3Db?subject=D"),
        ("tel:{{ x }}", "+33 2 61 91 00.10;9", "tel:+332619100109"),
        ("{{ x }}", "mediateur.exemple.fr/saisir?a=1", "https://mediateur.exemple.fr/saisir?a=1"),
        ("{{ x }}", "https://exemple.fr", "https://exemple.fr"),
        ("{{ x }}", "mailto:a@exemple.fr", "mailto:a@exemple.fr"),
    ],
)  # fmt: skip
def test_a_target_is_filled_and_its_data_encoded(target: str, value: str, expected: str) -> None:
    assert targets(linked(target), x=value) == [expected]


@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", "http://exemple.fr", "file:///etc", "exemple", "//a", 'a.fr/"x', "a.fr\\b"]
)  # fmt: skip
def test_a_datum_that_is_no_address_is_refused_with_its_field(value: str) -> None:
    with pytest.raises(RenderError) as refused:
        compile_template(linked("{{ bank.website }}")).render({"bank": {"website": value}})
    assert (refused.value.reason, refused.value.field) == (Reason.NOT_AN_ADDRESS, "bank.website")


def test_a_link_of_a_loop_leads_where_its_turn_says() -> None:
    around = (paragraph("{%p for x in items %}"), paragraph("{%p endfor %}"))
    content = linked("https://exemple.fr/{{ x }}", before=around[0], after=around[1])
    assert targets(content, items=["a", "b"]) == ["https://exemple.fr/a", "https://exemple.fr/b"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://exemple.fr/{{ case.reference }}", "TAG_UNFILLED"),
        ("javascript:{{ case.reference }}", "TAG_UNFILLED"),
        ("https://{{ case.reference }}.exemple.fr/", "TAG_UNFILLED"),
        ("https://exemple.fr{{ case.reference }}", "TAG_UNFILLED"),
        ("https://exemple.fr/{% if case %}a{% endif %}", "TAG_UNFILLED"),
        ("file:///{{ case.reference }}", "TAG_UNFILLED"),
        ("https://exemple.fr/{{ nom }}", "FIELD_UNKNOWN"),
        ("https://exemple.fr/{{ case.received_on | long_date }}", "OPTIONAL_UNGUARDED"),
        ("tel:{{ case.request_date }}", "FILTER_MISSING"),
        ("ftp://exemple.fr", "EXTERNAL_CONTENT"),
    ],
)
def test_the_gate_refuses_a_target_that_could_lead_elsewhere(target: str, code: str) -> None:
    assert code in errors(verdict(linked(target), requires=ONE))


@pytest.mark.parametrize("target", ["https://exemple.fr/%7b%7b%20case.reference%20%7d%7d", "tel:0123456789"])
def test_the_gate_takes_a_target_that_says_where_it_leads(target: str) -> None:
    assert errors(verdict(linked(target, before=paragraph("{{ case.reference }}")), requires=ONE)) == []
