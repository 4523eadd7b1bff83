"""25 — Note au conseil: what a change of rules changes, and for how many applications."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import bullets, cover
from tools.house.ooxml import Column, Rows, Table, control, heading, labelled, lead_in, paragraph, when

_VALUES = Table(
    "Valeurs avant et après",
    [
        Column("Valeur", 24),
        Column("À partir du", 22),
        Column("Aujourd’hui", 16),
        Column("Proposé", 16),
        Column("Texte", 22),
    ],
    [
        Rows.each(
            "value",
            "board_note.values",
            "{{ value.label }}",
            "{{ value.from | long_date }}",
            "{{ value.before }}",
            "{{ value.after }}",
            "{{ value.reference }}",
        )
    ],
)
_GROUPS = Table(
    "Demandes qui changent, par sorte de changement",
    [
        Column("Demandes", 14, amount=True),
        Column("Réponse aujourd’hui", 22),
        Column("Réponse proposée", 22),
        Column("Motifs", 42),
    ],
    [
        Rows.each(
            "group",
            "board_note.impact.groups",
            "{{ group.count }}",
            "{{ group.before }}",
            "{{ group.after }}",
            "{{ group.reasons | join(' ; ') }}",
        )
    ],
)

MODEL = Model(
    "25-note-conseil",
    "Note au conseil : changement du règlement",
    cover(
        "Note au conseil : changement du règlement",
        labelled("Règlement", "{{ board_note.ruleset }}"),
        labelled("Version proposée", "{{ board_note.version }}"),
        labelled("Version en vigueur", "{{ board_note.former_version }}"),
    )
    + heading("Ce qui change dans les valeurs")
    + when(
        "board_note.values",
        _VALUES.xml(),
        otherwise=[paragraph("Aucune valeur ne change.")],
    )
    + heading("Ce qui change dans les règles")
    + when(
        "board_note.rules",
        control("for rule in board_note.rules"),
        paragraph("**{{ rule.label }}**"),
        bullets("detail", "rule.details", "{{ detail }}"),
        control("endfor"),
        otherwise=[paragraph("Aucune règle, aucune question, aucun calcul et aucune pièce ne change.")],
    )
    + heading("Pour qui")
    + paragraph("{{ board_note.impact.summary }}")
    + labelled("Demandes comparées", "{{ board_note.impact.over }}")
    + when(
        "board_note.impact.as_of is defined",
        labelled("Comme si elles dataient du", "{{ board_note.impact.as_of | long_date }}"),
    )
    + labelled("Comparées", "{{ board_note.impact.compared }}")
    + labelled("Dont la réponse ou les motifs changent", "{{ board_note.impact.changed }}")
    + labelled("Laissées de côté", "{{ board_note.impact.left_out }}")
    + when(
        "board_note.impact.groups",
        lead_in("Les demandes qui changent, par sorte de changement :"),
        _GROUPS.xml(),
    )
    + paragraph(
        "Ces réponses sont celles du calcul, refait sous les deux versions pour les demandes comparées, et "
        "pour elles seules. Une personne décide de chaque demande. Cette note prépare un vote : ses "
        "effectifs sont exacts, elle n’est pas faite pour être publiée."
    ),
    form=True,
    subject="Version",
)
