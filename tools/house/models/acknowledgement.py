"""04 — Accusé de réception: when silence becomes a refusal, the remedies, the personal data."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent_signature, bullets, closing, opening, rights, rights_follow
from tools.house.mentions import END, acknowledgement, implicit_remedies, privacy
from tools.house.models.common import DEMAND, REQUEST, holder
from tools.house.ooxml import heading, lead_in, paragraph, when

_MISSING = when(
    "pieces | missing",
    heading("Ce qui manque à votre dossier"),
    lead_in(
        "Pour étudier votre demande, nous avons besoin de ce qui "
        "suit{% if deadlines is defined and deadlines.documents is defined %}, **au plus tard le "
        "{{ deadlines.documents | long_day }}**, soit "
        "**{{ deadlines.documents | time_left(document.date) }}**{% endif %} :"
    ),
    bullets(
        "piece",
        "pieces | missing",
        "{{ piece.label }}{% if piece.holder is defined %} (" + holder("piece.holder") + "){% endif %}"
        "{% if piece.max_age_months is defined %}, de moins de {{ piece.max_age_months | months }}{% endif %}"
        + END,
    ),
)

MODEL = Model(
    "04-accuse-reception",
    "Accusé de réception d’une demande de microcrédit",
    opening("accusé de réception de votre demande de microcrédit personnel", REQUEST)
    + paragraph("Nous avons bien reçu votre demande **le {{ case.received_on | long_date }}**.")
    + when(
        "loan is defined and project is defined",
        paragraph(f"Elle porte sur un microcrédit personnel accompagné {DEMAND}."),
    )
    + paragraph(
        "La personne chargée de votre dossier, nommée ci-dessus, va l’étudier avec vous. Écrivez-lui ou "
        "appelez-la à l’adresse et au numéro de cette lettre, en rappelant la référence {{ case.reference }}."
    )
    + _MISSING
    + acknowledgement()
    + rights_follow()
    + closing()
    + agent_signature()
    + rights(
        implicit_remedies(),
        heading("Vos données personnelles"),
        privacy(),
        new_page=True,
    ),
)
