"""03 — Budget mensuel: incomes, charges, credits, debts, what remains before and after the loan."""

from __future__ import annotations

from tools.house.chart import BUDGET
from tools.house.document import Model
from tools.house.letter import agent, cover
from tools.house.mentions import simulation
from tools.house.models.budget_chapter import budget_tables
from tools.house.models.common import BORROWERS, computed, one_or_many
from tools.house.ooxml import Column, Rows, Table, heading, labelled, when

_FIGURES = Table(
    "Indicateurs calculés par le service",
    [Column("Indicateur", 68), Column("Résultat", 32, amount=True)],
    [Rows.each("figure", "assessment.figures", "{{ figure.label }}", computed("figure"))],
)

MODEL = Model(
    "03-budget-mensuel",
    "Budget mensuel",
    cover(
        "Budget mensuel du foyer",
        labelled("Référence", "{{ case.reference }}"),
        labelled(one_or_many("Emprunt au nom de", "Emprunt aux noms de"), BORROWERS),
        when(
            "household is defined",
            labelled("Personnes au foyer", "{{ household.persons }}"),
        ),
        agent(),
    )
    + budget_tables()
    + when("charts.budget is defined", heading("Le budget avant et après le prêt"), BUDGET.drawing(1))
    + when(
        "assessment is defined and assessment.figures",
        heading("Les indicateurs"),
        _FIGURES.xml(),
    )
    + heading("Les hypothèses")
    + labelled(
        "Mensualité retenue", "{{ loan.instalment | euros }} pendant {{ loan.months | months }}", kept=True
    )
    + when(
        "budget.totals.living_remainder_after is defined and household is defined",
        labelled(
            "Lecture",
            "le reste à vivre après le prêt fait vivre {{ household.persons }} "
            "{{ 'personne' if household.persons == 1 else 'personnes' }}",
            kept=True,
        ),
    )
    + simulation(),
    charts=(BUDGET,),
)
