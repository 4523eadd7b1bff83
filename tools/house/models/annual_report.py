"""21 — Rapport annuel: aggregates only beside those of the year before, small cells withheld."""

from __future__ import annotations

from collections.abc import Sequence

from tools.house.chart import REPORT
from tools.house.document import Model
from tools.house.letter import cover
from tools.house.ooxml import Column, Rows, Table, control, heading, labelled, lead_in, paragraph, when

_YEAR, _BEFORE = "{{ annual_report.year }}", "{{ statistics.before_year }}"
_COMPARED = "annual_report.previous is defined"


def _compared(table: Table, compared: Table) -> str:
    """The table of a report that knows the year before, and of one that does not."""
    return when(_COMPARED, compared.xml(), otherwise=[table.xml()])


def _figures(*, compared: bool) -> Table:
    before = [Column(_BEFORE, 19, amount=True)] if compared else []
    cells = ["{{ figure.before }}"] if compared else []
    return Table(
        "Chiffres clés de l’année",
        [
            Column("Indicateur", 40),
            Column(_YEAR, 19, amount=True),
            *before,
            Column("Source", 22),
        ],
        [
            Rows.each(
                "figure",
                "statistics.figures",
                "{{ figure.label }}",
                "{{ figure.display }}",
                *cells,
                "{{ figure.origin }}",
            )
        ],
    )


def _breakdown(*, amounts: bool, compared: bool) -> Table:
    names = [
        ("count", f"Effectif {_YEAR}"),
        *([("before", f"Effectif {_BEFORE}")] if compared else []),
        *([("amount", f"Montant prêté {_YEAR}")] if amounts else []),
        *([("amount_before", f"Montant prêté {_BEFORE}")] if amounts and compared else []),
    ]
    share = {1: 32, 2: 25, 4: 19}[len(names)]
    return Table(
        "{{ table.title }}",
        [
            Column("{{ table.heading }}", 100 - share * len(names)),
            *(Column(title, share, amount=True) for _, title in names),
        ],
        [
            Rows.each("row", "table.rows", *_cells("row", names)),
            Rows(_cells("table.total", names)),
        ],
        total=True,
    )


def _cells(line: str, names: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{{{{ {line}.{name} }}}}" for name in ("label", *(name for name, _ in names)))


def _tables() -> str:
    with_amounts, counts = (
        _compared(*(_breakdown(amounts=amounts, compared=compared) for compared in (False, True)))
        for amounts in (True, False)
    )
    return (
        control("for table in statistics.tables")
        + heading("{{ table.title }}", 2)
        + lead_in("Source : {{ table.origin }}.")
        + when("table.amounts", with_amounts, otherwise=[counts])
        + control("endfor")
    )


def _charts() -> str:
    drawings = (
        when(f"charts.{chart.name} is defined", chart.drawing(rank)) for rank, chart in enumerate(REPORT, 1)
    )
    return (
        heading("L’année en graphiques", new_page=True)
        + lead_in("Les lignes dont un des chiffres n’est pas communiqué n’y sont pas.")
        + "".join(drawings)
    )


MODEL = Model(
    "21-rapport-annuel",
    "Rapport annuel du microcrédit personnel accompagné",
    cover(
        "Rapport annuel du microcrédit personnel accompagné",
        labelled("Année", _YEAR),
    )
    + paragraph(
        "Ce rapport ne contient que des agrégats. Un effectif de {{ statistics.withheld }} n’est pas "
        "imprimé, ni un autre effectif, un montant ou un taux qui permettrait de le calculer : « non "
        "communiqué » les remplace. Chaque chiffre dit sa source ; « déclaré » est ce que le service a saisi."
    )
    + heading("Les chiffres clés")
    + _compared(_figures(compared=False), _figures(compared=True))
    + when(
        "annual_report.comment is defined",
        heading("Le commentaire de l’année"),
        paragraph("{{ annual_report.comment }}"),
    )
    + when(" or ".join(f"charts.{chart.name} is defined" for chart in REPORT), _charts())
    + when("statistics.tables", heading("Les répartitions"))
    + _tables(),
    form=True,
    subject="Année",
    charts=REPORT,
)
