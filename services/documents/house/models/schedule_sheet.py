"""16 — Tableau d’amortissement indicatif: terms, balance, every instalment."""

from __future__ import annotations

from services.documents.house.chart import BALANCE
from services.documents.house.document import Model
from services.documents.house.letter import cover
from services.documents.house.mentions import simulation
from services.documents.house.models.common import BORROWERS, loan_terms, one_or_many, schedule
from services.documents.house.ooxml import heading, labelled

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
