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
from services.kit.french import join, spaced

_SHOWN, _HEADING = 8, 60


def placed(findings: Iterable[Finding], parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """The findings with the number of their paragraph, and the heading above it."""
    found = list(findings)
    members = {one.place.member for one in found if one.place.rank is not None}  # a paragraph: it was parsed
    headings = {name: _headings(name, parts) for name in members if name in parts}
    for one in found:
        rank, place = one.place.rank, one.place
        if rank is not None and place.member in headings:
            one = replace(one, place=replace(place, part=f"{place.part}, {headings[place.member][rank]}"))
        yield one


def summed(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, what is said of several paragraphs of a part being said once, at the first."""
    kinds: dict[tuple[Any, ...], list[Finding]] = {}
    for one in findings:
        kinds.setdefault((one.place.member, one.code, one.severity, one.sentence, one.advice), []).append(one)
    for first, *alike in kinds.values():
        ranks = {one.place.rank for one in alike if one.place.rank is not None} - {first.place.rank}
        if not ranks:
            yield first
            continue
        others = [str(rank + 1) for rank in sorted(ranks)[:_SHOWN]]
        others += [f"{len(ranks) - _SHOWN} autres"] if len(ranks) > _SHOWN else []
        where = "aux paragraphes" if len(others) > 1 else "au paragraphe"
        yield replace(first, sentence=spaced(f"{first.sentence} De même {where} {join(others)}."))


def _headings(member: str, parts: Mapping[str, bytes]) -> list[str]:
    """« paragraphe 3, sous « Votre budget » », for each paragraph of a part."""
    styles, above, found = Styles(parts.get(STYLES, b"")), "", list[str]()
    for rank, paragraph in enumerate(etree.fromstring(parts[member], parser()).iter(PARAGRAPH)):
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        found.append(f"paragraphe {rank + 1}" + (f", sous « {above} »" if above else ""))
        if styles.level("" if style is None else str(style.get(f"{W}val", ""))):
            above = paragraph_text(paragraph).strip()[:_HEADING]
    return found
