"""Near misses are told with the nearest field, and every advice was tried where it is given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.documents.render import opc
from services.documents.template.gate import examine
from services.documents.template.summing import summed
from services.kit.findings import Finding, Severity
from tests.documents_templates import docx, errors, paragraph, parts_of, table, template, verdict

CASES = Path(__file__).parents[1] / "cases" / "templates"
_TO_WRITE = re.compile(r"Écrivez « (\{.*\}) »\.")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def told(*blocks: str, requires: tuple[str, ...] = ("case", "applicant", "loan")) -> list[Finding]:
    return list(examine(template(docx(*blocks, paragraph("fin")), requires=list(requires)), None).findings)


def to_write(one: Finding) -> str:
    found = _TO_WRITE.fullmatch(plain(one.advice))
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("typed", "code", "instead"),
    [
        ("{ { applicant.last_name } }", "TAG_SPACED", "{{ applicant.last_name }}"),
        ("{ % if loan.months == 3 % }", "TAG_SPACED", "{% if loan.months == 3 %}"),
        ("{{ applicant.last_name } }", "TAG_SPACED", "{{ applicant.last_name }}"),
        ("{nom}", "TAG_FOREIGN", "{{ applicant.last_name }}"),
        ("{d.nom}", "TAG_FOREIGN", "{{ applicant.last_name }}"),
        ("${prenom}", "TAG_FOREIGN", "{{ applicant.first_name }}"),
        ("{montant}", "TAG_FOREIGN", "{{ loan.amount | euros }}"),
        (
            "{téléphone}",
            "TAG_FOREIGN",
            "{% if applicant.phone is defined %}{{ applicant.phone }}{% endif %}",
        ),
        ("{% if loan.months == 3 %}a{% endif %}}", "BRACE_ALONE", ""),
        ("«Nom»", "BLANK_LEFT", "{{ applicant.last_name }}"),
        ("[NOM]", "BLANK_LEFT", "{{ applicant.last_name }}"),
        ("[DATE]", "BLANK_LEFT", "{{ document.date | long_date }}"),
        ("__NOM__", "BLANK_LEFT", "{{ applicant.last_name }}"),
        ("<nom>", "BLANK_LEFT", "{{ applicant.last_name }}"),
        ("[Nom]", "BLANK_LEFT", "{{ applicant.last_name }}"),
        ("%NOM%", "BLANK_LEFT", "{{ applicant.last_name }}"),
        ("Fait à ......", "BLANK_LEFT", ""),
        ("{d.montant:formatC}", "TAG_FOREIGN", "{{ loan.amount | euros }}"),
        ("{c.now:formatD(L)}", "TAG_FOREIGN", "{{ document.date | long_date }}"),
        ("{d.duree:ifGT(12):show('long')}", "TAG_FOREIGN", ""),
        ("{#pieces}", "TAG_FOREIGN", ""),
        ("{%logo}", "TAG_FOREIGN", ""),
        ("{{nom}", "BRACE_ALONE", "{{ applicant.last_name }}"),
        ("{nom}}", "BRACE_ALONE", "{{ applicant.last_name }}"),
        ("{ {nom} }", "TAG_SPACED", "{{ applicant.last_name }}"),
        ("Monsieur XXX", "BLANK_LEFT", ""),
    ],
)
def test_what_looks_like_a_tag_is_told_with_the_nearest_field(typed: str, code: str, instead: str) -> None:
    (found,) = [one for one in told(paragraph(typed)) if one.code == code]
    assert found.severity is (Severity.WARNING if code == "BLANK_LEFT" else Severity.ERROR)
    assert to_write(found) == instead


@pytest.mark.parametrize(
    "text",
    [
        "Dites « oui »",
        "[sic]",
        "20 % et 30 %",
        "n° #12",
        "…",
        "«\u00a0Val d’Oust\u00a0»",
        "[1]",
        "<https://exemple.fr>",
        "____",
        "XX",
        "{_{ a }_}",
    ],
)
def test_what_letters_may_say_is_no_near_miss(text: str) -> None:
    codes = {one.code for one in told(paragraph(text))}
    assert not codes & {"TAG_SPACED", "TAG_FOREIGN", "BRACE_ALONE", "BLANK_LEFT"}


def test_a_template_without_a_tag_is_doubted() -> None:
    assert [one.code for one in told(paragraph("Madame"))] == ["NO_TAG"]
    foreign = verdict((CASES / "foreign-tags.docx").read_bytes())
    assert errors(foreign) == ["TAG_FOREIGN"] * 3
    assert "TAG_SPACED" in errors(verdict((CASES / "spaced-braces.docx").read_bytes()))


WRONG = {
    "{{ montant }}": "{{ loan.amount | euros }}",
    "{{ nom }}": "{{ applicant.last_name }}",
    "{{ applicant.nom }}": "{{ applicant.last_name }}",
    "{{ aplicant.last_name }}": "{{ applicant.last_name }}",
    "{{ demandeur.nom }}": "{{ applicant.last_name }}",
    "{{ DateDemande }}": "{{ case.request_date | long_date }}",
    "{{ applicant['first_name'] }}": "{{ applicant.first_name }}",
    "{{ loan.amount | f }}": "{{ loan.amount | euros }}",
    "{{ loan.amount euros }}": "{{ loan.amount | euros }}",
    "{% if loan.months in [6, 12] %}x{% endif %}": "{% if (loan.months == 6 or loan.months == 12) %}",
    "{{ loan.amount }}": "{{ loan.amount | euros }}",
    "{{ loan.amount | euro }}": "{{ loan.amount | euros }}",
    "{{ case.request_date }}": "{{ case.request_date | long_date }}",
    "{{ pieces }}": "{% for element in pieces %}…{% endfor %}",
    "{{ applicant.phone }}": "{% if applicant.phone is defined %}{{ applicant.phone }}{% endif %}",
    "{{ agent.phone }}": ("{% if agent is defined and agent.phone is defined %}{{ agent.phone }}{% endif %}"),
    "{% if applicant.phone %}x{% endif %}": "{% if applicant.phone is defined %}",
    "{% if applicant.phone == 'a' or loan.months == 3 %}x{% endif %}": (
        "{% if applicant.phone is defined and (applicant.phone == 'a' or loan.months == 3) %}"
    ),
    "{% for one in pieces %}{% if one.status == 'MISSNG' %}x{% endif %}{% endfor %}": (
        "{% if one.status == 'MISSING' %}"
    ),
    "{{ applicant.phone or '' }}": "{% if applicant.phone is defined %}{{ applicant.phone }}{% endif %}",
    "{% si loan.months == 3 %}": "{% if loan.months == 3 %}",
    "{% si applicant.phone %}": "{% if applicant.phone is defined %}",
    "{% If loan.months == 3 %}": "{% if loan.months == 3 %}",
    "{% p for one in pieces %}": "{%p for one in pieces %}",
    "{%P if loan.months == 3 %}": "{%p if loan.months == 3 %}",
    "{%pfor one in pieces %}": "{%p for one in pieces %}",
    "{% if loan.months == 3 %}a{% elseif loan.months == 4 %}b{% endif %}": "{% elif loan.months == 4 %}",
    "{% if loan.months == 3 %}a{% else if loan.months == 4 %}b{% endif %}": "{% elif loan.months == 4 %}",
    "{% if loan.months == 3 %}a{% endif loan %}": "{% endif %}",
    "{% if loan.months == 3 %}a{% finsi %}": "{% endif %}",
}


@pytest.mark.parametrize("typed", WRONG)
def test_the_advice_is_the_tag_to_write(typed: str) -> None:
    assert WRONG[typed] in [to_write(one) for one in told(paragraph(typed))]


@pytest.mark.parametrize("typed", WRONG)
def test_an_advice_that_is_followed_mends(typed: str) -> None:
    """The tag in cause is replaced by what is advised: nothing is then wrong with it."""
    advised = next(to_write(one) for one in told(paragraph(typed)) if to_write(one))
    texts = [typed.replace(tag, advised, 1) for tag in re.findall(r"\{%.*?%\}|\{\{.*?\}\}", typed)]
    codes = [{one.code for one in told(paragraph(text)) if one.severity is Severity.ERROR} for text in texts]
    # An instruction put right may open a passage that the text does not close, or stand beside a text.
    assert any(found <= {"BLOCK_UNCLOSED", "TEXT_LOST", "CONTAINER_EMPTIED"} for found in codes)


@pytest.mark.parametrize(
    "typed",
    [
        "{{ true }}",
        "{{ bailleur.nom }}",
        "{{ convention.numero }}",
        "{{ xyzzy }}",
        "{% xyzzy %}",
        "{{ applicant.last_name | xyzzy }}",
    ],
)
def test_nothing_is_advised_that_would_not_do(typed: str) -> None:
    found = told(paragraph(typed))
    assert found
    assert not [one for one in found if to_write(one)]


def test_a_loop_over_what_may_be_absent_is_put_in_a_condition() -> None:
    loop = ("{%p for one in budget.incomes %}", "x", "{%p endfor %}")
    (found,) = [one for one in told(*map(paragraph, loop)) if one.code == "OPTIONAL_UNGUARDED"]
    assert "« {%p if budget is defined %} »" in plain(found.advice)
    mended = ("{%p if budget is defined %}", *loop, "{%p endif %}")
    assert "OPTIONAL_UNGUARDED" not in [one.code for one in told(*map(paragraph, mended))]


def test_findings_of_one_kind_are_told_once_with_their_places() -> None:
    heading = '<w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr><w:r><w:t>Votre budget</w:t></w:r></w:p>'
    found = told(heading, *[paragraph("a {{ agent.capacity }}")] * 4, table(("{{ agent.capacity }}",)))
    (one,) = [one for one in summed(found) if one.code == "OPTIONAL_UNGUARDED"]
    assert plain(one.place.part) == "corps, paragraphe 2, sous « Votre budget »"
    assert plain(one.sentence).endswith("De même aux paragraphes 3, 4, 5 et 6.")


def test_every_finding_of_the_cases_has_a_place() -> None:
    whole = {"NO_TAG", "EXAMPLE_NONE"}
    for path in sorted(CASES.glob("*.docx")):
        for one in verdict(path.read_bytes()).findings:
            assert one.code in whole or one.place.part != "fichier", (path.name, one)


def test_files_that_are_not_written_as_word_writes_them() -> None:
    prefix = verdict((CASES / "prefix-ns0.docx").read_bytes())
    (first, *_) = prefix.findings
    assert (first.code, first.place.part) == ("DOCX_FORMAT", "corps")
    strict = parts_of(paragraph("a"))
    name = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    strict["word/document.xml"] = strict["word/document.xml"].replace(name, b"http://purl.oclc.org/ooxml/w")
    assert "DOCX_FORMAT" in errors(examine(template(opc.write(strict)), None))
    online = examine(template((CASES / "document2.docx").read_bytes()), None)
    assert "DOCX_FORMAT" not in errors(online)
    assert "word/document.xml" in opc.read(online.docx)
