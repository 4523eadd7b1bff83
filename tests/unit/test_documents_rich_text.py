"""Rich text from the data: bold, lists and paragraphs, in the styles of the template, by both engines."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.documents.render import opc
from services.documents.render.compiler import compile_template
from services.documents.render.errors import Reason, RenderError
from services.documents.render.reference import disagreements, render_reference
from tests.documents_support import parts, plain, text
from tests.documents_templates import MAIN, docx, errors, paragraph, run, verdict

TAG = "{{ budget.comment | markdown }}"
GUARDED = f"{{% if budget is defined and budget.comment is defined %}}{TAG}{{% endif %}}"
WRITTEN = """Vu le **{{ 7 }} mars** :
suite & fin.

- un
- **deux**

1. alpha
2) bêta \\*\\*

Fin **ouverte

7. encore
"""
_BLOCK = re.compile(
    r'<w:p>(?:<w:pPr><w:pStyle w:val="(\w+)"/>(?:<w:numPr>.*?w:numId w:val="(\d+)"/></w:numPr>)?</w:pPr>)?'
    r"(.*?)</w:p>"
)


def made(content: bytes, **data: Any) -> bytes:
    """The document, which docxtpl makes too."""
    found = compile_template(content).render(data)
    assert list(disagreements(parts(found), render_reference(content, data))) == []
    return found


def test_a_rich_text_is_paragraphs_lists_and_bold_in_the_styles_of_the_template() -> None:
    content = made(docx(paragraph("Avant"), paragraph(TAG), paragraph("Après")), budget={"comment": WRITTEN})
    assert plain(content).splitlines()[:10] == [
        "Avant", "Vu le {{ 7 }} mars :", "suite & fin.", "un", "deux", "alpha", "bêta **", "Fin **ouverte",
        "encore", "Après",
    ]  # fmt: skip
    blocks = _BLOCK.findall(parts(content)[MAIN].decode())[1:8]
    styles = [style for style, _, _ in blocks]
    assert styles == ["", "ListBullet", "ListBullet", "ListNumber", "ListNumber", "", "ListNumber"]
    first, second, third = (number for style, number, _ in blocks if style == "ListNumber")
    assert first == second != third, "each list of numbers begins at 1"
    strong = '<w:r><w:rPr><w:rStyle w:val="Strong"/></w:rPr><w:t xml:space="preserve">'
    assert f"{strong}&#123;&#123; 7 &#125;&#125; mars</w:t></w:r>" in blocks[0][2]
    assert f"{strong}deux</w:t></w:r>" in blocks[2][2]


def test_a_rich_text_keeps_the_look_of_its_paragraph_and_of_its_run() -> None:
    look = '<w:rStyle w:val="X"/><w:i/>'
    held = f'<w:p><w:pPr><w:jc w:val="right"/></w:pPr>{run(TAG, look)}</w:p>'
    body = parts(made(docx(held), budget={"comment": "a **b**\n\nc"}))[MAIN].decode()
    assert body.count('<w:p><w:pPr><w:jc w:val="right"/></w:pPr>') == 2
    assert '<w:rPr><w:rStyle w:val="X"/><w:b/><w:bCs/><w:i/></w:rPr><w:t xml:space="preserve">b<' in body


@pytest.mark.parametrize("hostile", ["</w:t> & <w:p>", "**", "- ", "**a\n\nb**", "1." * 500, "\\", "* * *"])
def test_no_text_breaks_what_is_laid_out(hostile: str) -> None:
    assert text(made(docx(paragraph(TAG)), budget={"comment": hostile}))


def test_a_sign_of_the_engine_in_the_data_is_refused_with_its_field() -> None:
    with pytest.raises(RenderError) as refused:
        compile_template(docx(paragraph(TAG))).render({"budget": {"comment": "a\ue001b"}})
    assert (refused.value.reason, refused.value.field) == (Reason.ILLEGAL_CHARACTER, "budget.comment")


def test_a_rich_text_alone_in_its_paragraph_passes_the_gate() -> None:
    assert errors(verdict(docx(paragraph(GUARDED)))) == []


BREAK = "<w:p><w:pPr><w:pageBreakBefore/></w:pPr>{}</w:p>"


@pytest.mark.parametrize(
    "content",
    [
        docx(paragraph(f"Avis : {GUARDED}")),
        docx(paragraph(f"{GUARDED}{{{{ case.reference }}}}")),
        docx(paragraph(GUARDED.partition("{{")[0], TAG, "{% else %}rien{% endif %}")),
        docx(BREAK.format(run(GUARDED))),
        docx(paragraph("Corps"), footer=GUARDED),
    ],
)  # fmt: skip
def test_a_rich_text_that_is_not_alone_is_refused(content: bytes) -> None:
    assert set(errors(verdict(content))) == {"RICH_PLACE"}


@pytest.mark.parametrize("style", ["List Bullet", "List Number"])
def test_a_rich_text_asks_for_the_styles_of_its_lists(style: str) -> None:
    found = parts(docx(paragraph(GUARDED)))
    name = f'<w:name w:val="{style}"/>'.encode()
    assert name.lower() in found[opc.STYLES].lower()
    found[opc.STYLES] = re.sub(re.escape(name), b'<w:name w:val="Autre"/>', found[opc.STYLES], flags=re.I)
    (lacking,) = [one for one in verdict(opc.write(found)).findings if one.code == "RICH_STYLE"]
    wanted = {"List Bullet": "Liste à puces", "List Number": "Liste à numéros"}[style]
    assert wanted in lacking.sentence
    assert len([one for one in ("puces", "numéros") if one in lacking.sentence]) == 1


def test_a_rich_text_is_no_text_for_what_prints_texts() -> None:
    assert "FILTER_KIND" in errors(verdict(docx(paragraph(GUARDED.replace("markdown", "markdown | upper")))))
