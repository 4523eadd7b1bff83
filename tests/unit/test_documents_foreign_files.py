"""Whole files of other tools, written anew: each is mended, or refused with a place and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from services.documents.template import Mended, make_fields, mend
from services.documents.template.gate import examine
from services.kit.findings import Finding, Severity, errors
from tests.documents_support import plain
from tests.documents_templates import docx, paragraph, run, table, template

REQUIRES = ("applicant", "case", "loan")
CHARS = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
CODE = "<w:r><w:instrText>{}</w:instrText></w:r>"


def complex_field(*inside: str, shown: str = "x") -> str:
    """A field of Word, other fields being in its code."""
    codes = "".join(one if one.startswith("<") else CODE.format(one) for one in inside)
    return f"{CHARS.format('begin')}{codes}{CHARS.format('separate')}{run(shown)}{CHARS.format('end')}"


def merge(name: str, test: str) -> str:
    """A paragraph that depends on a field of the merge."""
    return f"<w:p>{complex_field(' IF ', complex_field(f' MERGEFIELD {name} '), f' {test} ')}</w:p>"


def box(ticked: str) -> str:
    data = f'<w:ffData><w:checkBox><w:checked w:val="{ticked}"/></w:checkBox></w:ffData>'
    begin = f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r>'
    return f"{begin}{CODE.format(' FORMCHECKBOX ')}{CHARS.format('end')}"


@dataclass(frozen=True)
class File:
    """A file: its blocks, its lines once mended, what is then asked, and what is still refused."""

    blocks: tuple[str, ...]
    lines: tuple[str, ...]
    asked: tuple[str, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    footer: str = "Pied"


def lines(*texts: str) -> tuple[str, ...]:
    return tuple(map(paragraph, texts))


UPPER = " MERGEFIELD Civilite \\* Upper "
PHONE = "{% if applicant.phone is defined %}"
FILES: dict[str, File] = {
    "docxtpl, conditions and calls": File(
        (
            *lines("{% if lot.est_social() -%}", "Lot n° {{ lot.numero }}", "{%- elif loan %}"),
            *lines("Prêt de {{ loan.amount|f }} sur {{ loan.months }} mois", "{%- endif %}"),
            *lines("{% if loan.months in [6, 12] and applicant['civility'] == 'Mme' %}Un an{% endif %}"),
        ),
        (
            "{%p if lot.est_social() %}", "Lot n° {{ lot.numero }}", "{%p elif loan %}",
            "Prêt de {{ loan.amount | euros }} sur {{ loan.months }} mois", "{%p endif %}",
            "{% if (loan.months == 6 or loan.months == 12) and (applicant.civility is defined and "
            "applicant.civility == 'MADAME') %}Un an{% endif %}",
        ),
        ("lot.est_social()", "lot.numero"),
        {"EXPRESSION_FORBIDDEN": 1, "FIELD_UNKNOWN": 1},
    ),
    "docxtpl, a loop over cells": File(
        (
            table(("N°", "Date", "Montant"),
                  ("{% for l in loan.schedule %}{{ l.number }}", "{{ l.due_date|d }}",
                   "{{ l.payment|f }}{% endfor %}")),
            *lines("{{ pieces|length }} pièces"),
        ),
        (
            "N°", "Date", "Montant", "{%tr for l in loan.schedule %}", "{{ l.number }}",
            "{% if l.due_date is defined %}{{ l.due_date | long_date }}{% endif %}",
            "{{ l.payment | euros }}", "{%tr endfor %}", "{{ pieces | length }} pièces",
        ),
    ),
    "docxtpl, check boxes": File(
        (
            f"<w:p>{run('{% if applicant.phone %}')}{box('1')}{run('{% else %}')}{box('0')}"
            f"{run('{% endif %} Tél.')}</w:p>",
            *lines("{% if loan.months == 12 %}☒{% else %}☐{% endif %} Un an"),
        ),
        (
            f"{PHONE}☒{{% else %}}☐{{% endif %}} Tél.",
            "{% if loan.months == 12 %}☒{% else %}☐{% endif %} Un an",
        ),
    ),
    "docxtpl, what only a program does": File(
        lines("{% set total = 3 %}", "{{r texte }}", "{% include 'pied.docx' %}", "{{ loan.months * 2 }}"),
        ("{% set total = 3 %}", "{{r texte }}", "{% include 'pied.docx' %}", "{{ loan.months * 2 }}"),
        ("texte",),
        {"TAG_UNKNOWN": 2, "TAG_RESERVED": 1, "FIELD_UNKNOWN": 1, "EXPRESSION_FORBIDDEN": 1},
    ),
    "Carbone, rows of a list": File(
        (
            *lines("{d.demandeur.nom:upperCase} {d.prenom}, le {d.date:formatD(LL)}", "{c.now:formatD(L)}"),
            table(("Pièce", "État"), ("{d.pieces[i].label}", "{d.pieces[i].status:convEnum(E)}"),
                  ("{d.pieces[i+1].label}", "{d.pieces[i+1].status}")),
            *lines("{d.telephone:ifEmpty('aucun')}"),
        ),
        (
            "{{ applicant.last_name }} {{ applicant.first_name }}, le {{ document.date | long_date }}",
            "{{ document.date | long_date }}", "Pièce", "État", "{%tr for element in pieces %}",
            "{{ element.label }}", "{{ element.status | label }}", "{%tr endfor %}",
            "{{ applicant.phone | default('aucun') }}",
        ),
    ),
    "Carbone, paragraphs and conditions": File(
        lines("{d.loan.schedule[i].number} : {d.loan.schedule[i].payment}", "{d.loan.schedule[i+1].number}",
              "{d.duree:ifGT(12):show('long'):elseShow('court')}", "{#nom = d.demandeur}"),
        (
            "{%p for element in loan.schedule %}", "{{ element.number }} : {{ element.payment | euros }}",
            "{%p endfor %}", "{d.duree:ifGT(12):show('long'):elseShow('court')}", "{#nom = d.demandeur}",
        ),
        refused={"TAG_FOREIGN": 2},
    ),
    "docxtemplater, sections": File(
        (
            *lines("{nom} {prenom | upper}", "{#pieces}", "{label}", "{/pieces}"),
            *lines("{#loan.months > 12 && loan}long{/}{^loan.months === 12}autre{/}"),
            table(("N°", "Montant"), ("{#loan.schedule}{number}", "{payment}{/loan.schedule}")),
        ),
        (
            "{{ applicant.last_name }} {{ applicant.first_name }}", "{%p for element in pieces %}",
            "{{ element.label }}", "{%p endfor %}",
            "{% if loan.months > 12 and loan %}long{% endif %}{% if not loan.months == 12 %}autre{% endif %}",
            "N°", "Montant", "{%tr for element in loan.schedule %}", "{{ element.number }}",
            "{{ element.payment | euros }}", "{%tr endfor %}",
        ),
    ),
    "docxtemplater, modules": File(
        lines("{%logo}", "{@texte}", "{-w:p pieces}x", "{nom}"),
        ("{%logo}", "{@texte}", "{-w:p pieces}x", "{{ applicant.last_name }}"),
        refused={"TAG_FOREIGN": 3},
    ),
    "mail merge, fields and conditions": File(
        (
            f"<w:p>{complex_field(UPPER)}{run(' «Nom», ')}</w:p>",
            merge("Civilite", '= "M." "Monsieur" "Madame"'),
            merge("Telephone", '= "" "" "Tél."'),
            *lines("«Adresse_1» «CP» «Ville», demande du «DateDemande»", "<<Prénom>>"),
            f"<w:p>{complex_field(' NEXT ', shown='')}</w:p>",
        ),
        (
            "{% if applicant.civility is defined %}{{ applicant.civility | label }}{% endif %} "
            "{{ applicant.last_name }}, ",
            "{% if applicant.civility is defined and applicant.civility == 'MONSIEUR' %}Monsieur{% else %}"
            "Madame{% endif %}",
            "{% if applicant.phone is undefined %}{% else %}Tél.{% endif %}",
            "{{ applicant.address.lines | join(', ') }} {{ applicant.address.postal_code }} "
            "{{ applicant.address.city }}, demande du {{ case.request_date | long_date }}",
            "{{ applicant.first_name }}",
        ),
        refused={"FIELD_FORBIDDEN": 1},
    ),
    "braces of a hurried person": File(
        lines("{ {nom} }", "{{ nom } } et { { prenom }}", "{ %p if loan % }", "x", "{%p endif %}",
              "{{{ nom }}}", "{{nom}", "{nom}}", "{{ montant euros }}"),
        (
            "{{applicant.last_name}}", "{{ applicant.last_name }} et {{ applicant.first_name }}",
            "{%p if loan %}", "x", "{%p endif %}", *["{{ applicant.last_name }}"] * 3,
            "{{ loan.amount | euros }}",
        ),
    ),
    "words of an office": File(
        lines("{% si applicant.phone %}x{% fin si %}", "{% p if loan %}", "a", "{% p endif %}",
              "[Nom] %NOM% #nom# [[Prénom]] [ANNEXE] 20 % et 30 % __NOM__", "{{ DateNaissance }}"),
        (
            f"{PHONE}x{{% endif %}}", "{%p if loan %}", "a", "{%p endif %}",
            "{{ applicant.last_name }} {{ applicant.last_name }} {{ applicant.last_name }} "
            "{{ applicant.first_name }} [ANNEXE] 20 % et 30 % {{ applicant.last_name }}",
            "{% if applicant.birth_date is defined %}{{ applicant.birth_date | long_date }}{% endif %}",
        ),
    ),
    "tracked changes": File(
        (
            f'<w:p><w:ins w:id="1" w:author="Une Personne">{run("{{ nom }}")}</w:ins>'
            '<w:del w:id="2" w:author="Une Personne"><w:r><w:delText>{{ x }}</w:delText></w:r></w:del></w:p>',
        ),
        ("{{ applicant.last_name }}",),
        refused={"REVISION": 3, "TAG_ELSEWHERE": 1},
    ),
    "tags of a footer": File(
        lines("Corps {{ nom }}"), ("Corps {{ applicant.last_name }}",), footer="{d.nom} [DATE] {%logo}",
        refused={"TAG_FOREIGN": 2},
    ),
}  # fmt: skip


def mended(file: File) -> Mended:
    return mend(docx(*file.blocks, footer=file.footer), make_fields(), REQUIRES, {})


def told(content: bytes) -> list[Finding]:
    """What is wrong with a file, the examples not being tried."""
    return list(errors(examine(template(content, requires=list(REQUIRES)), None).findings))


def counted(found: list[Finding]) -> dict[str, int]:
    codes = [one.code for one in found]
    return {code: codes.count(code) for code in codes}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_tool_is_mended_or_refused_with_its_places(name: str) -> None:
    file = FILES[name]
    found = mended(file)
    shown = [line for line in plain(found.docx).splitlines() if line not in ("En-tête", "Pied")]
    assert tuple(shown) == file.lines
    assert tuple(one.name for one in found.asked) == file.asked
    left = told(found.docx)
    assert counted(left) == dict(file.refused)
    for one in left:
        assert one.severity is Severity.ERROR
        assert one.place.part != "fichier"
        assert one.place.rank is not None
        assert one.advice


@pytest.mark.parametrize("name", FILES)
def test_a_mended_file_is_not_mended_again(name: str) -> None:
    once = mended(FILES[name])
    again = mend(once.docx, make_fields(), REQUIRES, {})
    assert (again.docx, again.done) == (once.docx, {})


def test_a_person_decides_of_a_tenth_of_what_is_wrong_at_most() -> None:
    """All of what docxtpl lets a ministry write, over and over, as real templates of forty pages do."""
    blocks = FILES["docxtpl, conditions and calls"].blocks + FILES["docxtpl, check boxes"].blocks
    cells = FILES["docxtpl, a loop over cells"].blocks
    title = f'<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr>{run("Convention")}</w:p>'
    content = docx(title, *(blocks + cells) * 6)
    before, found = told(content), mend(content, make_fields(), REQUIRES, {})
    assert {one.name for one in found.asked} == {"lot.est_social()", "lot.numero"}
    assert len(found.asked) * 10 <= len(before)
    names = {"lot.est_social()": "loan", "lot.numero": "case.reference"}
    assert told(mend(content, make_fields(), REQUIRES, names).docx) == []
