"""10 — Relevé de commission: files by number, opinion and reason; no name of an applicant."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import cover, signed
from tools.house.ooxml import Column, Rows, Table, heading, labelled, lead_in, optional, paragraph, when

_MEMBERS = Table(
    "Membres convoqués à la commission",
    [Column("Membre", 36), Column("Qualité", 40), Column("Présence", 24)],
    [
        Rows.each(
            "member",
            "committee.members",
            "{{ member | civil_name }}",
            "{{ member.capacity }}",
            "{{ member.presence | label }}",
        )
    ],
)
_FILES = Table(
    "Dossiers examinés : référence, projet, prêt demandé, avis et motif",
    [
        Column("Dossier", 19),
        Column("Projet", 17),
        Column("Demande", 19),
        Column("Avis", 17),
        Column("Motif", 28),
    ],
    [
        Rows.each(
            "file",
            "committee.files",
            "{{ file.reference }}",
            "{{ file.category_label }}",
            "{{ file.amount | euros }} sur {{ file.months | months }}",
            "{{ file.outcome | label }}",
            optional("file.reason", absent="sans observation"),
        )
    ],
)

MODEL = Model(
    "10-releve-commission",
    "Relevé de conclusions de la commission",
    cover(
        "Relevé de conclusions de la commission du microcrédit",
        when("committee.reference is defined", labelled("Séance", "{{ committee.reference }}")),
        labelled(
            "Date",
            "{{ committee.met_on | long_date }}{% if committee.place is defined %}, "
            "{{ committee.place }}{% endif %}",
        ),
        labelled("Présidence", "{{ committee.chair | civil_name }}, {{ committee.chair.capacity }}"),
        when(
            "committee.secretary is defined",
            labelled(
                "Secrétariat", "{{ committee.secretary | civil_name }}, {{ committee.secretary.capacity }}"
            ),
        ),
    )
    + when("committee.members", heading("Les membres"), _MEMBERS.xml())
    + heading("Les dossiers examinés")
    + lead_in(
        "Les dossiers sont désignés par leur référence. La commission donne un avis au regard du "
        "{{ profile.bylaw.title }} ({{ profile.bylaw.deliberation }} du "
        "{{ profile.bylaw.adopted_on | long_date }}) ; l’établissement prêteur décide seul du prêt."
    )
    + _FILES.xml()
    + heading("La suite")
    + paragraph(
        "{% if committee.next_on is defined %}Prochaine séance : **{{ committee.next_on | long_day }}**. "
        "{% endif %}Les membres et les personnes entendues sont tenus au secret sur les situations "
        "examinées.",
        properties="<w:keepNext/>",
    )
    + signed("{{ committee.chair.capacity | capital }}", "{{ committee.chair | full_name }}"),
    subject="Séance",
)
