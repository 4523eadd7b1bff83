"""09 — Évaluation sociale: for the committee only, with the facts it strictly needs."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent, agent_signature, bullets, cover
from tools.house.mentions import END
from tools.house.models.common import DEMAND
from tools.house.ooxml import (
    Column,
    Rows,
    Table,
    bullet,
    heading,
    labelled,
    lead_in,
    optional,
    paragraph,
    when,
)

_TOTALS = (
    ("Ressources", "income"),
    ("Charges", "expenses"),
    ("Mensualités de crédits", "credit_instalments"),
    ("Remboursements de dettes", "debt_repayments"),
    ("Reste à vivre avant le prêt", "living_remainder_before"),
    ("Reste à vivre après le prêt", "living_remainder_after"),
)
_BUDGET = Table(
    "Budget mensuel en résumé",
    [Column("Budget", 68), Column("Par mois", 32, amount=True)],
    [Rows((label, optional(f"budget.totals.{name}", "euros"))) for label, name in _TOTALS],
)


def _points(title: str, items: str, *, kept: bool = False) -> str:
    """A list under its title; `kept`, it stays with the conclusion, which is never alone on a page."""
    return when(items, heading(title, 2), bullets("point", items, "{{ point }}", kept=kept))


MODEL = Model(
    "09-evaluation-sociale",
    "Évaluation sociale",
    cover(
        "Évaluation sociale",
        paragraph(
            "**Document interne, couvert par le secret professionnel** (article 226-13 du code pénal). Il "
            "est destiné à la commission ; il n’est jamais transmis à l’établissement prêteur.",
            "Notice",
        ),
        labelled("Référence", "{{ case.reference }}"),
        labelled("Demande", f"microcrédit {DEMAND}"),
        agent(),
    )
    + heading("La situation")
    + when(
        "household is defined",
        paragraph(
            "Le foyer compte {{ household.persons }} {{ 'personne' if household.persons == 1 else "
            "'personnes' }}"
            "{% if household.family_situation is defined %} (situation familiale : {{ "
            "household.family_situation }}){% endif %}."
            "{% if housing is defined %} Logement : {{ housing.status }}.{% endif %}"
        ),
    )
    + when(
        "opinion.interviews",
        lead_in("Entretiens qui fondent cette évaluation :"),
        bullets(
            "interview", "opinion.interviews", "{{ interview.date | long_date }} – {{ interview.kind }}" + END
        ),
    )
    + when("budget is defined", heading("Le budget", 2), _BUDGET.xml())
    + heading("L’évaluation")
    + when(
        "opinion.evaluation is defined",
        paragraph("{{ opinion.evaluation }}"),
        otherwise=[
            when("opinion.summary_for_bank is defined", paragraph("{{ opinion.summary_for_bank }}")),
        ],
    )
    + _points("Les points d’appui", "opinion.strengths")
    + _points("Les points de vigilance", "opinion.risks", kept=True)
    + _points("Les autres solutions examinées", "opinion.alternatives", kept=True)
    + heading("La conclusion")
    + lead_in(
        "Avis du service : **{{ opinion.outcome | label }}**{% if opinion.given_on is defined %}, rendu le "
        "{{ opinion.given_on | long_date }}{% endif %}."
    )
    + when(
        "opinion.difference is defined",
        lead_in("Différence avec la vérification des conditions : {{ opinion.difference }}"),
    )
    + when(
        "opinion.recommended is defined",
        bullet(
            "prêt recommandé : {{ opinion.recommended.amount | euros }} sur "
            "{{ opinion.recommended.months | months }}, au lieu de {{ loan.amount | euros }} sur "
            "{{ loan.months | months }}."
        ),
    )
    + when(
        "support is defined and support.referent is defined",
        paragraph(
            "Accompagnement proposé : {{ support.referent | civil_name }}, "
            "{{ support.referent.capacity }}{% if support.frequency is defined %}, "
            "{{ support.frequency }}{% endif %}.",
            properties="<w:keepNext/>",
        ),
    )
    + agent_signature(),
)
