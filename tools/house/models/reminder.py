"""06 — Relance: the documents asked for have not all come; what happens without them."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent_signature, bullets, closing, opening
from tools.house.mentions import END
from tools.house.models.common import REQUEST, holder
from tools.house.ooxml import heading, lead_in, paragraph

STILL_MISSING = bullets(
    "piece",
    "pieces | missing",
    "{{ piece.label }}{% if piece.holder is defined %} (" + holder("piece.holder") + "){% endif %}" + END,
)

MODEL = Model(
    "06-relance-pieces",
    "Relance : pièces attendues pour une demande de microcrédit",
    opening("votre demande de microcrédit personnel – rappel des pièces attendues", REQUEST)
    + lead_in(
        "Par lettre du {{ correspondence.documents_requested_on | long_date }}, nous vous avons demandé des "
        "pièces pour étudier votre demande. Il nous manque encore :"
    )
    + STILL_MISSING
    + heading("Ce que vous devez faire")
    + paragraph(
        "Merci de nous les remettre **au plus tard le {{ deadlines.documents | long_day }}**, soit "
        "**{{ deadlines.documents | time_left(document.date) }}**. Des copies suffisent : par courrier à "
        "l’adresse de cette lettre{% if agent.email is defined %}, par courriel à "
        "{{ agent.email }}{% endif %}, ou sur place, {{ profile.organisation.opening_hours }}."
    )
    + lead_in(
        "Sans ces pièces à cette date, nous ne pourrons pas étudier votre demande et votre dossier pourra "
        "être fermé."
    )
    + heading("Si vous avez une difficulté")
    + lead_in(
        "Si une pièce est difficile à obtenir, si une autre administration la détient déjà, ou si vous avez "
        "besoin de plus de temps, appelez-nous : nous chercherons ensemble une solution. Si vous ne "
        "souhaitez plus ce prêt, dites-le-nous aussi."
    )
    + closing()
    + agent_signature(),
)
