"""16 — Tableau d’amortissement indicatif: terms, balance, every instalment."""

from __future__ import annotations

from tools.house.chart import BALANCE
from tools.house.document import Model
from tools.house.letter import cover
from tools.house.mentions import simulation
from tools.house.models.common import BORROWERS, loan_terms, one_or_many, schedule
from tools.house.ooxml import heading, labelled

MODEL = Model(
    "16-tableau-amortissement",
    "Tableau d’amortissement indicatif",
    cover(
        "Tableau d’amortissement indicatif",
        labelled("Référence", "{{ case.reference }}"),
        labelled(one_or_many("Emprunt au nom de", "Emprunt aux noms de"), BORROWERS),
    )
    + simulation()
    + heading("Le prêt")
    + loan_terms()
    + heading("Le capital restant dû")
    + BALANCE.drawing(1)
    + heading("Les mensualités")
    + schedule(),
    charts=(BALANCE,),
)
