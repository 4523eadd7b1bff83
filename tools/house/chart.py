"""Native Word charts with sample figures, and the drawings that say which figures they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.documents.contract import BALANCE_SERIES, BUDGET_CATEGORIES, BUDGET_SERIES, REPORT_SERIES
from tools.house.ooxml import raw_paragraph, text

_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart"
_NAMESPACE = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WIDTH = 5_900_000
"""Width of the text, in English Metric Units (1 cm = 360000)."""

_LEGEND = '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>'
_FIRST_DRAWING, _FIRST_RELATIONSHIP = 10, 20
_EUROS = "[$-40C]#,##0\u00a0&quot;€&quot;"
"""Amounts as French writes them, whatever the language of the reader's computer."""
_COUNTS = "[$-40C]#,##0"
_RATES = "[$-40C]0.0\u00a0&quot;%&quot;"


@dataclass(frozen=True)
class Chart:
    """A chart of the context `charts.<name>`, whose figures may be unknown."""

    name: str
    height: int
    plot: str
    legend: str = ""
    title: str = ""
    """What tells it from the other charts below the same heading."""

    def part(self) -> bytes:
        """The chart part, with figures that the engine replaces."""
        return (
            f'{_HEAD}<c:chartSpace xmlns:c="{_NAMESPACE}"'
            ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
            '<c:lang val="fr-FR"/><c:roundedCorners val="0"/><c:chart>'
            f"{_named(self.title)}<c:plotArea><c:layout/>{self.plot}</c:plotArea>"
            f'{self.legend}<c:plotVisOnly val="1"/>'
            "</c:chart>"
            '<c:spPr><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill><a:ln><a:noFill/></a:ln></c:spPr>'
            '<c:txPr><a:bodyPr/><a:p><a:pPr><a:defRPr sz="1050"><a:solidFill><a:srgbClr val="1A1A1A"/>'
            '</a:solidFill><a:latin typeface="Arial"/></a:defRPr></a:pPr><a:endParaRPr lang="fr-FR"/></a:p>'
            "</c:txPr></c:chartSpace>"
        ).encode()

    def drawing(self, rank: int) -> str:
        """The paragraph that shows the chart; `rank` is its place in the model, from 1."""
        size = f'cx="{_WIDTH}" cy="{self.height}"'
        number = _FIRST_DRAWING + rank
        return raw_paragraph(
            '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
            f'<wp:extent {size}/><wp:docPr id="{number}" name="Graphique {rank}"'
            f' descr="{{{{ charts.{self.name}.alt }}}}"/><wp:cNvGraphicFramePr/>'
            f'<a:graphic><a:graphicData uri="{_NAMESPACE}"><c:chart xmlns:c="{_NAMESPACE}"'
            f' r:id="{_relationship_id(rank)}"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>',
            "Chart",
        )


def relationship(rank: int) -> str:
    """The relationship of a model to its chart of this rank."""
    target = f"charts/chart{rank}.xml"
    return f'<Relationship Id="{_relationship_id(rank)}" Type="{_RELATIONSHIP}" Target="{target}"/>'


def override(rank: int) -> str:
    """The content type of this chart."""
    return f'<Override PartName="/word/charts/chart{rank}.xml" ContentType="{_CONTENT_TYPE}"/>'


def _relationship_id(rank: int) -> str:
    return f"rId{_FIRST_RELATIONSHIP + rank}"


def _named(title: str) -> str:
    """The title of a chart, or that it has none: its heading is enough."""
    if not title:
        return '<c:autoTitleDeleted val="1"/>'
    return f'<c:title>{_rich(title)}<c:overlay val="0"/></c:title><c:autoTitleDeleted val="0"/>'


def _rich(title: str) -> str:
    return (
        '<c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz="1150" b="1"/></a:pPr>'
        f'<a:r><a:rPr lang="fr-FR" sz="1150" b="1"/><a:t>{text(title)}</a:t></a:r></a:p></c:rich></c:tx>'
    )


def _series(
    rank: int, name: str, colour: str, categories: str, values: str, marks: str = "", code: str = _EUROS
) -> str:
    return (
        f'<c:ser><c:idx val="{rank}"/><c:order val="{rank}"/><c:tx><c:v>{text(name)}</c:v></c:tx>'
        f'<c:spPr><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'
        '<a:ln w="9525"><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill></a:ln></c:spPr>'
        f"{marks}<c:cat><c:strLit>{categories}</c:strLit></c:cat>"
        f"<c:val><c:numLit><c:formatCode>{code}</c:formatCode>{values}</c:numLit></c:val></c:ser>"
    )


def _points(values: Sequence[object]) -> str:
    points = (f'<c:pt idx="{rank}"><c:v>{value}</c:v></c:pt>' for rank, value in enumerate(values))
    return f'<c:ptCount val="{len(values)}"/>{"".join(points)}'


def _axes(
    category: str,
    value: str,
    *,
    title: str = "",
    reverse: bool = False,
    skip: int = 0,
    code: str = _EUROS,
    least: str = "",
) -> str:
    order, crossing = ("maxMin", "max") if reverse else ("minMax", "autoZero")
    named = f'<c:title>{_rich(title)}<c:overlay val="0"/></c:title>' if title else ""
    spaced = f'<c:tickLblSkip val="{skip}"/><c:tickMarkSkip val="{skip}"/>' if skip else ""
    ticks = '<c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
    grid = (
        '<c:majorGridlines><c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="C5D0DC"/></a:solidFill>'
        "</a:ln></c:spPr></c:majorGridlines>"
    )
    return (
        f'<c:catAx><c:axId val="111"/><c:scaling><c:orientation val="{order}"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{category}"/>{named}{ticks}<c:tickLblPos val="low"/>'
        f'<c:crossAx val="222"/><c:crosses val="autoZero"/>{spaced}</c:catAx>'
        f'<c:valAx><c:axId val="222"/><c:scaling><c:orientation val="minMax"/>{least}</c:scaling>'
        '<c:delete val="0"/>'
        f'<c:axPos val="{value}"/>{grid}<c:numFmt formatCode="{code}" sourceLinked="0"/>{ticks}'
        f'<c:tickLblPos val="nextTo"/><c:crossAx val="111"/><c:crosses val="{crossing}"/>'
        "</c:valAx>"
    )


def _budget() -> str:
    colours = ("1F4E79", "8C4A00", "7A1F5C", "D98E04", "5B9A68")
    samples = ((800, 800), (150, 150), (50, 50), (0, 60), (600, 540))
    categories = _points(BUDGET_CATEGORIES)
    series = "".join(
        _series(rank, title, colour, categories, _points(sample), '<c:invertIfNegative val="0"/>')
        for rank, (title, colour, sample) in enumerate(zip(BUDGET_SERIES, colours, samples, strict=True))
    )
    return (
        '<c:barChart><c:barDir val="bar"/><c:grouping val="stacked"/><c:varyColors val="0"/>'
        f'{series}<c:gapWidth val="45"/><c:overlap val="100"/>'
        '<c:axId val="111"/><c:axId val="222"/></c:barChart>' + _axes("l", "b", reverse=True)
    )


def _balance() -> str:
    months = range(0, 37, 6)
    sample = [round(3000 * (36 - month) / 36) for month in months]
    series = _series(0, BALANCE_SERIES, "1F4E79", _points(months), _points(sample))
    return (
        f'<c:areaChart><c:grouping val="standard"/><c:varyColors val="0"/>{series}'
        '<c:axId val="111"/><c:axId val="222"/></c:areaChart>'
        + _axes("b", "l", title="Mensualités payées", skip=6)
    )


def _report(name: str, code: str) -> str:
    """Bars of a year beside those of the year before, each with its number."""
    titles = REPORT_SERIES[name]
    categories = _points(("Premier", "Deuxième", "Troisième"))
    labels = (
        '<c:invertIfNegative val="0"/>'
        f'<c:dLbls><c:numFmt formatCode="{code}" sourceLinked="0"/>'
        '<c:showLegendKey val="0"/><c:showVal val="1"/>'
        '<c:showCatName val="0"/><c:showSerName val="0"/><c:showPercent val="0"/><c:showBubbleSize val="0"/>'
        "</c:dLbls>"
    )
    series = "".join(
        _series(rank, title, colour, categories, _points(sample), labels, code)
        for rank, (title, colour, sample) in enumerate(
            zip(titles, ("1F4E79", "D98E04"), ((30, 20, 10), (25, 22, 9)), strict=True)
        )
    )
    return (
        f'<c:barChart><c:barDir val="bar"/><c:grouping val="clustered"/><c:varyColors val="0"/>{series}'
        '<c:gapWidth val="60"/><c:axId val="111"/><c:axId val="222"/></c:barChart>'
        + _axes("l", "b", reverse=True, code=code, least='<c:min val="0"/>')
    )


REPORT = tuple(
    Chart(name, 1_950_000, _report(name, code), _LEGEND, title)
    for name, title, code in (
        ("report_counts", "Les effectifs de l’année", _COUNTS),
        ("report_rates", "Les taux de l’année", _RATES),
        ("report_decisions", "Les demandes évaluées, par réponse", _COUNTS),
        ("report_amounts", "Les montants prêtés", _EUROS),
    )
)
"""The charts of the annual report."""
BUDGET = Chart("budget", 1_900_000, _budget(), _LEGEND)
BALANCE = Chart("balance", 1_900_000, _balance())
