"""Blocks over several paragraphs or rows, given tags that take their paragraph or their row away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lxml import etree

from services.documents.template.normalise import put
from services.documents.template.reading import (
    CELL,
    PARAGRAPH,
    ROW,
    RUN,
    TEXT,
    Occurrence,
    W,
    enclosing,
    lines,
    occurrences,
)

_OPENING = {"if": "endif", "for": "endfor"}
_MIDDLE = ("elif", "else")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_DRAWN = ("{*}drawing", "{*}pict", "{*}object", f"{W}sym")
_ROWS = "Bloc mis sur des lignes de tableau ({%tr … %})"
_PARAGRAPHS = "Bloc mis sur des paragraphes ({%p … %})"
_REPEATED = "Condition redite dans chaque paragraphe qu’elle coupait"

Node = Any


@dataclass
class _Block:
    """The tags of a block, from the one that opens it to the one that closes it."""

    tags: list[Occurrence]

    @property
    def spread(self) -> bool:
        """Whether its ends are not in the same paragraph, and take nothing away yet."""
        paragraphs = {id(_home(one)) for one in self.tags}
        return len(paragraphs) > 1 and not any(one.tag.prefix for one in self.tags)


def place_blocks(name: str, root: Node, done: Counter[str]) -> None:
    """Gives its place to each block that runs over several paragraphs; one that has none is left as it is."""
    left: set[str] = set()
    while True:
        found = next(
            (block for block in _blocks(name, root) if block.spread and _key(block) not in left), None
        )
        if found is None:
            return
        said = _placed(found)
        if said:
            done[said] += 1
        else:
            left.add(_key(found))


def _home(one: Occurrence) -> Node:
    """The paragraph of a tag, which the tags of blocks have."""
    return one.line.paragraph


def _key(block: _Block) -> str:
    first, last = block.tags[0], block.tags[-1]
    return f"{first.line.position}:{first.tag.start}:{last.line.position}:{last.tag.start}"


def _blocks(name: str, root: Node) -> Iterator[_Block]:
    """The blocks that open and close, the innermost first."""
    opened: list[_Block] = []
    for one in occurrences(lines(name, root)):
        keyword = one.tag.keyword
        if one.line.paragraph is None or one.tag.sign != "{%":
            continue
        if keyword in _OPENING:
            opened.append(_Block([one]))
        elif keyword in _MIDDLE and opened:
            opened[-1].tags.append(one)
        elif opened and keyword == _OPENING[opened[-1].tags[0].tag.keyword]:
            block = opened.pop()
            block.tags.append(one)
            yield block


def _placed(block: _Block) -> str:
    """What was done of a block; empty if nothing could be."""
    above = [_home(one).getparent() for one in block.tags]
    if all(one is above[0] for one in above):
        if all(_before(one) == "" or _after(one) == "" for one in block.tags):
            # From the last to the first: what is written does not move the tags that are still to be.
            for one in reversed(block.tags):
                _own_paragraph(one)
            return _PARAGRAPHS
        return _repeated(block) if len(block.tags) == 2 else ""
    return _rows(block)


def _before(one: Occurrence) -> str:
    return _drawn(one, before=True) or one.line.text[: one.tag.start].strip()


def _after(one: Occurrence) -> str:
    return _drawn(one, before=False) or one.line.text[one.tag.end :].strip()


def _drawn(one: Occurrence, *, before: bool) -> str:
    """Whether the paragraph of a tag shows something before it, or after it, that is no text."""
    nodes = list(_home(one).iter())
    at = nodes.index(one.holder.node)
    among = {id(node) for node in (nodes[:at] if before else nodes[at:])}
    return "▢" if any(id(node) in among for node in _home(one).iter(*_DRAWN)) else ""


def _own_paragraph(one: Occurrence) -> None:
    """Puts a tag in a paragraph of its own, that goes away with it."""
    written = f"{{%p {one.tag.body} %}}"
    before, after = _before(one), _after(one)
    if not before and not after:
        put(one.line, 0, len(one.line.text), written)
        return
    put(one.line, one.tag.start, one.tag.end, "")
    own = make_paragraph(written, _home(one))
    if before:
        _home(one).addnext(own)
    else:
        _home(one).addprevious(own)


def _repeated(block: _Block) -> str:
    """A condition that begins within a paragraph and ends within another, said again in each of them."""
    first, last = block.tags
    if first.tag.keyword != "if":
        return ""
    between = []
    node = _home(first).getnext()
    while node is not None and node is not _home(last):
        between.append(node)
        node = node.getnext()
    if node is None:
        return ""
    opening, closing = first.tag.source, "{% endif %}"
    _insert(_home(last), opening)
    _append(_home(first), closing)
    if between:
        between[0].addprevious(make_paragraph(f"{{%p {first.tag.body} %}}", _home(first)))
        between[-1].addnext(make_paragraph("{%p endif %}", _home(first)))
    return _REPEATED


def _insert(paragraph: Node, text: str) -> None:
    run = _run(text)
    properties = paragraph.find(f"{W}pPr")
    if properties is None:
        paragraph.insert(0, run)
    else:
        properties.addnext(run)


def _append(paragraph: Node, text: str) -> None:
    paragraph.append(_run(text))


def _rows(block: _Block) -> str:
    """A block that takes whole rows of one table: its tags go to rows of their own."""
    first, last = block.tags[0], block.tags[-1]
    rows: list[Node] = [enclosing(_home(one), ROW) for one in (first, last)]
    if len(block.tags) > 2 or None in rows or rows[0].getparent() is not rows[1].getparent():
        return ""
    if not (_texts(rows[0]).startswith(first.tag.source) and _texts(rows[1]).endswith(last.tag.source)):
        return ""
    for one, row, above in ((last, rows[1], False), (first, rows[0], True)):
        written = f"{{%tr {one.tag.body} %}}"
        if _texts(row) == one.tag.source:
            put(one.line, one.tag.start, one.tag.end, written)
            continue
        put(one.line, one.tag.start, one.tag.end, "")
        own = make_row(written, row)
        if above:
            row.addprevious(own)
        else:
            row.addnext(own)
    return _ROWS


def _texts(row: Node) -> str:
    return "".join(text.text or "" for text in row.iter(TEXT)).strip()


def make_row(text: str, like: Node) -> Node:
    """A row of one cell, over as many columns, that goes away with its tag."""
    cells = list(like.iter(CELL))
    row = etree.Element(ROW)
    cell = etree.SubElement(row, CELL)
    properties = etree.SubElement(cell, f"{W}tcPr")
    span = etree.SubElement(properties, f"{W}gridSpan")
    span.set(f"{W}val", str(sum(_span(one) for one in cells)))
    paragraph = etree.SubElement(cell, PARAGRAPH)
    paragraph.append(_run(text))
    return row


def _span(cell: Node) -> int:
    found = cell.find(f"{W}tcPr/{W}gridSpan")
    value = "1" if found is None else found.get(f"{W}val", "1")
    return int(value) if re.fullmatch(r"\d{1,3}", value) else 1


def make_paragraph(text: str, like: Node) -> Node:
    """A paragraph that looks like another, but for the section that it may end."""
    paragraph = etree.Element(PARAGRAPH)
    properties = like.find(f"{W}pPr")
    if properties is not None:
        kept = deepcopy(properties)
        for section in kept.findall(f"{W}sectPr"):
            kept.remove(section)
        paragraph.append(kept)
    paragraph.append(_run(text))
    return paragraph


def _run(text: str) -> Node:
    run = etree.Element(RUN)
    written = etree.SubElement(run, TEXT)
    written.text = text
    written.set(_SPACE, "preserve")
    return run
