"""What the charts of an annual report show: numbers that it prints, none that it withholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from services.documents.contract.statistics import DECISIONS, Cell, Data, Statistics
from services.kit.french import spaced

_TITLES = {
    "report_counts": "Effectif",
    "report_rates": "Taux",
    "report_decisions": "Demandes évaluées",
    "report_amounts": "Montant prêté",
}
REPORT_SERIES = {name: (title, f"{title}, l’année précédente") for name, title in _TITLES.items()}
"""The titles of the series of each chart of the annual report."""

_MOST = 6
"""Bars that a reader tells apart: those of the first lines."""
_CUT = 45
_SAID = {
    "report_counts": "des effectifs parmi les chiffres clés",
    "report_rates": "des taux parmi les chiffres clés",
    "report_decisions": "des demandes évaluées, par réponse",
    "report_amounts": "des montants prêtés",
}

Line = tuple[str, Cell, Cell]
"""A label, what the year prints and what the year before printed."""


def report_charts(found: Statistics) -> dict[str, Any]:
    """The charts that have a number to show."""
    lines = {
        "report_counts": _figures(found, lambda line: "count" in line and "amount" not in line),
        "report_rates": _figures(found, lambda line: "denominator" in line),
        "report_decisions": _rows(found, "count", lambda table: table.get("source") == DECISIONS),
        "report_amounts": _rows(found, "amount", lambda table: any("amount" in row for row in table["rows"])),
    }
    shown = {
        name: [line for line in found_lines if _is_drawn(line, found)] for name, found_lines in lines.items()
    }
    return {name: _chart(name, drawn[:_MOST], found) for name, drawn in shown.items() if drawn}


def _is_drawn(line: Line, found: Statistics) -> bool:
    """What is withheld has no bar, and no bar reads as zero: the whole line is left out."""
    _, now, before = line
    return now.value is not None and (found.before is None or before.value is not None)


def _figures(found: Statistics, chosen: Callable[[Data], bool]) -> list[Line]:
    labels = (line["label"] for line in found.report["figures"] if chosen(line))
    return [(label, found.now.figures[label], found.earlier(label)) for label in labels]


def _rows(found: Statistics, column: str, chosen: Callable[[Data], bool]) -> list[Line]:
    """The lines of the first table that is so."""
    title = next((table["title"] for table in found.report["tables"] if chosen(table)), None)
    if title is None:
        return []
    rows, _ = found.now.tables[title]
    earlier, _ = found.earlier_rows(title)
    return [
        (label, getattr(row, column), getattr(earlier[label], column) if label in earlier else Cell())
        for label, row in rows.items()
    ]


def _chart(name: str, lines: Sequence[Line], found: Statistics) -> dict[str, Any]:
    told = " ; ".join(_told(line, found) for line in lines)
    now, earlier = REPORT_SERIES[name]
    return {
        "alt": spaced(f"Graphique en barres {_SAID[name]}. {told}."),
        "categories": [_cut(label) for label, _, _ in lines],
        "series": {
            now: [cell.value for _, cell, _ in lines],
            earlier: [cell.value for _, _, cell in lines if found.before],
        },
    }


def _told(line: Line, found: Statistics) -> str:
    label, now, before = line
    compared = f" ({found.before.year} : {before.text})" if found.before else ""
    return f"{label} : {now.text}{compared}"


def _cut(label: str) -> str:
    return label if len(label) <= _CUT else f"{label[: _CUT - 1].rstrip()}…"
