"""The faults of public reports (repository#number), as Word writes them, each with the right answer."""

from __future__ import annotations

from collections.abc import Mapping

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
    "DATE": (docx(field("DATE")), "FIELD_CLOCK"),
    "Cyrillic": (docx(paragraph("{{ \u0430pplicant.last_name }}")), "FIELD_UNKNOWN"),
}
FILLED: Mapping[str, tuple[bytes, str]] = {
    "docxtpl#227": (docx(paragraph(f"M. {NAME} ici")), "M. @ ici"),
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
    context = {"applicant": {"last_name": "Océane"}, "loan": {"months": 12}}
    assert shown.replace("@", "Océane") in text(compile_template(found.docx).render(context))
