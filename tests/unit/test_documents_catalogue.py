"""The shipped catalogue: its texts as a reviewer reads them, its mentions, what depends on a date."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest

from services.documents.contract.disclosure import withheld
from services.documents.contract.dossier_json import CONTRACT
from services.documents.contract.statistics import published
from services.documents.contract.values import Money
from services.documents.profile.law import faults
from services.documents.render.assembly import Piece, assemble
from services.documents.template.context import make_context
from services.kit.french import typeset
from tests.documents_catalogue import CASES, READABLE, TEMPLATES, context, document, expected, plan, printed
from tests.documents_support import DAY, example, parts
from tests.documents_templates import profile, shipped
from tests.support import ROOT
from tools.house.build import MODELS

MENTIONS = {
    "B1": "Dossier suivi par : ",
    "B2": "résidente.*\n \nJeanne Exemple|du 5 janvier 2026\\)\n \nPaul Modèle",
    "B3": "deux mois après la réception de votre demande, celle-ci sera considérée comme refusée",
    "B4": "Ce délai de deux mois est suspendu jusqu’au",
    "B5": "former un recours gracieux, en écrivant à",
    "B6": "## Les motifs de ce",
    "B7": "principales caractéristiques de sa mise en œuvre",
    "B8": "est responsable du traitement de ces données",
    "B9": "Défenseur des droits",
    "B10": "Un crédit coûte de l’argent et doit être remboursé",
    "B11": "Simulation indicative établie le",
    "B12": "vous reçoit gratuitement et en toute confidentialité",
    "B13": "décide seul d’accorder ou non ce prêt",
}
SIGNED_BUT_NO_DECISION = {
    "11-presentation-banque",
    "17-convention-accompagnement",
    "18-convention-partenariat",
}
DECISIONS = {"06-cloture-dossier", "14-refus-presentation"}


def texts(template: str) -> str:
    contents = (document(*case) for case in CASES if case[0] == template)
    return "\n".join(printed(content) for content in contents if content).replace("\u00a0", " ")


def on(template: str, day: date, **changed: Any) -> str:
    """The complete example, changed, in a document of this day."""
    raw = example("complet")
    for name, part in changed.items():
        raw[name] = part
    data = CONTRACT.typed(json.loads(json.dumps(raw)))
    package = shipped(template)
    return printed(plan(template).render(make_context(data, package, profile(), day)))


@pytest.mark.parametrize(("template", "name"), READABLE)
def test_a_document_says_what_a_reviewer_has_read(template: str, name: str) -> None:
    content, path = document(template, name), expected(template, name)
    assert (content is not None) == path.exists()
    if content is not None:
        assert printed(content) == path.read_text(encoding="utf-8"), "python -m tests.documents_catalogue"


def test_the_catalogue_is_whole() -> None:
    assert {template[:2] for template in TEMPLATES} == {f"{rank:02d}" for rank in range(26)}
    assert {model.id for model in MODELS} == set(TEMPLATES)
    for template in TEMPLATES:
        found = [name for owner, name in CASES if owner == template and document(owner, name)]
        assert {"minimal", "extreme"} <= set(found)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_document_has_the_mentions_of_its_manifest_and_no_other(template: str) -> None:
    said = texts(template).replace("\u202f", " ")
    found = {block for block, words in MENTIONS.items() if re.search(words, said)}
    if template in SIGNED_BUT_NO_DECISION:
        found.discard("B2")
    assert found == set(shipped(template).manifest["mentions"])


def test_decisions_give_remedies_and_what_the_lender_decides_gives_none() -> None:
    for template in TEMPLATES:
        mentions = set(shipped(template).manifest["mentions"])
        if "B6" in mentions and template in DECISIONS:
            assert {"B1", "B2", "B5"} <= mentions
    assert "B5" not in shipped("15-decision-banque").manifest["mentions"]


@pytest.mark.parametrize("template", [name for name in TEMPLATES if name.startswith("22-")])
def test_the_credit_notice_follows_the_date_of_the_document(template: str) -> None:
    before, after = on(template, date(2026, 11, 19)), on(template, date(2026, 11, 20))
    assert "Un crédit vous engage et doit être remboursé" in before
    assert "Un crédit coûte" not in before
    assert "Attention\u202f! Un crédit coûte de l’argent et doit être remboursé." in after
    assert "Un crédit vous engage" not in after
    for figure in ("TAEG", "2,02\u00a0%", "85,93\u00a0€", "3\u202f093,40\u00a0€", "taux débiteur fixe"):
        assert figure in after


@pytest.mark.parametrize("template", [name for name in TEMPLATES if name[:2] in ("10", "21", "22")])
def test_what_is_published_names_nobody(template: str) -> None:
    said = texts(template)
    person = example("complet")["applicant"]
    for secret in (person["last_name"], person["phone"], person["email"], "MC-2026-0042"):
        assert secret not in said


def test_a_compulsory_text_has_no_gap() -> None:
    old, new = profile().content["law"]["credit_notice"]
    assert list(faults([new, old])) == []
    assert list(faults([old])) == ["aucun texte ne vaut après le 19\u00a0novembre\u00a02026."]
    assert list(faults([new])) == ["aucun texte ne vaut avant la première date."]
    late, early = (dict(new, **{"from": new["from"].replace(day=day)}) for day in (22, 19))
    assert list(faults([old, late])) == ["aucun texte ne vaut le 20\u00a0novembre\u00a02026."]
    assert list(faults([old, early])) == ["deux textes valent le 19\u00a0novembre\u00a02026."]


def test_the_law_of_a_contract_is_that_of_its_day() -> None:
    offer = example("offre-acceptee")["bank_decision"]
    new = on("20-incident", DAY, bank_decision=offer)
    offer["offer"]["accepted_on"] = "2026-11-19"
    old = on("20-incident", DAY, bank_decision=offer)
    assert "la loi oblige aussi l’établissement" in new
    assert "la loi oblige aussi" not in old


def test_the_copy_for_the_lender_is_silent_on_children() -> None:
    ours, theirs = (
        printed(document(template, "complet") or b"")
        for template in ("01-dossier-demande", "01-dossier-demande-banque")
    )
    for secret in ("Lila", "09/03/2015", "Mission locale Exemple"):
        assert secret in ours
        assert secret not in theirs


@pytest.mark.parametrize(
    "template", ["02-fiche-projet", "08-autorisation-transmission", "11-presentation-banque"]
)
def test_a_care_project_is_never_told(template: str) -> None:
    project = example("complet")["project"] | {
        "category": "SANTE",
        "category_label": "Santé",
        "label": "prothèse",
    }
    said = on(template, DAY, project=project)
    assert "prothèse" not in said
    assert "citadine" not in said


def test_a_refusal_names_the_commune_and_says_that_it_is_forwarded() -> None:
    said = printed(document("14-refus-presentation", "refus-territoire") or b"")
    assert "56260" not in said
    assert "Commune de résidence | Vannes" in said
    assert "à l’administration compétente\u00a0: le centre communal d’action sociale (CCAS) de Vannes" in said
    assert "L.\u00a0114-2" in said


def test_small_counts_are_withheld_and_cannot_be_computed() -> None:
    assert withheld([14, 6, 4], 5).parts == {1, 2}
    assert withheld([14, 3, 4], 5).parts == {0, 1, 2}
    assert withheld([0, 5, 9], 5).parts == frozenset()
    rows = [{"label": str(count), "count": count, "amount": Money(count * 100)} for count in (14, 6, 4)]
    report = {
        "year": 2026,
        "figures": [{"label": "a", "count": 4}, {"label": "b", "count": 0}],
        "tables": [{"title": "t", "heading": "h", "rows": rows}],
    }
    shown = published(report, 5).context()
    assert [figure["display"] for figure in shown["figures"]] == ["moins de 5", "0"]
    (table,) = shown["tables"]
    assert [row["count"] for row in table["rows"]] == ["14", "non communiqué", "moins de 5"]
    assert [row["amount"] for row in table["rows"]] == ["14,00\u00a0€", "non communiqué", "non communiqué"]
    assert (table["total"]["count"], table["total"]["amount"]) == ("24", "non communiqué")


@pytest.mark.parametrize(
    "template", ["01-dossier-demande", "03-budget-mensuel", "16-tableau-amortissement", "21-rapport-annuel"]
)
def test_charts_are_native_and_told_in_words(template: str) -> None:
    found = parts(document(template, "complet") or b"")
    charts = [content.decode() for name, content in found.items() if name.startswith("word/charts/")]
    assert charts
    assert all("<c:numLit>" in chart and "{" not in chart for chart in charts)
    assert not [name for name in found if "embeddings" in name or name.endswith((".jpg", ".emf"))]
    described = re.findall(
        r'<wp:docPr [^>]*name="Graphique[^>]*descr="([^"]+)"', found["word/document.xml"].decode()
    )
    assert len(described) == len(charts)
    if template not in ("16-tableau-amortissement", "21-rapport-annuel"):
        assert "<c:v>1158.08</c:v>" in charts[0]
        assert "reste à vivre 1\u202f122,38\u00a0€" in described[0]


def test_a_chart_of_unknown_figures_is_left_out() -> None:
    content = document("03-budget-mensuel", "minimal") or b""
    assert "Graphique" not in parts(content)["word/document.xml"].decode()


def test_the_contents_of_a_merged_dossier_lead_to_its_pieces() -> None:
    names = ("01-dossier-demande", "03-budget-mensuel")
    pieces = [Piece(plan("00-sommaire"), context("00-sommaire", "complet") or {})]
    pieces += [Piece(plan(name), context(name, "complet") or {}, shipped(name).title) for name in names]
    body = parts(assemble(pieces))["word/document.xml"].decode()
    assert r"TOC \f d \n \h" in body
    for number in (1, 2):
        assert f'w:anchor="piece_{number}"' in body
        assert f'w:name="piece_{number}"' in body


def test_the_guide_lists_the_catalogue_as_it_is() -> None:
    guide = (ROOT / "docs" / "catalogue-documents.md").read_text(encoding="utf-8").replace("\u00a0", " ")
    for template in TEMPLATES:
        manifest = shipped(template).manifest
        (row,) = re.findall(rf"^\| `{template}` \|.*$", guide, re.MULTILINE)
        assert manifest["title"].replace("\u00a0", " ") in row
        assert f"| {' '.join(manifest['mentions']) or '—'} |" in row
        assert all(f"`{path}`" in row for path in manifest["requires"])


def test_manifests_are_typeset() -> None:
    for template in TEMPLATES:
        manifest = shipped(template).manifest
        assert [line for line in (manifest["title"], *manifest["legal_basis"]) if line != typeset(line)] == []
