"""21 — Rapport annuel: aggregates only, small cells withheld."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import cover
from tools.house.ooxml import Column, Rows, Table, control, heading, labelled, paragraph, when

_FIGURES = Table(
    "Chiffres clés de l’année",
    [Column("Indicateur", 68), Column("Valeur", 32, amount=True)],
    [Rows.each("figure", "statistics.figures", "{{ figure.label }}", "{{ figure.display }}")],
)
_WITH_AMOUNTS = Table(
    "{{ table.title }}",
    [
        Column("{{ table.heading }}", 52),
        Column("Effectif", 22, amount=True),
        Column("Montant prêté", 26, amount=True),
    ],
    [
        Rows.each("row", "table.rows", "{{ row.label }}", "{{ row.count }}", "{{ row.amount }}"),
        Rows(("{{ table.total.label }}", "{{ table.total.count }}", "{{ table.total.amount }}")),
    ],
    total=True,
)
_COUNTS = Table(
    "{{ table.title }}",
    [Column("{{ table.heading }}", 68), Column("Effectif", 32, amount=True)],
    [
        Rows.each("row", "table.rows", "{{ row.label }}", "{{ row.count }}"),
        Rows(("{{ table.total.label }}", "{{ table.total.count }}")),
    ],
    total=True,
)

MODEL = Model(
    "21-rapport-annuel",
    "Rapport annuel du microcrédit personnel accompagné",
    cover(
        "Rapport annuel du microcrédit personnel accompagné",
        labelled("Année", "{{ annual_report.year }}"),
    )
    + paragraph(
        "Ce rapport ne contient que des agrégats. Un effectif de {{ statistics.withheld }} n’est pas "
        "imprimé, ni un autre effectif, un montant ou un taux qui permettrait de le calculer. Tous ces "
        "chiffres "
        "sont déclarés par le service."
    )
    + heading("Les chiffres clés")
    + _FIGURES.xml()
    + when(
        "annual_report.comment is defined",
        heading("Le commentaire de l’année"),
        paragraph("{{ annual_report.comment }}"),
    )
    + when("statistics.tables", heading("Les répartitions"))
    + control("for table in statistics.tables")
    + heading("{{ table.title }}", 2)
    + when("table.amounts", _WITH_AMOUNTS.xml(), otherwise=[_COUNTS.xml()])
    + control("endfor"),
    form=True,
    subject="Année",
)
