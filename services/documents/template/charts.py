"""Charts: those that show figures of the file, and whether their series are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.documents.charts import SERIES
from services.documents.findings import Finding, Severity
from services.documents.render.chartdata import bindings, series_titles
from services.documents.template.reading import place
from services.kit.french import join


def charts(parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """Everything to say of the figures of the charts; a name of chart that does not exist is a matter of
    tags."""
    for part, name in bindings(parts).items():
        if not name:
            known = " ou ".join(f"« {{{{ charts.{chart}.alt }}}} »" for chart in SERIES)
            yield Finding(
                Severity.WARNING,
                "CHART_OF_FIXED_FIGURES",
                place(part),
                "Ce graphique montrera toujours les nombres qu’il a dans le modèle.",
                suggestion=f"Pour ceux du dossier, son texte de remplacement doit être {known}.",
                part=part,
            )
        for title in series_titles(parts[part]) if name in SERIES else ():
            if title not in SERIES[name]:
                yield Finding(
                    Severity.ERROR,
                    "CHART_SERIES_UNKNOWN",
                    place(part),
                    "Le service ne sait pas ce que montre cette série",
                    title,
                    f"Les séries de ce graphique sont : {join(SERIES[name])}.",
                    part,
                )
