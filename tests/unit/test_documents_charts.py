"""Native charts: whatever a template shows as a sample, documents show the figures of the file."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from services.documents.render import opc
from services.documents.render.compiler import compile_template
from services.documents.template.gate import examine
from services.kit.findings import Finding, Severity
from tests.documents_catalogue import context
from tests.documents_support import parts
from tests.documents_templates import MAIN, sample, shipped

SHEET, CHART = "03-budget-mensuel", "word/charts/chart1.xml"
SHOWN = [
    ("Charges", ["1158.08", "1158.08"]),
    ("Crédits", ["155.00", "155.00"]),
    ("Dettes", ["30.00", "30.00"]),
    ("Microcrédit", ["0.00", "71.06"]),
    ("Reste à vivre", ["1193.44", "1122.38"]),
]


def saved_again(chart: str) -> str:
    """The chart as Word and LibreOffice save it: references to a sheet, and what they last gave."""
    for kind in ("str", "num"):
        cached = rf"<c:{kind}Ref><c:f>Feuille</c:f><c:{kind}Cache>\1</c:{kind}Cache></c:{kind}Ref>"
        chart = re.sub(rf"<c:{kind}Lit>(.*?)</c:{kind}Lit>", cached, chart, flags=re.DOTALL)
    return chart


def edited(part: str, before: str, after: str) -> bytes:
    """The shipped budget sheet where a text of a part is another one."""
    found = parts(shipped(SHEET).docx)
    text = found[part].decode()
    assert before in text
    return opc.write({**found, part: text.replace(before, after).encode()})


def figures(docx: bytes) -> list[tuple[str, list[str]]]:
    """The titles of the series of the chart of a document, and their values."""
    made = parts(compile_template(docx).render(context(SHEET, "complet") or {}))[CHART].decode()
    return [
        (
            re.findall(r"<c:tx>.*?<c:v>(.*?)</c:v>", series, re.DOTALL)[0],
            re.findall(r"<c:v>(.*?)</c:v>", series.partition("<c:val>")[2]),
        )
        for series in re.findall(r"<c:ser>.*?</c:ser>", made, re.DOTALL)
    ]


@pytest.mark.parametrize("saved", [str, saved_again])
def test_the_figures_of_the_file_replace_those_of_the_template(saved: type[str]) -> None:
    found = parts(shipped(SHEET).docx)
    found[CHART] = saved(found[CHART].decode()).encode()
    assert figures(opc.write(found)) == SHOWN


def test_a_series_moved_keeps_its_figures() -> None:
    found = parts(shipped(SHEET).docx)
    chart = found[CHART].decode()
    series = re.findall(r"<c:ser>.*?</c:ser>", chart, re.DOTALL)
    found[CHART] = chart.replace("".join(series), "".join(reversed(series[:4]))).encode()
    assert figures(opc.write(found)) == SHOWN[3::-1]


def said(docx: bytes) -> list[Finding]:
    """What the gate says of the budget sheet."""
    template = replace(shipped(SHEET), docx=docx)
    return [one for one in examine(template, sample()).findings if one.code.startswith("CHART")]


@pytest.mark.parametrize("title", ["Loisirs", "a&quot;] %}{{ b }}&lt;"])
def test_a_series_that_nobody_knows_is_refused(title: str) -> None:
    (found,) = said(edited(CHART, "<c:v>Dettes</c:v>", f"<c:v>{title}</c:v>"))
    assert (found.code, found.severity, str(found.place)) == (
        "CHART_SERIES_UNKNOWN",
        Severity.ERROR,
        "graphique 1",
    )
    assert "Charges, Crédits, Dettes, Microcrédit et Reste à vivre" in found.advice


def test_a_chart_without_its_name_keeps_its_own_figures_and_says_so() -> None:
    fixed = edited(MAIN, "{{ charts.budget.alt }}", "Un exemple de budget")
    (found,) = said(fixed)
    assert (found.code, found.severity) == ("CHART_OF_FIXED_FIGURES", Severity.WARNING)
    assert "« {{ charts.budget.alt }} »" in found.advice.replace("\u00a0", " ")
    assert figures(fixed)[0] == ("Charges", ["800", "800"])


def test_a_chart_that_lost_its_name_has_it_again() -> None:
    """LibreOffice keeps no alternative text of a chart."""
    lost = edited(MAIN, ' descr="{{ charts.budget.alt }}"', "")
    verdict = examine(replace(shipped(SHEET), docx=lost), sample())
    assert [one.code for one in verdict.findings] == []
    assert figures(verdict.docx) == SHOWN
    assert "{{ charts.budget.alt }}" in parts(verdict.docx)[MAIN].decode()


def test_no_sample_is_left_where_figures_are_unknown() -> None:
    made = parts(compile_template(shipped(SHEET).docx).render(context(SHEET, "minimal") or {}))
    assert "<c:pt " not in made[CHART].decode()
