"""Findings as people read them: where each one is, and those of one kind told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from services.documents.render import parser
from services.documents.template.reading import PARAGRAPH, W, paragraph_text
from services.documents.template.styles import STYLES, Styles
from services.kit.findings import Finding
from services.kit.french import join

_SHOWN, _HEADING = 8, 60


def summed(findings: Iterable[Finding], parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """The findings with the number of their paragraph and the heading above it; what is said of several
    paragraphs of a part is said once, at the first."""
    kinds: dict[tuple[Any, ...], list[Finding]] = {}
    for one in findings:
        kinds.setdefault((one.place.member, one.code, one.severity, one.sentence, one.advice), []).append(one)
    headings = {name: _headings(name, parts) for name in {one[0] for one in kinds} if name in parts}
    for (member, *_), alike in kinds.items():
        first = alike[0]
        ranks = list(dict.fromkeys(one.place.rank for one in alike if one.place.rank is not None))
        if ranks and member in headings:
            place = replace(first.place, part=f"{first.place.part}, {headings[member][ranks[0]]}")
            first = replace(first, place=place)
        if len(ranks) > 1:
            others = [str(rank + 1) for rank in ranks[1:_SHOWN]]
            others += [f"{len(ranks) - _SHOWN} autres"] if len(ranks) > _SHOWN else []
            where = "aux paragraphes" if len(others) > 1 else "au paragraphe"
            first = replace(first, sentence=f"{first.sentence} De même {where} {join(others)}.")
        yield first


def _headings(member: str, parts: Mapping[str, bytes]) -> list[str]:
    """« paragraphe 3, sous « Votre budget » », for each paragraph of a part."""
    styles, above, found = Styles(parts.get(STYLES, b"")), "", list[str]()
    for rank, paragraph in enumerate(etree.fromstring(parts[member], parser()).iter(PARAGRAPH)):
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        found.append(f"paragraphe {rank + 1}" + (f", sous « {above} »" if above else ""))
        if styles.level("" if style is None else str(style.get(f"{W}val", ""))):
            above = paragraph_text(paragraph).strip()[:_HEADING]
    return found
