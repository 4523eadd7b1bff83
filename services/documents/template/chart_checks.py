"""Charts: those that show figures of the file, and whether their series are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from services.documents.contract import SERIES
from services.documents.render import (
    alternative_text,
    bindings,
    drawn,
    opc,
    parser,
    series_titles,
)
from services.documents.template.reading import place
from services.kit.findings import Finding, Severity
from services.kit.french import join


def named(parts: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The parts where a chart that lost its alternative text, as LibreOffice does when it saves, has it
    again: its series say which one it is."""
    if opc.MAIN_RELATIONSHIPS not in parts or opc.MAIN not in parts:
        return parts
    root = etree.fromstring(parts[opc.MAIN], parser())
    lost = {
        properties: name
        for properties, part in drawn(root, parts[opc.MAIN_RELATIONSHIPS])
        if not properties.get("descr", "").strip()
        and (name := _known(series_titles(parts.get(part, b"<a/>"))))
    }
    if not lost:
        return parts
    for properties, name in lost.items():
        properties.set("descr", alternative_text(name))
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return {**parts, opc.MAIN: content}


def _known(titles: list[str]) -> str:
    """The chart that has these series, empty if there is none."""
    return next((name for name, known in SERIES.items() if titles and set(titles) <= set(known)), "")


def charts(parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """Everything to say of the figures of the charts; a name of chart that does not exist is a matter of
    tags."""
    for part, name in bindings(parts).items():
        if not name:
            known = " ou ".join(f"« {alternative_text(chart)} »" for chart in SERIES)
            yield Finding(
                place(part),
                "Ce graphique montrera toujours les nombres qu’il a dans le modèle.",
                "CHART_OF_FIXED_FIGURES",
                f"Pour ceux du dossier, son texte de remplacement doit être {known}.",
                Severity.WARNING,
            )
        for title in series_titles(parts[part]) if name in SERIES else ():
            if title not in SERIES[name]:
                yield Finding(
                    place(part, title),
                    "Le service ne sait pas ce que montre cette série",
                    "CHART_SERIES_UNKNOWN",
                    f"Les séries de ce graphique sont : {join(SERIES[name])}.",
                )
