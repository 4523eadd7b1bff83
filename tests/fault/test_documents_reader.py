"""What the gate reads is what runs, wherever a tag is; what runs is stopped when it costs too much."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import nodes
from lxml import etree

from services.documents.render import opc
from services.documents.render.budget import MAX_CHARACTERS
from services.documents.render.compiler import compile_template
from services.documents.render.environment import ENVIRONMENT
from services.documents.render.errors import Reason, RenderError
from services.documents.render.source import is_rendered, parser, read_source
from services.documents.template.gate import examine
from services.documents.template.reading import lines, occurrences
from tests.documents_services import SECONDS, connected
from tests.documents_support import ASK, DOCUMENTS, REFUSAL, example, plain, refusal, request
from tests.documents_templates import MAIN, docx, errors, paragraph, parts_of, run, template, verdict
from tests.support import Launch, examples

CASES = Path(__file__).parents[1] / "cases" / "templates"
TAGS = ("{{ applicant.last_name }}", "{{ loan.months }}", "{% if loan.months == 3 %}x{% endif %}")
_PATH = re.compile(r"applicant\.last_name|loan\.months")
_M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'

# Where a text may be in a part of Word; `{}` is the text.
PLACES: Mapping[str, str] = {
    "text": "<w:p><w:r><w:t>{}</w:t></w:r></w:p>",
    "two runs": "<w:p><w:r><w:t>a {}</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>{} b</w:t></w:r></w:p>",
    "data": "<w:p><w:r><w:t><![CDATA[{}]]></w:t></w:r></w:p>",
    "formula": f"<w:p><m:oMath {_M}><m:r><m:t>{{}}</m:t></m:r></m:oMath></w:p>",
    "deleted text": "<w:p><w:r><w:delText>{}</w:delText></w:r></w:p>",
    "text of a drawing": f"<w:p><w:r><w:drawing><a:t {_A}>{{}}</a:t></w:drawing></w:r></w:p>",
    "after an element": "<w:p><w:r><w:tab/>{}<w:t>a</w:t></w:r></w:p>",
    "in an element": "<w:p><w:r>{}<w:t>a</w:t></w:r></w:p>",
    "outside paragraphs": "<w:r><w:t>{}</w:t></w:r><w:p/>",
    "comment of XML": "<w:p><w:r><w:t>a<!-- {} -->b</w:t></w:r></w:p>",
    "instruction of XML": "<?x {} ?><w:p/>",
    "code of a field": "<w:p><w:r><w:instrText>{}</w:instrText></w:r></w:p>",
    "alias of a control": (
        '<w:sdt><w:sdtPr><w:alias w:val="{}"/></w:sdtPr><w:sdtContent><w:p/></w:sdtContent></w:sdt>'
    ),
    "style": '<w:p><w:pPr><w:pStyle w:val="{}"/></w:pPr></w:p>',
    "link": '<w:p><w:hyperlink w:anchor="{}"><w:r><w:t>a</w:t></w:r></w:hyperlink></w:p>',
    "bookmark": '<w:p><w:bookmarkStart w:id="9" w:name="{}"/><w:bookmarkEnd w:id="9"/></w:p>',
}
REFUSED = (
    *("formula", "deleted text", "text of a drawing", "after an element", "in an element"),
    *("outside paragraphs", "code of a field", "alias of a control", "style"),
)


def in_place(place: str, text: str) -> bytes:
    """A template with a text, XML already, somewhere."""
    return opc.write(parts_of(PLACES[place].replace("{}", text), paragraph("fin")))


@pytest.mark.parametrize("place", REFUSED)
@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_where_the_gate_reads_none_is_refused_with_its_place(place: str, tag: str) -> None:
    found = verdict(in_place(place, tag))
    told = [one for one in found.findings if one.code in ("TAG_ELSEWHERE", "FIELD_TAG")]
    assert told
    assert all(one.place.member == MAIN for one in told)


@pytest.mark.parametrize("name", ["docProps/app.xml", "word/settings.xml", "customXml/item1.xml"])
def test_a_tag_in_a_part_that_is_no_text_is_refused(name: str) -> None:
    content = opc.write({**parts_of(paragraph("x")), name: b"<a><b>{{ loan.months }}</b></a>"})
    assert set(errors(verdict(content))) & {"TAG_ELSEWHERE", "TAG_UNFILLED"}


fragment = st.one_of(
    st.sampled_from(TAGS),
    st.sampled_from(TAGS).map(lambda tag: tag.replace("{", "&#123;").replace("}", "&#x7d;")),
    st.sampled_from(["{", "{{", "{%", "}}", "}", "%}", "{#", "#}", "applicant.last_name", "mot", " ", ""]),
    st.sampled_from(TAGS).flatmap(lambda tag: st.integers(1, len(tag) - 1).map(lambda cut: tag[:cut])),
    st.sampled_from(TAGS).flatmap(lambda tag: st.integers(1, len(tag) - 1).map(lambda cut: tag[cut:])),
)


@st.composite
def block(draw: st.DrawFn) -> str:
    """A place with fragments of tags in its holes; what XML itself forbids there is left out."""
    place = draw(st.sampled_from(sorted(PLACES)))
    pieces = PLACES[place].split("{}")
    texts = ["".join(draw(st.lists(fragment, min_size=1, max_size=3))) for _ in pieces[1:]]
    if place in ("comment of XML", "instruction of XML"):
        texts = [text.replace("--", "").replace("?", "") for text in texts]
    return pieces[0] + "".join(text + piece for text, piece in zip(texts, pieces[1:], strict=True))


def read(content: bytes) -> Counter[str]:
    """The fields of the tags that the gate reads, with how many times."""
    parts = opc.read(content)
    return Counter(
        path
        for name in filter(is_rendered, parts)
        for one in occurrences(lines(name, etree.fromstring(parts[name], parser())))
        if one.tag.sign != "{#"
        for path in _PATH.findall(one.tag.source)
    )


def executed(content: bytes) -> Counter[str]:
    """The fields that the programs of the engine read, by the trees that jinja2 makes of them."""
    found: Counter[str] = Counter()
    for name, part in opc.read(content).items():
        source = read_source(name, part) if is_rendered(name) else None
        for node in ENVIRONMENT.parse(source.text).find_all(nodes.Getattr) if source else ():
            assert isinstance(node.node, nodes.Name)
            found[f"{node.node.name}.{node.attr}"] += 1
    return found


@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(block(), min_size=1, max_size=4))
def test_whatever_the_xml_the_tags_read_are_those_that_run(blocks: list[str]) -> None:
    found = examine(template(opc.write(parts_of(*blocks, paragraph("fin")))), None)
    if not errors(found):
        assert read(found.docx) == executed(found.docx)


@pytest.mark.parametrize(
    "pieces",
    [
        ("a {", "{ loan.months }", "}"),
        ("{", "{ loan.months }", "}"),
    ],
)
def test_a_tag_that_braces_apart_would_make_is_refused(pieces: tuple[str, ...]) -> None:
    """docxtpl joins braces over whatever lies between them: no line holds the tag that would run."""
    shown, hidden = (docx(*map(write, pieces)) for write in (paragraph, PLACES["formula"].format))
    for content in (shown, hidden):
        assert executed(content) == Counter({"loan.months": 1})
    assert {"BRACE_ALONE", "TAG_FOREIGN"} <= set(errors(verdict(shown)))
    assert errors(verdict(hidden)) == ["TAG_READ_OTHERWISE"]


def test_readable_places_are_read() -> None:
    for place in ("text", "data", "link", "bookmark"):
        found = examine(template(in_place(place, "{{ loan.months }}")), None)
        assert (errors(found), read(found.docx)) == ([], Counter({"loan.months": 1}))
    hidden = examine(template(in_place("text", "&#123;&#123; loan.months &#125;&#125;")), None)
    assert (errors(hidden), executed(hidden.docx)) == ([], Counter({"loan.months": 1}))


NESTED = "".join(
    (
        "{% if applicant.last_name == 'zz' %}",
        "{% for a in loan.schedule %}" * 6,
        "x",
        "{% endfor %}" * 6,
        "{% endif %}ok",
    )
)


def test_loops_in_one_another_over_one_list_are_refused_with_their_cost() -> None:
    found = verdict((CASES / "nested-schedule.docx").read_bytes())
    nested = [one for one in found.findings if one.code == "LOOP_NESTED"]
    assert len(nested) == 5
    assert "jusqu’à 14\u202f400 tours" in nested[0].sentence
    assert "LOOP_COST" in errors(found)
    math = verdict((CASES / "math-loop.docx").read_bytes())
    assert "TAG_ELSEWHERE" in errors(math)
    once = "{% for a in loan.schedule %}x{% endfor %}"
    assert "LOOP_NESTED" not in errors(verdict(docx(paragraph(once, once))))


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("{{ 5 % 0 }}", "DIVISION"),
        ("{{ 5 % loan.months }}", "DIVISION"),
        ("{% for one in pieces[::0] %}x{% endfor %}", "EXPRESSION_FORBIDDEN"),
        ("{{ pieces | join(', ') }}", "FILTER_KIND"),
        ("{{ applicant.last_name | clock }}", "FILTER_KIND"),
        ("{{ case.request_date | time_left('demain') }}", "FILTER_KIND"),
        ("{{ applicant.last_name | place_names(3) }}", "FILTER_KIND"),
    ],
)
def test_what_fails_whatever_the_data_is_found_in_a_branch_that_no_example_takes(tag: str, code: str) -> None:
    content = docx(paragraph("{% if applicant.last_name == 'zz' %}", tag, "{% endif %}"))
    assert code in errors(verdict(content))


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("{{ 5 % 0 }}", Reason.IMPOSSIBLE),
        ("{{ rows[::0] | length }}", Reason.IMPOSSIBLE),
        ("{% for a in rows %}{% for b in rows %}{% for c in rows %}{% endfor %}{% endfor %}{% endfor %}",
         Reason.TOO_COSTLY),
        ("{% for a in rows %}" + "x" * (MAX_CHARACTERS // 200) + "{% endfor %}", Reason.TOO_COSTLY),
        ("{{ long }}" * 1000, Reason.TOO_COSTLY),
    ],
)  # fmt: skip
def test_a_document_that_costs_too_much_is_stopped_and_no_data_is_blamed(tag: str, reason: Reason) -> None:
    plan = compile_template(docx(paragraph(tag)))
    started = time.thread_time()
    with pytest.raises(RenderError) as refused:
        plan.render({"rows": list(range(300)), "long": "é" * 20_000})
    assert time.thread_time() - started < 5
    assert (refused.value.reason, refused.value.field) == (reason, "")


def test_a_server_refuses_what_costs_too_much_and_goes_on(launch: Launch, tmp_path: Path) -> None:
    """The template was published before the gate knew of it: only the budget is left."""
    for name in (ASK, REFUSAL):
        folder = tmp_path / name
        folder.mkdir()
        for path in (DOCUMENTS / "templates" / name).iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
    parts = opc.read((tmp_path / ASK / "template.docx").read_bytes())
    parts[MAIN] = parts[MAIN].replace(b"<w:body>", f"<w:body><w:p>{run(NESTED)}</w:p>".encode())
    (tmp_path / ASK / "template.docx").write_bytes(opc.write(parts))
    server = launch(
        "services.documents", "--workers", "1", env={"DOCUMENTS_TEMPLATES_DIRECTORY": str(tmp_path)}
    )
    data = example("complet")
    data["applicant"]["last_name"] = "zz"
    with connected(server.address) as stubs:
        with pytest.raises(grpc.RpcError) as caught:
            stubs.documents.GenerateDocument(request(ASK, data), timeout=SECONDS)
        found = refusal(caught.value)
        assert (found.code, found.violations) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            {"template": "MALFORMED"},
        )
        data["applicant"]["last_name"] = "Autre"
        made = stubs.documents.GenerateDocument(request(ASK, data), timeout=SECONDS).document
        assert "ok" in plain(made.content)
