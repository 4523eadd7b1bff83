"""12 — Attestation d’accompagnement: who accompanies the borrower, how often, until when."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent, bullets, cover, signature
from tools.house.mentions import END
from tools.house.models.common import BORROWERS, DEMAND, one_or_many, support_terms
from tools.house.ooxml import heading, labelled, lead_in, paragraph, when

MODEL = Model(
    "12-attestation-accompagnement",
    "Attestation d’accompagnement",
    cover(
        "Attestation d’accompagnement",
        labelled("Référence", "{{ case.reference }}"),
        when("bank is defined", labelled("À l’attention de", "{{ bank.name }}")),
        agent(),
    )
    + paragraph(
        f"Le {{{{ profile.organisation.name }}}} atteste qu’il accompagne **{BORROWERS}** dans "
        f"{one_or_many('sa', 'leur')} demande de microcrédit personnel {DEMAND}, et jusqu’à la fin du "
        f"remboursement si le prêt "
        "est accordé."
    )
    + heading("L’accompagnement")
    + support_terms()
    + when("support.start_date is defined", labelled("Début", "{{ support.start_date | long_date }}"))
    + when("support.end_date is defined", labelled("Fin prévue", "{{ support.end_date | long_date }}"))
    + when(
        "support.actions",
        heading("Les actions convenues"),
        bullets("action", "support.actions", "{{ action }}" + END, kept=True),
    )
    + heading("En cas de difficulté")
    + lead_in(
        "Le référent est l’interlocuteur de l’établissement pendant tout le prêt. L’établissement le "
        "prévient dans les {{ profile.follow_up.alert_days }}\u00a0jours d’un impayé ; le service "
        "reprend contact "
        "avec "
        + one_or_many("la personne", "les personnes")
        + " dans les {{ profile.follow_up.contact_days }}\u00a0jours."
    )
    + lead_in(
        "Cette attestation est délivrée pour être jointe à la demande de prêt. Elle n’est ni une caution ni "
        "une garantie."
    )
    + signature(),
)
