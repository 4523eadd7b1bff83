"""Files of other engines and of hurried people, mended: what is mechanical is done, the rest asked once."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pytest
from docxtpl.template import DocxTemplate

from services.documents.contract import Money
from services.documents.render import RenderError
from services.documents.render.compiler import compile_template
from services.documents.template import Mended, make_fields, mend
from tests.documents_support import plain
from tests.documents_templates import docx, errors, paragraph, run, table, verdict

REQUIRES = ("applicant", "case", "loan")
CHARS = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'


def mended(*blocks: str, **names: str) -> Mended:
    return mend(docx(*blocks), make_fields(), REQUIRES, names)


def body(found: Mended) -> list[str]:
    """The lines of the body, without header and footer."""
    return [line for line in plain(found.docx).splitlines() if line not in ("En-tête", "Pied")]


def field(code: str, shown: str = "", begin: str = "") -> str:
    """A field of Word, cut in runs as Word cuts it."""
    opening = f'<w:r><w:fldChar w:fldCharType="begin">{begin}</w:fldChar></w:r>'
    inside = f"<w:r><w:instrText> {code} </w:instrText></w:r>{CHARS.format('separate')}{run(shown)}"
    return f"<w:p>{opening}{inside}{CHARS.format('end')}</w:p>"


def box(ticked: bool) -> str:
    default = f'<w:default w:val="{int(ticked)}"/>'
    return f'<w:ffData><w:name w:val="C"/><w:checkBox><w:sizeAuto/>{default}</w:checkBox></w:ffData>'


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("{ { applicant.last_name } }", "{{ applicant.last_name }}"),
        ("{ % if loan % }x{ % endif % }", "{% if loan %}x{% endif %}"),
        ("{% if loan %}a{% endif %}}", "{% if loan %}a{% endif %}"),
        ("{% Si loan %}a{% SINON %}b{% finsi %}", "{% if loan %}a{% else %}b{% endif %}"),
        ("{% if loan %}a{% elseif case %}b{% endif loan %}", "{% if loan %}a{% elif case %}b{% endif %}"),
        ("{% pour p dans pieces %}a{% finpour %}", "{% for p in pieces %}a{% endfor %}"),
        ("{nom} {d.applicant.prenom}", "{{ applicant.last_name }} {{ applicant.first_name }}"),
        ("${Code_Postal}, «Ville»", "{{ applicant.address.postal_code }}, {{ applicant.address.city }}"),
        ("[NOM] [ANNEXE] __PRENOM__", "{{ applicant.last_name }} [ANNEXE] {{ applicant.first_name }}"),
        ("{#pieces}{label} {/pieces}", "{% for element in pieces %}{{ element.label }} {% endfor %}"),
        ("{#household}x{/}{^household}y{/}",
         "{% if household is defined %}x{% endif %}{% if household is undefined %}y{% endif %}"),
        ("{{ loan.amount }} {{ loan.amount|f }}", "{{ loan.amount | euros }} {{ loan.amount | euros }}"),
        ("{{ case.request_date|d('') }}", "{{ case.request_date | long_date }}"),
        ("{{ applicant.phone or '—' }}", "{{ applicant.phone | default('—') }}"),
        ("{{ applicant.phone }}", "{% if applicant.phone is defined %}{{ applicant.phone }}{% endif %}"),
        ("{{ demandeur.nom | upper | e }}", "{{ applicant.last_name | upper }}"),
        ("{% if agent and not household %}x{% endif %}",
         "{% if agent is defined and not household is defined %}x{% endif %}"),
        ("Le texte {%- if loan -%} reste {%- endif %} ici", "Le texte{% if loan %}reste{% endif %} ici"),
        ("20 % de {x | y} et {1} font « un mot »", "20 % de {x | y} et {1} font « un mot »"),
    ],
)  # fmt: skip
def test_what_was_meant_is_written(typed: str, read: str) -> None:
    found = mended(paragraph(typed))
    assert body(found) == [read]
    assert found.asked == ()
    again = mend(found.docx, make_fields(), REQUIRES, {})
    assert (again.docx, again.done) == (found.docx, {})


def test_fields_and_check_boxes_of_word_become_tags_and_signs() -> None:
    found = mended(
        field('MERGEFIELD "Code postal" \\* MERGEFORMAT', "«Code postal»"),
        f'<w:p><w:fldSimple w:instr=" MERGEFIELD Civilité ">{run("«Civilité»")}</w:fldSimple></w:p>',
        field('DATE \\@ "d MMMM yyyy"', "8 décembre 2026"),
        field("FORMCHECKBOX", begin=box(ticked=True)),
        field("FORMCHECKBOX", begin=box(ticked=False)),
        field('INCLUDETEXT "x.docx"', "x"),
    )
    assert body(found) == [
        "{{ applicant.address.postal_code }}",
        "{% if applicant.civility is defined %}{{ applicant.civility | label }}{% endif %}",
        "{{ document.date | long_date }}",
        "☒",
        "☐",
        "x",
    ]
    assert errors(verdict(found.docx, requires=REQUIRES)) == ["FIELD_FORBIDDEN"]  # left to a person


# Each is written with names of the contract, so that docxtpl can render the file as it was.
SPREAD: dict[str, list[str]] = {
    "whole paragraphs": ["{% if loan %}", "Un prêt", "{% else %}", "Rien", "{% endif %}"],
    "at the ends": ["{% if loan %}Un prêt", "de peu", "à rendre{% endif %}"],
    "cut paragraphs": ["Avant {% if loan %}un prêt", "de peu", "à rendre{% endif %} après"],
    "two in a paragraph": ["{% if loan %}{% if case %}", "Les deux", "{% endif %}{% endif %}"],
    "a loop": ["Voici :", "{% for p in pieces %}", "- {{ p.label }}", "{% endfor %}", "Fin"],
    "joined by dashes": ["Prêt {% if loan -%}", "accordé", "{%- else -%}", "refusé", "{%- endif %} hier"],
}


@pytest.mark.parametrize("lines", SPREAD.values(), ids=SPREAD)
@pytest.mark.parametrize("there", [True, False])
def test_a_block_over_paragraphs_says_what_docxtpl_said(lines: list[str], there: bool) -> None:
    original = docx(*map(paragraph, lines))
    data: dict[str, Any] = {"pieces": [{"label": "RIB"}, {"label": "Devis"}] if there else []}
    data |= {"loan": {"amount": 1}, "case": {"reference": "x"}} if there else {}
    plainly = DocxTemplate(io.BytesIO(original))
    plainly.render(data)
    stream = io.BytesIO()
    plainly.save(stream)
    found = mend(original, make_fields(), (), {})
    ours = compile_template(found.docx).render(data, {})
    said = [" ".join(line.split()) for line in plain(stream.getvalue()).splitlines() if line.strip()]
    if lines is SPREAD["cut paragraphs"] and not there:  # docxtpl joins the two halves of a cut paragraph
        said = [line for whole in said for line in whole.replace("Avant après", "Avant\nafter").splitlines()]
        said = [line.replace("after", "après") for line in said]
    assert [" ".join(line.split()) for line in plain(ours).splitlines() if line.strip()] == said
    assert not {"BLOCK_SPREAD", "TAG_DASH", "TEXT_LOST"} & set(errors(verdict(found.docx)))


def test_a_loop_over_cells_takes_their_rows() -> None:
    cells = ("{% for l in loan.schedule %}{{ l.payment }}", "{{ l.interest|f }}{% endfor %}")
    found = mended(table(("Échéance", "Intérêts"), cells))
    assert errors(verdict(found.docx, requires=REQUIRES)) == []
    assert "{%tr for l in loan.schedule %}" in body(found)


def test_what_nobody_can_guess_is_asked_once_and_mapped() -> None:
    line = "{{ bailleur.nom }} {{ bailleur.nom }} {% if bailleur.siret %}x{% endif %} {{ ville|bizarre }}"
    asked = {one.name: one.times for one in mended(paragraph(line)).asked}
    assert asked == {"bailleur.nom": 2, "bailleur.siret": 1, "|bizarre": 1}
    names = {
        "bailleur": "bank",
        "bailleur.nom": "bank.name",
        "bailleur.siret": "bank.department",
        "|bizarre": "upper",
    }
    found = mend(docx(paragraph(line)), make_fields(), (*REQUIRES, "bank"), names)
    assert found.asked == ()
    assert errors(verdict(found.docx, requires=[*REQUIRES, "bank"])) == []


def convention() -> bytes:
    """A template as a ministry writes them for docxtpl: blocks over paragraphs, dashes, its own filters."""
    blocks = [f'<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr>{run("Convention")}</w:p>']
    for rank in range(8):
        blocks += map(paragraph, (
            "{% if convention.avenant -%}",
            "Avenant {{ convention.numero }} du {{ convention.date|d }}",
            "{%- endif %}",
            "{% if loan %}", "Le prêt de {{ loan.amount|f }} à {{ loan.nominal_rate_pct|f }}", "{% else %}",
            "Sans prêt, {{ bailleur.nom|upper }} le {{ case.request_date }}", "{% endif %}",
            "{% for l in loan.schedule %}", "Échéance {{ l.number }} : {{ l.payment|f }}", "{% endfor %}",
            "Fait à {{ ville|default('') }}, M. {{ nom }} {{ prenom|title }} {{ telephone or '' }}",
        ))  # fmt: skip
        blocks += [field("FORMCHECKBOX", begin=box(ticked=bool(rank % 2)))]
    return docx(*blocks)


def test_a_file_of_the_ministry_leaves_few_decisions_to_a_person() -> None:
    before = verdict(convention(), requires=REQUIRES)
    found = mend(convention(), make_fields(), REQUIRES, {})
    left = Counter(errors(verdict(found.docx, requires=REQUIRES)))
    assert set(left) == {"FIELD_UNKNOWN"}
    assert {one.name for one in found.asked} == {
        "convention.avenant", "convention.numero", "convention.date", "bailleur.nom",
    }  # fmt: skip
    assert len(found.asked) * 10 <= len(errors(before))


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("{{ applicant.phone | default('aucun') | upper }}", ""),
        ("{{ agent.phone | default('aucun') }}", "OPTIONAL_UNGUARDED"),  # what holds it may lack too
        ("{{ loan.amount | default('aucun') }}", "FILTER_KIND"),
        ("{{ loan.schedule | sum('payment') | euros }}", ""),
        ("{{ loan.schedule | sum('number') | euros }}", "FILTER_KIND"),
        ("{{ budget.incomes | sum('amount') | euros }}", "FILTER_KIND"),  # what is unknown is not zero
        ("{% if pieces %}{{ (pieces | first).label | title }}{% endif %}", ""),
        ("{% if pieces %}{{ (pieces | last).label | lower }}{% endif %}", ""),
        ("{{ (pieces | first).label }}", "OPTIONAL_UNGUARDED"),
        ("{{ pieces | count }}", ""),
        ("{{ loan.amount | upper }}", "FILTER_KIND"),
    ],
)
def test_the_filters_that_everybody_knows(tag: str, code: str) -> None:
    assert set(errors(verdict(docx(paragraph(tag)), requires=[*REQUIRES, "budget"]))) == ({code} - {""})


def test_what_the_usual_filters_print() -> None:
    payments = [{"payment": Money(1050)}, {"payment": Money(-50)}]
    data = {"l": payments, "n": "jean-pierre LE GOFF", "e": []}
    tags = (
        "{{ l | sum('payment') | euros }}", "{{ (l | first).payment | euros }}",
        "{{ (l | last).payment | euros }}", "{{ n | title }}", "{{ n | upper }}", "{{ n | lower }}",
        "{{ x | default('rien') }}", "{{ e | count }}",
    )  # fmt: skip
    made = compile_template(docx(*map(paragraph, tags))).render(data, {})
    said = plain(made).replace("\u00a0", " ").splitlines()
    assert [line for line in said if line not in ("En-tête", "Pied")] == [
        "10,00 €", "10,50 €", "−0,50 €", "Jean-Pierre Le Goff", "JEAN-PIERRE LE GOFF", "jean-pierre le goff",
        "rien", "0",
    ]  # fmt: skip
    with pytest.raises(RenderError):
        compile_template(docx(paragraph("{{ e | first }}"))).render(data, {})


def test_what_is_no_word_file_is_refused() -> None:
    found = mend(b"PK\x03\x04", make_fields(), (), {})
    assert [one.code for one in found.refusals] == ["DOCX_FORMAT"]
