"""What the gate reads is what the engine runs: the same tags, in the same order, and none anywhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jinja2 import TemplateSyntaxError
from lxml import etree

from services.documents.render import TAGS, executed, executed_in_cell, read_source
from services.documents.template.reading import (
    CELL_TAGS,
    PARAGRAPH,
    Line,
    Occurrence,
    W,
    enclosing,
    place,
)
from services.kit.findings import Finding

# Codes of fields have their own sentence.
_TOLD_ELSEWHERE = (f"{W}instrText", f"{W}fldSimple")
_PROPERTIES = "docProps/"
_ELSEWHERE = "Écrivez-la dans le texte d’un paragraphe."

Node = Any


def elsewhere(part: str, root: Node, lines: Iterable[Line]) -> Iterator[Finding]:
    """Each tag that stands where the gate reads none: a formula, a deleted text, a name, an option…"""
    # The service writes the properties of a document itself.
    told = () if part.startswith(_PROPERTIES) else lines
    read = {(holder.node, holder.slot) for line in told for holder in line.holders}
    ranks = {node: rank for rank, node in enumerate(root.iter(PARAGRAPH))}
    for node in root.iter(etree.Element):
        if node.tag in _TOLD_ELSEWHERE:
            continue
        texts = {"text": node.text, "tail": node.tail, **node.attrib}
        for slot, text in texts.items():
            if text and (node, slot) not in read and any(sign in text for sign in TAGS):
                inside = node.getparent() if slot == "tail" else node
                paragraph = inside if inside.tag == PARAGRAPH else enclosing(inside, PARAGRAPH)
                where = f"{etree.QName(inside).localname}" + (
                    "" if slot in ("text", "tail") else f", {etree.QName(slot).localname}"
                )
                yield Finding(
                    place(part, text, None if paragraph is None else ranks[paragraph]),
                    f"Une balise est là où le service n’en lit pas ({where}).",
                    "TAG_ELSEWHERE",
                    _ELSEWHERE,
                )


def agreement(part: str, content: bytes, occurrences: Sequence[Occurrence]) -> Iterator[Finding]:
    """A tag that is run and was not read, or the reverse; `occurrences` are sound, and so is their place."""
    expected = [tag for one in occurrences for tag in _runs(one)]
    try:
        source = read_source(part, content)
        run = executed(source.text) if source else []
    except TemplateSyntaxError:
        run = ["?"]
    # docxtpl moves the tags about a cell to its beginning: `structure` wants no block before them.
    moved = any(one.tag.keyword in CELL_TAGS for one in occurrences)
    if Counter(run) != Counter(expected) or (run != expected and not moved):
        odd = next(iter((Counter(expected) - Counter(run)) + (Counter(run) - Counter(expected))), "")
        guilty = next((one.line for one in occurrences if odd in _runs(one)), None)
        yield Finding(
            place(part, guilty.text if guilty else odd, guilty.position if guilty else None),
            "Une balise ne serait pas remplie comme elle est écrite : Word l’a coupée, ou mêlée à une autre.",
            "TAG_READ_OTHERWISE",
            "Effacez le paragraphe, et tapez-le de nouveau d’un trait.",
        )


def _runs(one: Occurrence) -> list[str]:
    tag = one.tag
    if tag.sign == "{#":
        return []
    if tag.sign == "{%" and tag.keyword in CELL_TAGS:
        return executed_in_cell(tag.source)
    return executed(f"{tag.sign} {tag.body} {tag.source[-2:]}")
