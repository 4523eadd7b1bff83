"""The compiled engine says what plain docxtpl says, and refuses what docxtpl lets through."""

from __future__ import annotations

import copy
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.documents.contract.values import Code, Money
from services.documents.render import ENVIRONMENT, keep_in, opc
from services.documents.render.compiler import compile_template
from services.documents.render.errors import Reason, RenderError, TemplateError
from services.documents.render.plan import Plan
from services.documents.render.reference import disagreements, render_reference
from services.documents.template.normalise import normalise
from services.kit.cache import Cache
from services.kit.errors import StartupError
from services.kit.french import unbroken
from tests.documents_support import DOCUMENTS, paragraph_text, text
from tests.documents_templates import (
    MAIN,
    docx,
    errors,
    paragraph,
    parts_of,
    run,
    shipped,
    table,
    verdict,
)
from tests.support import examples

CATALOGUE = sorted(path.name for path in (DOCUMENTS / "templates").iterdir())
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
CONTEXT: dict[str, Any] = {
    "name": "Océane",
    "text": "ligne 1\nligne 2",
    "yes": True,
    "no": False,
    "count": 3,
    "amount": Money(123456),
    "rate": Decimal("1.5"),
    "day": date(2026, 12, 1),
    "code": Code("YES", "oui"),
    "rows": [{"label": "a & b", "cells": ["1", "2"]}, {"label": "é", "cells": ["3", "4"]}],
    "none": [],
    "person": {"items": "pièces", "title": "Mme", "count": "deux"},
}
HOSTILE = (
    "& < > \" ' &amp; </w:t> ]]>",
    "{{ 7*7 }} {% if x %} {# c #} {%p x %} {_{ }_} {_% %_} }} %}",
    "👩‍👩‍👧 é e\u0301 𝔸 ﬁ",
    "שלום مرحبا",
    "x" * 10_000,
    "  deux  espaces  ",
    "ligne 1\nligne 2\n",
)
ILLEGAL = ("a\x0bb", "a\ufffeb", "a\x00b", "a\ud800b", "a\x07b", "a\x0cb", "a\u202eb")
DRAWING = (
    '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="1" cy="1"/><wp:docPr id="1" name="n" descr="{{ name }}"/>'
    "</wp:inline></w:drawing></w:r></w:p>"
)


@pytest.mark.parametrize("identifier", CATALOGUE)
def test_every_shipped_template_passes_the_gate_and_agrees_with_docxtpl(identifier: str) -> None:
    template = shipped(identifier)
    found = verdict(template.docx, **template.manifest)
    assert [str(one) for one in found.findings] == []
    assert found.docx == template.docx


def agree(*blocks: str, context: dict[str, Any] = CONTEXT, **options: str) -> bytes:
    """Renders by both engines, which must agree; gives the document."""
    content = opc.write(normalise(parts_of(*blocks, **options)))
    ours = compile_template(content).render(context)
    assert list(disagreements(opc.read(ours), render_reference(content, context))) == []
    return ours


VALUES = (
    *("{{ name }}", "{{ text }}", "{{ count }}", "{{ amount | euros }}", "{{ day | long_date }}"),
    *("{{ code | label }}", "{{ rate | percent }}", "{{ person.items }}", "{{ rows | length }}"),
    *("{{ 'l’été' }}", "{{ name if yes else text }}"),
)
CONDITIONS = (
    *("yes", "no", "name == 'Océane'", "rows", "none", "missing is defined", "not no"),
    *("yes and count == 3", "code == 'NO'"),
)
words = st.sampled_from(["mot", "é à ç", "a < b & c", "«\u00a0x\u00a0»", "", " "])
value = st.sampled_from(VALUES)
condition = st.sampled_from(CONDITIONS)


@st.composite
def sentence(draw: st.DrawFn) -> str:
    """Text with values, conditions and loops inside a paragraph."""
    inside = draw(st.lists(st.one_of(words, value), min_size=1, max_size=3))
    joined = " ".join(inside)
    shape = draw(st.integers(0, 3))
    if shape == 1:
        return f"{{% if {draw(condition)} %}}{joined}{{% else %}}{draw(words)}{{% endif %}}"
    if shape == 2:
        return f"{{% for row in rows %}}{{{{ loop.index }}}} {{{{ row.label }}}} {joined}{{% endfor %}}"
    return joined


@st.composite
def split(draw: st.DrawFn) -> str:
    """A paragraph cut in runs anywhere, as Word does, even inside the tags."""
    whole = draw(sentence())
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    return paragraph(*pieces)


def blocks(depth: int = 2) -> st.SearchStrategy[str]:
    """Paragraphs, tables with rows and columns looped over, conditions and loops around them, nested."""
    rows = st.tuples(sentence(), condition).map(
        lambda drawn: table(
            ("Titre", "Valeur"),
            ("{%tr for row in rows %}", ""),
            ("{{ row.label }}", drawn[0]),
            ("{%tr endfor %}", ""),
            (f"{{%tr if {drawn[1]} %}}", ""),
            ("total", "{{ amount | euros }}"),
            ("{%tr endif %}", ""),
        )
    )
    columns = st.just(
        table(("{%tc for row in rows %}", "{{ row.label }}", "{%tc endfor %}"), ("a", "b", "c"))
    )
    leaves = st.one_of(split(), split(), rows, columns, st.just(DRAWING))
    if not depth:
        return leaves
    several = st.lists(blocks(depth - 1), min_size=1, max_size=2).map("".join)
    branches = ("{{%p if {} %}}", "{%p else %}", "{%p endif %}")
    conditional = st.tuples(condition, several, several).map(
        lambda drawn: "".join(
            (
                paragraph(branches[0].format(drawn[0])),
                drawn[1],
                paragraph(branches[1]),
                drawn[2],
                paragraph(branches[2]),
            )
        )
    )
    looped = several.map(
        lambda inside: paragraph("{%p for row in rows %}") + inside + paragraph("{%p endfor %}")
    )
    return st.one_of(leaves, conditional, looped)


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(blocks(), min_size=1, max_size=3), sentence())
def test_generated_constructs_agree_with_docxtpl(body: list[str], footer: str) -> None:
    agree(*body, footer=footer)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_text_comes_out_as_it_is_everywhere(hostile: str) -> None:
    """As it is, but for what the typography of French changes in any text."""
    context = {"name": hostile}
    hostile = unbroken(hostile)
    made = compile_template(
        docx(paragraph("[{{ name }}]"), DRAWING, footer="({{ name }})", title="<{{ name }}>")
    ).render(context)
    parts = opc.read(made)
    assert f"[{hostile}]" in text(made)
    footer = ElementTree.fromstring(parts["word/footer1.xml"])
    assert "\n".join(map(paragraph_text, footer.iter(f"{W}p"))) == f"({hostile})"
    drawing = next(ElementTree.fromstring(parts[MAIN]).iter(f"{WP}docPr"))
    flat = hostile.replace("\n", " ")
    assert drawing.get("descr") == flat
    assert f"<{flat}>" in "".join(ElementTree.fromstring(parts["docProps/core.xml"]).itertext())


@pytest.mark.parametrize("illegal", ILLEGAL)
@pytest.mark.parametrize("path", ["person.title", "rows[1].label", "rows[0].cells[1]"])
def test_an_illegal_character_is_refused_with_the_path_of_its_field(illegal: str, path: str) -> None:
    context = copy.deepcopy(CONTEXT)
    holder = {"person.title": context["person"], "rows[1].label": context["rows"][1]}.get(path)
    if holder is None:
        context["rows"][0]["cells"][1] = illegal
    else:
        holder[path.rpartition(".")[2]] = illegal
    loop = "{% for row in rows %}{{ row.label }}{{ row.cells | join('-') }}{% endfor %}"
    body = paragraph("{{ person.title }}", loop)
    with pytest.raises(RenderError) as refused:
        compile_template(docx(body)).render(context)
    assert (refused.value.reason, refused.value.field) == (Reason.ILLEGAL_CHARACTER, path)
    assert refused.value.part == MAIN


@pytest.mark.parametrize(
    ("tag", "reason", "field"),
    [
        ("{{ missing }}", Reason.ABSENT, "missing"),
        ("{{ person.missing }}", Reason.ABSENT, "person.missing"),
        ("{% for row in rows %}{{ row.missing }}{% endfor %}", Reason.ABSENT, "rows[0].missing"),
        ("{% for row in rows[1:] %}{{ row.missing.deeper }}{% endfor %}", Reason.ABSENT, "rows[1].missing"),
        ("{{ person.missing | euros }}", Reason.ABSENT, "person.missing"),
        ("{% if person.missing %}x{% endif %}", Reason.ABSENT, "person.missing"),
        ("{{ person | full_name }}", Reason.ABSENT, "person.first_name"),
        ("{{ empty.value }}", Reason.NULL, "empty.value"),
        ("{{ empty.value | euros }}", Reason.NULL, "empty.value"),
        ("{{ amount }}", Reason.UNFORMATTED, "amount"),
        ("{{ rate }}", Reason.UNFORMATTED, "rate"),
        ("{{ day }}", Reason.UNFORMATTED, "day"),
        ("{{ code }}", Reason.UNFORMATTED, "code"),
        ("{{ yes }}", Reason.UNFORMATTED, "yes"),
        ("{{ float }}", Reason.UNFORMATTED, "float"),
        ("{{ rows }}", Reason.UNFORMATTED, "rows"),
        ("{{ amount | long_date }}", Reason.UNFORMATTED, "amount"),
    ],
)  # fmt: skip
def test_nothing_absent_null_or_unformatted_is_printed(tag: str, reason: Reason, field: str) -> None:
    context = {**CONTEXT, "empty": {"value": None}, "float": 0.1}
    with pytest.raises(RenderError) as refused:
        compile_template(docx(paragraph("{{ name }} ", tag))).render(context)
    assert (refused.value.reason, refused.value.field) == (reason, field)


def test_a_field_is_data_before_being_a_method() -> None:
    assert "pièces Mme deux" in text(
        agree(paragraph("{{ person.items }} {{ person.title }} {{ person.count }}"))
    )


def test_a_document_that_word_could_not_open_is_refused() -> None:
    with pytest.raises(TemplateError):
        compile_template(docx(paragraph("{% if yes %}un"), paragraph("deux")))
    link = f'<w:hyperlink w:anchor="a">{run("deux{% endif %}")}</w:hyperlink>'
    with pytest.raises(RenderError) as refused:
        compile_template(docx(f"<w:p>{run('{% if no %}un')}{link}</w:p>")).render(CONTEXT)
    assert refused.value.reason is Reason.NOT_WELL_FORMED


def test_a_tag_left_over_is_refused() -> None:
    with pytest.raises(RenderError) as refused:
        compile_template(docx(paragraph("{{ name }} {% raw %}{{ oubli }}{% endraw %}"))).render(CONTEXT)
    assert refused.value.reason is Reason.TAG_LEFT
    with pytest.raises(TemplateError):
        compile_template(opc.write({**parts_of(paragraph("x")), "word/settings.xml": b"<a>{{ x }}</a>"}))


def test_the_same_data_gives_the_same_bytes_whatever_the_order_of_its_keys() -> None:
    content = docx(paragraph("{{ name }} {{ count }}"), DRAWING)
    shuffled = list(CONTEXT.items())
    random.Random(1).shuffle(shuffled)
    assert compile_template(content).render(CONTEXT) == compile_template(content).render(dict(shuffled))


def test_threads_share_a_plan_and_never_their_data() -> None:
    plan = compile_template(docx(*[paragraph("{{ name }}")] * 20, footer="{{ name }}"))
    barrier = threading.Barrier(8)

    def render(thread: int) -> int:
        barrier.wait()
        wrong = 0
        for number in range(250):
            marker = f"personne {thread}.{number}"
            parts = opc.read(plan.render({"name": marker}))
            printed = (
                parts[MAIN].decode().count(f">{marker}<"),
                parts["word/footer1.xml"].decode().count(f">{marker}<"),
            )
            wrong += printed != (20, 1)
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(render, range(8))) == 0


def test_plans_are_kept_by_their_size() -> None:
    plan = compile_template(docx(paragraph("{{ name }}")))
    cache = Cache[Plan](entries=10, weight=2 * plan.size + 1, weigh=lambda plan: plan.size)
    made: list[str] = []

    def make(key: str) -> Any:
        def compiled() -> Any:
            made.append(key)
            return compile_template(docx(paragraph("{{ name }}")))

        return cache.get(key, compiled)

    for key in ("a", "b", "a", "c", "a", "b"):
        make(key)
    assert made == ["a", "b", "c", "b"]
    assert cache.weight <= 2 * plan.size + 1


@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_code_that_others_may_write_is_not_run(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "compiled"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(StartupError, match="donnez ce dossier à son seul compte"):
        keep_in(folder)
    assert ENVIRONMENT.bytecode_cache is None


def test_what_staff_type_in_word_is_read() -> None:
    typed = (
        "{{\u00a0name\u00a0}}",
        "{% if name == «\u00a0Océane\u00a0» %}A{% endif %}",
        "{% if name == “Océane” %}B{% endif %}",
        "{% if name == ‘Océane’ %}C{% endif %}",
        "{{ 'l’été' }} {{ \"d'hiver\" }}",
    )
    printed = text(agree(*map(paragraph, typed)))
    assert printed.split("\n")[:5] == ["Océane", "A", "B", "C", "l’été d’hiver"]
    assert "A" in text(agree(paragraph("{%p\u00a0if yes %}"), paragraph("A"), paragraph("{%p endif %}")))


def test_a_normal_file_stays_byte_for_byte() -> None:
    content = docx(paragraph("{{ applicant.last_name }}"))
    found = verdict(content)
    assert (errors(found), found.docx) == ([], content)
