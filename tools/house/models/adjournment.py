"""13 — Ajournement: what is expected, by when, and when the file is examined again."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import bullets, closing, opening, rights, signature
from tools.house.mentions import administrative_mediation, defender, running_refusal
from tools.house.models.common import DEMAND, REQUEST
from tools.house.ooxml import heading, lead_in, paragraph

MODEL = Model(
    "13-ajournement",
    "Ajournement d’une demande de microcrédit",
    opening("votre demande de microcrédit personnel – examen reporté", REQUEST)
    + paragraph(
        f"Vous avez demandé un microcrédit personnel accompagné {DEMAND}."
        "{% if committee is defined and committee.met_on is defined %} La commission a examiné votre dossier "
        "le {{ committee.met_on | long_date }}.{% endif %}"
    )
    + paragraph("**Votre demande n’est ni acceptée ni refusée : son examen est reporté.**")
    + heading("Les motifs de ce report")
    + lead_in(
        "Au regard du {{ profile.bylaw.title }} ({{ profile.bylaw.deliberation }} du "
        "{{ profile.bylaw.adopted_on | long_date }}) :"
    )
    + bullets("reason", "adjournment.reasons", "{{ reason }}")
    + heading("Ce que nous attendons de vous")
    + lead_in(
        "**Au plus tard le {{ adjournment.deadline | long_day }}**, soit "
        "**{{ adjournment.deadline | time_left(document.date) }}** :"
    )
    + bullets("action", "adjournment.expected", "{{ action }}")
    + lead_in(
        "{% if adjournment.next_committee_on is defined %}Votre dossier sera réexaminé le "
        "**{{ adjournment.next_committee_on | long_date }}**.{% else %}Votre dossier sera réexaminé dès "
        "votre réponse.{% endif %} La personne chargée de votre dossier peut vous aider : n’attendez pas la "
        "date limite pour l’appeler."
    )
    + closing()
    + signature()
    + rights(administrative_mediation(), running_refusal(), defender()),
)
