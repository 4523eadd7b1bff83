"""00 — Sommaire: first page of a dossier, with its table of contents and its enclosures."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent, bullets, cover
from tools.house.mentions import END
from tools.house.models.common import BORROWERS, DEMAND, one_or_many
from tools.house.ooxml import (
    control,
    field_end,
    field_start,
    heading,
    labelled,
    link,
    paragraph,
    raw_paragraph,
    run,
    run_control,
    when,
)

_ENTRY = "{{ piece.number }}. {{ piece.title }}"

# The entries come from the TC field that opens each piece: no page number, since each piece counts its own.
_CONTENTS = "".join(
    (
        control("for piece in dossier.pieces"),
        raw_paragraph(
            run_control("if loop.first")
            + field_start(r"TOC \f d \n \h")
            + run_control("endif")
            + link("piece_{{ piece.number }}", run(_ENTRY))
            + run_control("if loop.last")
            + field_end()
            + run_control("endif"),
            "TOC1",
        ),
        control("endfor"),
    )
)

MODEL = Model(
    "00-sommaire",
    "Sommaire du dossier",
    cover(
        "Dossier de microcrédit personnel accompagné",
        labelled("Référence", "{{ case.reference }}"),
        labelled(one_or_many("Au nom de", "Aux noms de"), BORROWERS),
        when("loan is defined and project is defined", labelled("Demande", DEMAND.removeprefix("de "))),
        when("bank is defined", labelled("Établissement", "{{ bank.name }}")),
        when("agent is defined", agent()),
    )
    + heading("Sommaire")
    + when("dossier.linked", _CONTENTS, otherwise=[bullets("piece", "dossier.pieces", _ENTRY)])
    + heading("Pièces jointes")
    + when(
        "dossier.enclosures",
        bullets("enclosure", "dossier.enclosures", "{{ enclosure }}" + END),
        otherwise=[paragraph("Aucune pièce jointe.")],
    ),
)
