"""05 — Demande de pièces: what is missing from a file, why, and by when."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent_signature, bullets, closing, opening, rights
from tools.house.mentions import END, suspended_refusal
from tools.house.models.common import REQUEST, holder
from tools.house.ooxml import Column, Rows, Table, heading, lead_in, paragraph, when

_PIECES = Table(
    "Pièces à fournir : pièce, motif de la demande, ancienneté admise et date limite",
    [Column("Pièce", 42), Column("Pourquoi nous la demandons", 34), Column("À respecter", 24)],
    [
        Rows.each(
            "piece",
            "pieces | missing",
            "**{{ piece.label }}**{% if piece.holder is defined %} ("
            + holder("piece.holder")
            + "){% endif %}",
            "{{ piece.reason if piece.reason is defined else 'pour compléter votre dossier' }}",
            "{% if piece.max_age_months is defined %}moins de "
            "{{ piece.max_age_months | months }}{% else %}copie "
            "lisible{% endif %}{% if piece.deadline is defined %}, au plus tard le "
            "{{ piece.deadline | short_date }}{% endif %}",
        )
    ],
)

MODEL = Model(
    "05-demande-pieces",
    "Demande de pièces complémentaires",
    opening(
        "votre demande de microcrédit personnel – pièces à nous remettre",
        REQUEST,
    )
    + paragraph(
        "Votre demande de microcrédit n’est pas complète. Pour l’étudier, nous avons besoin de ce qui suit, "
        "**au plus tard le {{ deadlines.documents | long_day }}**, soit "
        "**{{ deadlines.documents | time_left(document.date) }}**."
    )
    + when(
        "pieces | missing",
        heading("{{ 'La pièce' if pieces | missing | length == 1 else 'Les pièces' }} à nous remettre"),
        _PIECES.xml(),
        paragraph(
            "Des copies suffisent ; rappelez la référence {{ case.reference }}. Vous pouvez les envoyer par "
            "courrier à l’adresse en tête de cette lettre{% if agent.email is defined %}, par courriel à "
            "{{ agent.email }}{% endif %}, ou les déposer à la même adresse, "
            "{{ profile.organisation.opening_hours }}.",
            "AfterTable",
        ),
    )
    + when(
        "assessment is defined and assessment.missing",
        heading("Ce que vous devez nous indiquer"),
        bullets(
            "fact",
            "assessment.missing",
            "{{ fact.label }}{% if fact.question is defined %} – {{ fact.question }}{% else %}"
            + END
            + "{% endif %}",
        ),
    )
    + lead_in(
        "Si vous ne pouvez pas obtenir une pièce, ou si une autre administration la détient déjà, "
        "dites-le-nous : nous chercherons ensemble une solution."
    )
    + closing()
    + agent_signature()
    + rights(suspended_refusal()),
)
