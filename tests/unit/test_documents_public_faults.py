"""The faults of public reports (repository#number), as Word writes them, each with the right answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.documents.render import opc
from services.documents.render.compiler import compile_template
from services.documents.template.gate import examine
from tests.documents_support import text
from tests.documents_templates import docx, errors, paragraph, parts_of, run, table, template

NAME = "{{ applicant.last_name }}"
ROWS = ("{%tr for one in pieces %}", "{%tr endfor %}")


def field(code: str) -> str:
    return f'<w:p><w:fldSimple w:instr="{code}"><w:r><w:t>x</w:t></w:r></w:fldSimple></w:p>'


def box(content: str) -> str:
    """A text box as Word writes it: for those that know drawings, and for the others."""
    inside = f"<w:txbxContent>{paragraph(content)}</w:txbxContent>"
    return (
        '<w:p><w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f'<mc:Choice Requires="wps">{inside}</mc:Choice><mc:Fallback><w:pict>{inside}</w:pict></mc:Fallback>'
        "</mc:AlternateContent></w:r></w:p>"
    )


def link(target: str) -> bytes:
    parts = parts_of(paragraph("a"))
    relation = (
        '<Relationship Id="rId99" TargetMode="External" Target="' + target + '" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"/>'
    )
    parts[opc.MAIN_RELATIONSHIPS] = opc.before_end(parts[opc.MAIN_RELATIONSHIPS], relation)
    return opc.write(parts)


def control(properties: str, content: str) -> str:
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def looped(*blocks: str) -> bytes:
    """Blocks in a loop over two rows, then the end."""
    return docx(paragraph("{%p for one in pieces %}"), *blocks, paragraph("{%p endfor %}"), paragraph("fin"))


def in_tag(noise: str) -> bytes:
    """A tag that Word cut in two around something of its own."""
    return docx(f"<w:p>{run('{{ applicant.')}{noise}{run('last_name }} fin')}</w:p>")


def numbered(text: str) -> str:
    return f'<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>{run(text)}</w:p>'


VML = 'xmlns:v="urn:schemas-microsoft-com:vml"'
SHAPE = f'<w:p><w:r><w:pict><v:shape {VML} id="_x0000_s1026"/></w:pict></w:r></w:p>'
RUBY = f"<w:ruby><w:rt>{run('ka')}</w:rt><w:rubyBase>{run('Océane')}</w:rubyBase></w:ruby>"
LOOP = (paragraph("{%p for one in pieces %}"), paragraph("{%p endfor %}"))
CONDITION = ("{% if loan.months == 3 %}", "{% endif %}")

REFUSED: Mapping[str, tuple[bytes, str]] = {
    "docxtpl#161": (docx(paragraph("{%p if loan.months == 3 %}a{%p endif %}"), paragraph("b")), "TEXT_LOST"),
    "docxtpl#445": (
        docx(paragraph("a" + CONDITION[0]), table(("b",)), paragraph(CONDITION[1])),
        "BLOCK_SPREAD",
    ),
    "docxtpl#663": (docx(table(("A",), ("{% tr for one in pieces %}",), ("a",))), "TAG_UNKNOWN"),
    "docxtpl#650": (link("http://exemple.fr/{{ case.reference }}"), "TAG_UNFILLED"),
    "SharpDocx#49, alias": (
        docx(control(f'<w:alias w:val="{NAME}"/>', paragraph("a"))),
        "TAG_ELSEWHERE",
    ),
    "docx-templates#324": (docx('<w:p><w:r><w:commentReference w:id="1"/></w:r></w:p>'), "COMMENT"),
    "MERGEFIELD": (docx(field("MERGEFIELD Nom")), "FIELD_FORBIDDEN"),
    "IF": (docx(field("IF 1 = 1 a b")), "FIELD_FORBIDDEN"),
    "FILENAME": (docx(field("FILENAME")), "FIELD_FORBIDDEN"),
    "FORMCHECKBOX": (docx(field("FORMCHECKBOX")), "FIELD_FORBIDDEN"),
    "DATE": (docx(field("DATE")), "FIELD_CLOCK"),
    "Cyrillic": (docx(paragraph("{{ \u0430pplicant.last_name }}")), "FIELD_UNKNOWN"),
}
FILLED: Mapping[str, tuple[bytes, str]] = {
    "docxtpl#227": (docx(paragraph(f"M. {NAME} ici")), "M. @ ici"),
    "docxtpl#68": (docx(paragraph("M.", " ", NAME, " ", "ici")), "M. @ ici"),
    "docxtpl#69": (docx(paragraph(f"M. {NAME}", f" {NAME} ")), "M. @ @ "),
    "docxtpl#205": (docx(paragraph(f"a{CONDITION[0]}x{CONDITION[1]} b")), "a b"),
    "docxtpl#156": (docx(paragraph("{% if applicant.last_name != “a” %}b{% endif %}")), "b"),
    "ALWeaver#518": (docx(paragraph("{% if applicant.last_name != ‘a’ %}b{% endif %}")), "b"),
    "docxtpl#489, carbone#154": (looped(table(("A",), ("x",))), "A\nx\n\nA\nx\nfin"),
    "docxtpl#425, #598, docxtemplater#217, #662, carbone#218": (looped(numbered("x")), "x\nx\nfin"),
    "docxtpl#325, docxtemplater#594, #674, #692": (looped(SHAPE, paragraph("x")), "x\n\nx\nfin"),
    "docxtemplater#527": (
        looped(f"<w:p><w:pPr><w:sectPr/></w:pPr>{run('x')}</w:p>"),
        "x\nx\nfin",
    ),
    "docx-mailmerge#69, both": (docx(box(CONDITION[0] + "a{% else %}b" + CONDITION[1])), "b\nb"),
    "carbone#82, docxtpl#439, docx-templates#56": (docx(field("TOC \\o"), paragraph(NAME)), "@"),
    "PR#10, proofErr": (in_tag('<w:proofErr w:type="spellStart"/>'), "@ fin"),
    "PR#10, page": (in_tag("<w:r><w:lastRenderedPageBreak/></w:r>"), "@ fin"),
    "PR#10, hyphen": (in_tag("<w:r><w:softHyphen/></w:r>"), "@ fin"),
    "PR#10, tab": (in_tag("<w:r><w:tab/></w:r>"), "@ fin"),
    "PR#10, break": (in_tag("<w:r><w:br/></w:r>"), "@\n fin"),
    "PR#10, rsid": (
        docx(
            '<w:p w:rsidR="00A1"><w:r w:rsidR="1"><w:t>{{ applicant.last</w:t></w:r>'
            '<w:r w:rsidR="2"><w:t>_name }}</w:t></w:r></w:p>'
        ),
        "@",
    ),
    "bdo": (docx(f'<w:p><w:bdo w:val="rtl">{run(NAME)}</w:bdo></w:p>'), "@"),
    "ruby": (docx(f"<w:p><w:r>{RUBY}</w:r>{run(NAME)}</w:p>"), "@"),
    "customXml": (docx(f'<w:customXml w:element="a">{paragraph(NAME)}</w:customXml>'), "@"),
    "hidden text": (docx(f"<w:p>{run(NAME, '<w:vanish/>')}</w:p>"), "@"),
    "docxtpl#85": (docx(paragraph("{% if applicant.last_name != «\u00a0a\u00a0» %}", "b{% endif %}")), "b"),
    "docxtpl PR#10": (docx(paragraph("{", "{ applicant", ".last_name ", "}", "} fin")), "@ fin"),
    "docxtemplater#88": (
        docx(paragraph(CONDITION[0], "gras", "{% else %}", "maigre", CONDITION[1])),
        "maigre",
    ),
    "docx-mailmerge#69": (docx(box(NAME)), "@"),
    "SharpDocx#49, block": (docx(control("", paragraph(NAME))), "@"),
    "SharpDocx#49, inline": (docx(f"<w:p>{control('', run(NAME))}{run(' fin')}</w:p>"), "@ fin"),
    "python-docx#155": (docx(f"<w:p>{run('{{ applicant')}{control('', run('.last_name }}'))}</w:p>"), "@"),
    "emoji": (docx(paragraph(f"👩‍👩‍👧 𝔸 & < שלום {NAME}")), "👩‍👩‍👧 𝔸 & < שלום @"),
    "5,000 letters": (docx(paragraph("é" * 5000 + NAME)), "é" * 5000 + "@"),
    "zero width": (docx(paragraph("{{ appli\u200bcant.last_name }}")), "@"),
    "smart tag": (docx(f"<w:p><w:smartTag>{run(NAME)}</w:smartTag></w:p>"), "@"),
}


# Every file of the folder, as Word wrote it: what is said of each, and nothing else.
FILES: Mapping[str, set[str]] = {
    "adjacent-tables.docx": {"CONTAINER_EMPTIED", "OPTIONAL_UNGUARDED"},
    "advice-or.docx": {"FILTER_MISSING", "OPTIONAL_UNGUARDED"},
    **{f"block-emptied-{letter}.docx": {"CONTAINER_EMPTIED"} for letter in "ABDE"},
    "block-emptied-C.docx": {"CONTAINER_EMPTIED", "TABLE_HEADER"},
    "bookmark-loop.docx": {"CONTAINER_EMPTIED", "OPTIONAL_UNGUARDED"},
    "comment-advice.docx": {"TEXT_LOST"},
    "document2.docx": {"OPTIONAL_UNGUARDED"},
    "foreign-tags.docx": {"TAG_FOREIGN"},
    "math-loop.docx": {"OPTIONAL_UNGUARDED", "TAG_ELSEWHERE"},
    "nested-schedule.docx": {"LOOP_COST", "LOOP_NESTED"},
    "numbering-loop.docx": {"CONTAINER_EMPTIED"},
    "prefix-ns0.docx": {"DOCX_FORMAT", "OPTIONAL_UNGUARDED"},
    "revision-cellins.docx": {"REVISION"},
    "section-lost.docx": {"CONTENT_LOST", "OPTIONAL_UNGUARDED"},
    "shape-loop.docx": {"CONTAINER_EMPTIED", "OPTIONAL_UNGUARDED"},
    "spaced-braces.docx": {"TAG_SPACED"},
}
CASES = Path(__file__).parents[1] / "cases" / "templates"


def test_every_file_of_the_folder_has_its_answer() -> None:
    assert {path.name for path in CASES.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_folder_is_refused_for_what_is_wrong_in_it(name: str) -> None:
    content = template((CASES / name).read_bytes(), requires=["case", "applicant", "loan", "budget"])
    found = examine(content, None)
    assert set(errors(found)) == FILES[name]
    assert all(one.place.part != "fichier" for one in found.findings if one.code in FILES[name])


@pytest.mark.parametrize("report", REFUSED)
def test_a_fault_of_a_public_report_is_refused_with_its_place(report: str) -> None:
    content, code = REFUSED[report]
    found = examine(template(content), None)
    assert code in errors(found)
    assert all(one.place.part != "fichier" for one in found.findings if one.code == code)


@pytest.mark.parametrize("report", FILLED)
def test_what_word_does_to_a_tag_is_healed(report: str) -> None:
    content, shown = FILLED[report]
    found = examine(template(content), None)
    assert errors(found) == []
    context = {"applicant": {"last_name": "Océane"}, "loan": {"months": 12}, "pieces": [{}, {}]}
    made = compile_template(found.docx).render(context)
    assert shown.replace("@", "Océane") in text(made)
    body = opc.read(made)[opc.MAIN].decode()
    shapes = re.findall(r'<v:shape [^>]*id="(\w+)"', body)
    assert len(shapes) == len(set(shapes))
    assert "</w:tbl><w:tbl>" not in body
