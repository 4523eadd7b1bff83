"""What Word wants of a document is proved from its template, and looked at again before the bytes leave."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.documents.contract.values import Money
from services.documents.render import opc
from services.documents.render.assembly import Piece, assemble
from services.documents.render.compiler import compile_template
from services.documents.render.errors import Reason, RenderError
from services.documents.render.reference import disagreements, render_reference
from services.documents.template.gate import examine
from services.documents.template.normalise import normalise
from tests.documents_templates import (
    MAIN,
    NAMESPACES,
    docx,
    errors,
    paragraph,
    parts_of,
    run,
    table,
    template,
    verdict,
)
from tests.support import examples

CASES = Path(__file__).parents[1] / "cases" / "templates"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
IF, ELSE, ENDIF = "{%p if loan.months == 3 %}", "{%p else %}", "{%p endif %}"
FOR, ENDFOR = "{%p for one in pieces %}", "{%p endfor %}"
ROWS: dict[str, Any] = {"rows": [{"amount": Money(100)}, {"amount": Money(200)}], "yes": False}


def lines(*texts: str) -> str:
    return "".join(map(paragraph, texts))


def said(name: str) -> set[str]:
    return set(errors(verdict((CASES / name).read_bytes(), requires=["case", "applicant", "loan", "budget"])))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((f"block-emptied-{letter}.docx", "CONTAINER_EMPTIED") for letter in "ABCDE"),
        ("section-lost.docx", "CONTENT_LOST"),
        ("revision-cellins.docx", "REVISION"),
        ("comment-advice.docx", "TEXT_LOST"),
    ],
)
def test_a_file_that_word_would_repair_is_refused_from_its_template(name: str, code: str) -> None:
    assert code in said(name)


def in_cell(content: str) -> str:
    return table(("A",), ("@",)).replace(paragraph("@"), content)


def in_box(content: str) -> str:
    return f"<w:p><w:r><w:pict><w:txbxContent>{content}</w:txbxContent></w:pict></w:r></w:p>"


def in_control(content: str) -> str:
    return f"<w:sdt><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def part_with(root: str, name: str) -> Callable[[str], bytes]:
    def made(content: str) -> bytes:
        filled = f"<w:{root} {NAMESPACES}>{content}</w:{root}>".encode()
        return opc.write({**parts_of(paragraph("a")), name: filled})

    return made


def in_body(around: Callable[[str], str]) -> Callable[[str], bytes]:
    return lambda content: docx(around(content), paragraph("fin"))


CONTAINERS: dict[str, Callable[[str], bytes]] = {
    "body": lambda content: docx(content),
    "cell": in_body(in_cell),
    "text box": in_body(in_box),
    "control": in_body(in_control),
    "header": part_with("hdr", "word/header1.xml"),
    "footer": part_with("ftr", "word/footer1.xml"),
    "cell of a header": lambda content: part_with("hdr", "word/header1.xml")(in_cell(content) + "<w:p/>"),
    "note": lambda content: part_with("footnotes", "word/footnotes.xml")(
        f'<w:footnote w:id="2">{content}</w:footnote>'
    ),
}
EMPTIED = {
    "condition": lines(IF, "x", ENDIF),
    "two conditions": lines(IF, "x", ENDIF, "{%p if loan.months != 3 %}", "x", ENDIF),
    "an empty branch": lines(IF, "x", ELSE, ENDIF),
    "a branch without else": lines(IF, "x", "{%p elif loan.months == 4 %}", "x", ENDIF),
    "loop": lines(FOR, "x", ENDFOR),
    "loop with else": lines(FOR, ELSE, "x", ENDFOR),
    "condition in a branch": lines(IF, IF, "x", ENDIF, ELSE, "x", ENDIF),
}
KEPT = {
    "both branches": lines(IF, "x", ELSE, "x", ENDIF),
    "three branches": lines(IF, "x", "{%p elif loan.months == 4 %}", "x", ELSE, "x", ENDIF),
    "one outside": lines(IF, "x", ENDIF, ""),
    "branches in a branch": lines(IF, IF, "x", ELSE, "x", ENDIF, ELSE, "x", ENDIF),
    "condition inside": lines("{% if loan.months == 3 %}x{% endif %}"),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("content", EMPTIED)
def test_what_some_data_would_empty_is_refused_in_every_part(container: str, content: str) -> None:
    found = examine(template(CONTAINERS[container](EMPTIED[content])), None)
    assert errors(found) == ["CONTAINER_EMPTIED"]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("content", KEPT)
def test_what_always_keeps_something_is_accepted(container: str, content: str) -> None:
    assert errors(examine(template(CONTAINERS[container](KEPT[content])), None)) == []


def test_rows_cells_and_the_end_of_a_cell() -> None:
    rows = table(("A",), ("{%tr if loan.months == 3 %}",), ("x",), ("{%tr endif %}",))
    assert errors(examine(template(docx(rows)), None)) == []
    without = rows.replace(rows[rows.index("<w:tr>") : rows.index("</w:tr>") + 7], "", 1)
    assert "CONTAINER_EMPTIED" in errors(examine(template(docx(without)), None))
    cells = table(("A", "B", "C"), ("{%tc if loan.months == 3 %}", "x", "{%tc endif %}"))
    assert "CONTAINER_EMPTIED" in errors(examine(template(docx(cells)), None))
    ended = in_cell(lines("a") + table(("B",)) + lines(IF, "x", ENDIF))
    assert "CONTAINER_EMPTIED" in errors(examine(template(docx(ended)), None))


LOST = {
    "a page break": '<w:r><w:br w:type="page"/></w:r>',
    "a note": '<w:r><w:footnoteReference w:id="2"/></w:r>',
    "a symbol": '<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>',
    "a bookmark": '<w:bookmarkStart w:id="3" w:name="ici"/>',
    "the end of a field": '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    "a control": "<w:sdt><w:sdtContent/></w:sdt>",
}


@pytest.mark.parametrize("what", LOST)
def test_nothing_but_formatting_goes_with_a_tag(what: str) -> None:
    tag = paragraph(ENDIF).replace("</w:p>", f"{LOST[what]}</w:p>")
    content = docx(lines(IF, "x"), tag, paragraph("fin"))
    assert "CONTENT_LOST" in errors(examine(template(content), None))


@pytest.mark.parametrize(
    ("properties", "refused"),
    [
        ("<w:sectPr/>", True),
        ("<w:pageBreakBefore/>", True),
        ('<w:pageBreakBefore w:val="0"/>', False),
        ('<w:keepNext/><w:jc w:val="center"/><w:rPr><w:b/></w:rPr>', False),
    ],
)
def test_the_look_of_a_paragraph_goes_with_its_tag_and_its_breaks_do_not(
    properties: str, refused: bool
) -> None:
    tag = f"<w:p><w:pPr>{properties}</w:pPr>{run(ENDIF)}</w:p>"
    content = docx(lines(IF, "x"), tag, paragraph("fin"))
    assert ("CONTENT_LOST" in errors(examine(template(content), None))) is refused
    noted = docx(lines(IF, "x"), paragraph("{%p endif %}{# une note #}"), paragraph("fin"))
    assert errors(examine(template(noted), None)) == []


FOLLOWED = (
    *(
        "ins",
        "del",
        "moveFrom",
        "moveTo",
        "rPrChange",
        "pPrChange",
        "tblPrChange",
        "trPrChange",
        "tcPrChange",
    ),
    *("sectPrChange", "numberingChange", "cellIns", "cellDel", "cellMerge", "tblPrExChange"),
    *("moveFromRangeStart", "moveToRangeStart", "customXmlInsRangeStart", "customXmlDelRangeStart"),
    *("customXmlMoveFromRangeStart", "customXmlMoveToRangeStart"),
)


@pytest.mark.parametrize("change", FOLLOWED)
def test_every_change_that_word_follows_is_refused(change: str) -> None:
    block = f'<w:p><w:{change} w:id="1" w:author="Une Personne" w:date="2026-01-01T00:00:00Z"/></w:p>'
    assert errors(examine(template(docx(block)), None)) == ["REVISION"]


def test_the_names_of_those_who_reviewed_a_template_do_not_leave() -> None:
    parts = parts_of(paragraph("a"))
    parts["word/people.xml"] = (
        b'<w15:people xmlns:w15="w15"><w15:person w15:author="Une Personne"/></w15:people>'
    )
    override = '<Override PartName="/word/people.xml" ContentType="application/xml"/>'
    parts[opc.CONTENT_TYPES] = opc.before_end(parts[opc.CONTENT_TYPES], override)
    relation = '<Relationship Id="rId99" Type="http://x/people" Target="people.xml"/>'
    parts[opc.MAIN_RELATIONSHIPS] = opc.before_end(parts[opc.MAIN_RELATIONSHIPS], relation)
    found = examine(template(opc.write(parts)), None)
    kept = opc.read(found.docx)
    assert errors(found) == []
    assert not [name for name, content in kept.items() if b"people" in content or "people" in name]
    assert kept[opc.MAIN_RELATIONSHIPS] == parts_of(paragraph("a"))[opc.MAIN_RELATIONSHIPS]


@pytest.mark.parametrize("container", sorted(set(CONTAINERS) - {"body", "note"}))
def test_a_document_that_word_would_repair_never_leaves(container: str) -> None:
    """A template of before: no gate has seen it."""
    plan = compile_template(CONTAINERS[container](lines("{%p if yes %}", "x", "{%p endif %}")))
    with pytest.raises(RenderError) as refused:
        plan.render(ROWS)
    assert refused.value.reason is Reason.EMPTIED
    assert plan.render({**ROWS, "yes": True})
    assert compile_template(CONTAINERS[container](lines("{%p if yes %}", "x", "{%p endif %}", ""))).render(
        ROWS
    )


def test_emptied_rows_tables_and_cells_that_end_with_a_table_never_leave() -> None:
    rows = table(("{%tr if yes %}",), ("x",), ("{%tr endif %}",))
    cells = table(("A", "B", "C"), ("{%tc if yes %}", "x", "{%tc endif %}"))
    ended = in_cell(lines("a") + table(("B",)) + lines("{%p if yes %}", "x", "{%p endif %}"))
    for block in (rows, cells, ended, rows.replace("><", ">\n  <")):
        with pytest.raises(RenderError) as refused:
            compile_template(docx(block, paragraph("fin"))).render(ROWS)
        assert refused.value.reason is Reason.EMPTIED


@st.composite
def content(draw: st.DrawFn, depth: int = 2) -> str:
    """Paragraphs of a cell, in conditions and loops."""
    blocks = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 3 if depth else 0))
        if kind == 0:
            blocks.append(paragraph("x"))
        else:
            inside = draw(content(depth - 1))
            other = draw(st.one_of(st.none(), content(depth - 1))) if kind < 3 else None
            test = draw(st.sampled_from(["a", "b", "not a"]))
            opening, ending = (f"{{%p if {test} %}}", ENDIF) if kind < 3 else ("{%p for one in c %}", ENDFOR)
            middle = "" if other is None else paragraph(ELSE) + other
            blocks.append(paragraph(opening) + inside + middle + paragraph(ending))
    return "".join(blocks)


@settings(max_examples=examples(100), deadline=None)
@given(content())
def test_a_cell_that_the_gate_accepts_is_filled_whatever_the_data(inside: str) -> None:
    block = docx(in_cell(inside), paragraph("fin"))
    accepted = "CONTAINER_EMPTIED" not in errors(examine(template(block), None))
    plan = compile_template(opc.write(normalise(opc.read(block))))
    outcomes = set()
    for number in range(8):
        data = {"a": bool(number & 1), "b": bool(number & 2), "c": [1] * (number >> 2)}
        try:
            plan.render(data)
        except RenderError as error:
            outcomes.add(error.reason)
    assert outcomes <= {Reason.EMPTIED}
    assert not (accepted and outcomes)


def rendered(*blocks: str, numbering: bytes = b"") -> dict[str, bytes]:
    """The parts by the engine, which docxtpl gives too."""
    parts = normalise(parts_of(*blocks))
    if numbering:
        parts["word/numbering.xml"] = numbering
    source = opc.write(parts)
    ours = opc.read(compile_template(source).render(ROWS))
    assert list(disagreements(ours, render_reference(source, ROWS))) == []
    return ours


def test_tables_of_a_loop_are_kept_apart() -> None:
    loop = paragraph("{%p for row in rows %}") + table(("A",)) + paragraph("{%p endfor %}")
    body = etree.fromstring(rendered(loop, paragraph("fin"))[MAIN])[0]
    assert [etree.QName(one).localname for one in body] == ["tbl", "p", "tbl", "p", "sectPr"]


def test_bookmarks_and_shapes_of_a_loop_have_names_of_their_own() -> None:
    marked = (
        '<w:p><w:bookmarkStart w:id="5" w:name="signet"/>'
        '<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" id="_x0000_s1026"/></w:pict></w:r>'
        '<w:bookmarkEnd w:id="5"/></w:p>'
    )
    loop = paragraph("{%p for row in rows %}") + marked + paragraph("{%p endfor %}")
    xml = rendered(loop, paragraph("fin"))[MAIN].decode()
    starts = re.findall(r'<w:bookmarkStart w:id="(\d+)" w:name="(\w+)"', xml)
    assert starts == [("5", "signet"), ("6", "signet_2")]
    assert re.findall(r'<w:bookmarkEnd w:id="(\d+)"', xml) == ["5", "6"]
    assert re.findall(r'id="(_x0000_\w+)"', xml) == ["_x0000_s1026", "_x0000_s1026_2"]


NUMBERING = (
    b'<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b'<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>'
    b"</w:abstractNum>"
    b'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)
ITEM = (
    '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    "<w:r><w:t>x</w:t></w:r></w:p>"
)


def numbers(parts: dict[str, bytes]) -> list[str]:
    """The list of each numbered paragraph; each is one of the definitions."""
    found = re.findall(rb'<w:numId w:val="(\d+)"/>', parts[MAIN])
    defined = re.findall(rb'<w:num w:numId="(\d+)"', parts["word/numbering.xml"])
    assert set(found) <= set(defined)
    return [number.decode() for number in found]


def test_numbering_begins_again_where_the_template_says() -> None:
    loop = ("{%p for row in rows %}", "{%p endfor %}")
    plainly = rendered(paragraph(loop[0]), ITEM, ITEM, paragraph(loop[1]), lines("fin"), numbering=NUMBERING)
    assert len(set(numbers(plainly))) == 1
    marked = paragraph("Titre {# restart numbering #}")
    blocks = (ITEM, paragraph(loop[0]), marked, ITEM, ITEM, paragraph(loop[1]), lines("fin"))
    again = rendered(*blocks, numbering=NUMBERING)
    assert numbers(again) == ["1", "2", "2", "3", "3"]
    assert b"restart" not in again[MAIN].replace(b"startOverride", b"")
    parts = {**normalise(parts_of(*blocks)), "word/numbering.xml": NUMBERING}
    plan = compile_template(opc.write(parts))
    joined = opc.read(assemble([Piece(plan, copy.deepcopy(ROWS)) for _ in range(2)]))
    found = numbers(joined)
    assert len(set(found)) == 6
    assert b"restart" not in joined[MAIN]
