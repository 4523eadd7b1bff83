"""07 — Rendez-vous: when, where, why, and what to bring."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent_signature, bullets, closing, opening
from tools.house.mentions import END
from tools.house.models.common import REQUEST
from tools.house.ooxml import heading, labelled, lead_in, paragraph, when


def appointment_lines() -> str:
    """Date, hour, place of the appointment, one fact a line."""
    return "".join(
        (
            labelled(
                "Jour et heure",
                "**{{ appointment.date | long_day }}, à "
                "{{ appointment.time | clock }}**{% if appointment.duration_minutes is defined %} (environ "
                "{{ appointment.duration_minutes }}\u00a0minutes){% endif %}",
            ),
            labelled("Lieu", "{{ appointment.place }}"),
            when("appointment.access is defined", labelled("Accès", "{{ appointment.access }}")),
        )
    )


MODEL = Model(
    "07-rendez-vous",
    "Proposition de rendez-vous",
    opening("rendez-vous au sujet de votre demande de microcrédit personnel", REQUEST)
    + paragraph(
        "Je vous propose un rendez-vous{% if appointment.subject is defined %} pour "
        "{{ appointment.subject }}{% else %} pour avancer ensemble sur votre demande{% endif %}."
    )
    + heading("Le rendez-vous")
    + appointment_lines()
    + when(
        "appointment.bring",
        heading("Ce qu’il faut apporter"),
        bullets("thing", "appointment.bring", "{{ thing }}" + END),
    )
    + heading("Si vous ne pouvez pas venir")
    + lead_in(
        "Appelez-nous dès que possible au {% if agent.phone is defined %}{{ agent.phone | phone }}{% else %}"
        "{{ profile.organisation.phone | phone }}{% endif %} : nous fixerons une autre date. La personne "
        "de votre choix peut vous "
        "accompagner. Si vous avez besoin d’un lieu accessible ou d’un interprète, dites-le-nous avant "
        "le rendez-vous."
    )
    + closing()
    + agent_signature(),
)
