"""The same template for docxtemplater: sections instead of blocks, values computed beforehand.

docxtemplater without paid modules fills neither attributes nor charts: these are given to it filled already,
which spares it that work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from services.documents.render import opc
from services.documents.render.compiler import compile_template
from services.documents.render.environment import ENVIRONMENT
from services.documents.render.logo import LOGO_PART, with_logo
from services.documents.render.source import WORD_PART, is_rendered, parser
from services.documents.template.reading import CELL, ROW, TEXT, Occurrence, lines, occurrences

Json = dict[str, Any]
Node = Any

_LOGO = re.compile(
    rb"<w:p><w:r><w:t>\{%p if logo is defined %\}.*?\{%p endif %\}</w:t></w:r></w:p>", re.DOTALL
)
_DELIMITERS = str.maketrans({"{": "(", "}": ")"})


@dataclass
class _Block:
    """A value, or a section with what is inside; `name` is what docxtemplater calls it."""

    name: str
    tag: Occurrence
    inside: list[_Block] = field(default_factory=list)
    closing: Occurrence | None = None


def peer(docx: bytes, context: Json) -> tuple[bytes, Json]:
    """The template in docxtemplater's syntax, and its data."""
    parts = opc.read(docx)
    filled = opc.read(compile_template(docx, {LOGO_PART: None}).render(context))
    data: Json = {}
    for name in filter(is_rendered, list(parts)):
        if WORD_PART.fullmatch(name) is None:
            parts[name] = filled[name]
            continue
        root = etree.fromstring(_LOGO.sub(b"", parts[name]), parser())
        blocks = _blocks(iter(occurrences(lines(name, root))), name.partition("/")[2].partition(".")[0])
        data |= _values(blocks, context)
        _write_all(blocks)
        parts[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    parts = with_logo(parts, {LOGO_PART: None})
    return opc.write(parts), data


def _blocks(tags: Iterator[Occurrence], prefix: str) -> list[_Block]:
    """The tags as a tree; each branch of a condition is a section of its own."""
    found: list[_Block] = []
    for one in tags:
        name = f"{prefix}_{len(found)}"
        if one.tag.sign == "{{":
            found.append(_Block(name, one))
        elif one.tag.keyword in ("if", "for"):
            _branches(one, tags, found, prefix)
        else:
            raise AssertionError(one.tag.source)
    return found


def _branches(one: Occurrence, tags: Iterator[Occurrence], found: list[_Block], prefix: str) -> None:
    opening = one
    while True:
        block = _Block(f"{prefix}_{len(found)}", opening)
        found.append(block)
        inner: list[Occurrence] = []
        depth = 0
        for other in tags:
            word = other.tag.keyword
            if depth == 0 and word in ("elif", "else", "endif", "endfor"):
                block.closing = other
                break
            depth += (word in ("if", "for")) - (word in ("endif", "endfor"))
            inner.append(other)
        block.inside = _blocks(iter(inner), block.name)
        assert block.closing is not None
        if block.closing.tag.keyword.startswith("end"):
            return
        opening = block.closing


def _values(blocks: list[_Block], scope: Json) -> Json:
    data: Json = {}
    chosen = False
    for block in blocks:
        tag = block.tag.tag
        if tag.sign == "{{":
            data[block.name] = str(_evaluate(tag.body, scope)).translate(_DELIMITERS)
        elif tag.keyword == "for":
            data[block.name] = list(_items(block, scope))
        else:
            chosen = False if tag.keyword == "if" else chosen
            holds = not chosen and (tag.keyword == "else" or bool(_evaluate(tag.rest, scope)))
            chosen = chosen or holds
            data[block.name] = _values(block.inside, scope) if holds else False
    return data


def _items(block: _Block, scope: Json) -> Iterator[Json]:
    name, _, listed = block.tag.tag.rest.partition(" in ")
    items = list(_evaluate(listed, scope))
    for index, item in enumerate(items):
        loop = {"first": not index, "last": index == len(items) - 1, "index": index + 1, "length": len(items)}
        yield _values(block.inside, {**scope, name.strip(): item, "loop": loop})


def _evaluate(expression: str, scope: Json) -> Any:
    return ENVIRONMENT.compile_expression(expression, undefined_to_none=False)(**scope)


def _write_all(blocks: list[_Block]) -> None:
    edits: list[tuple[Occurrence, str]] = []
    moved: list[tuple[Node, Node, str]] = []
    _collect(blocks, edits, moved)
    # From the last to the first, so that the positions of the others hold.
    for one, text in sorted(edits, key=lambda edit: (-edit[0].holder.rank, -edit[0].tag.start)):
        _replace(one, text)
    for opening, closing, name in moved:
        _move_to_rows(opening, closing, name)
    for row in {id(row): row for pair in moved for row in pair[:2]}.values():
        row.getparent().remove(row)


def _collect(
    blocks: list[_Block], edits: list[tuple[Occurrence, str]], moved: list[tuple[Node, Node, str]]
) -> None:
    previous: _Block | None = None
    for block in blocks:
        if block.tag.tag.sign == "{{":
            edits.append((block.tag, f"{{{block.name}}}"))
            previous = None
            continue
        assert block.closing is not None
        if block.tag.tag.prefix == "tr":
            rows = [next(one.holder.node.iterancestors(ROW)) for one in (block.tag, block.closing)]
            moved.append((rows[0], rows[1], block.name))
        else:
            ends = block.closing.tag.keyword.startswith("end")
            follows = previous is not None and previous.closing is block.tag
            if not follows:
                edits.append((block.tag, f"{{#{block.name}}}"))
            following = blocks[blocks.index(block) + 1] if not ends else None
            edits.append(
                (block.closing, f"{{/{block.name}}}" + (f"{{#{following.name}}}" if following else ""))
            )
        _collect(block.inside, edits, moved)
        previous = block


def _replace(one: Occurrence, text: str) -> None:
    holder, tag = one.holder, one.tag
    before = sum(len(other.text) for other in one.line.holders[: one.line.holders.index(holder)])
    start = tag.start - before
    source = holder.text
    if "}{#" in text and tag.prefix == "p":
        paragraph = one.line.paragraph
        assert paragraph is not None
        second = deepcopy(paragraph)
        paragraph.addnext(second)
        closing, _, opening = text.partition("}{#")
        holder.write(f"{closing}}}")
        next(second.iter(TEXT)).text = f"{{#{opening}"
        return
    holder.write(source[:start] + text + source[start + len(tag.source) :])


def _move_to_rows(opening: Node, closing: Node, name: str) -> None:
    """A loop of docxtemplater begins in the first cell of its rows and ends in the last."""
    first, last = opening.getnext(), closing.getprevious()
    start = next(next(first.iter(CELL)).iter(TEXT))
    *_, end = list(last.iter(CELL))[-1].iter(TEXT)
    start.text = f"{{#{name}}}{start.text or ''}"
    end.text = f"{end.text or ''}{{/{name}}}"
