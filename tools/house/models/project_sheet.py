"""02 — Fiche projet: the object, the need, the cost and the funding, for the committee and the lender."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent, cover
from tools.house.models.common import BORROWERS, funding_plan, loan_terms, one_or_many, quotes
from tools.house.ooxml import heading, labelled, paragraph, when

MODEL = Model(
    "02-fiche-projet",
    "Fiche projet",
    cover(
        "Fiche projet",
        labelled("Référence", "{{ case.reference }}"),
        labelled(one_or_many("Emprunt au nom de", "Emprunt aux noms de"), BORROWERS),
        agent(),
    )
    + heading("Le projet")
    + paragraph("**{{ project | purpose | capital }}** ({{ project.category_label }})")
    + when(
        'project.category == "SANTE"',
        paragraph("Le détail d’un projet de soins reste au service : il n’est pas transmis au prêteur."),
        otherwise=(
            when(
                "project.description is defined",
                heading("Le besoin", 2),
                paragraph("{{ project.description }}"),
            ),
            when(
                "project.benefit is defined",
                heading("Ce que le projet doit apporter", 2),
                paragraph("{{ project.benefit }}"),
            ),
            when("project.quotes", heading("Les devis", 2), quotes()),
        ),
    )
    + heading("Le coût et le financement")
    + funding_plan()
    + heading("Le prêt demandé")
    + loan_terms(),
)
