"""A .docx made by hand in Word, cleaned: no noise of editing, whole tags, quotes that jinja2 reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from lxml import etree

from services.documents.render import WORD_PART, is_rendered, parser
from services.documents.template.reading import RUN, TEXT, Holder, Line, W, lines
from services.documents.template.tags import canonical

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_PROPERTIES = f"{W}rPr"
_NOISE = tuple(f"{W}{name}" for name in ("proofErr", "lastRenderedPageBreak", "noProof", "rsids"))
_NOISY_ATTRIBUTES = ("rsid", "paraId", "textId")
_RUN_PARENTS = tuple(f"{W}{name}" for name in ("p", "hyperlink", "sdtContent"))
_BOOKMARK, _BOOKMARK_END = f"{W}bookmarkStart", f"{W}bookmarkEnd"
# Where the person was when Word was closed: of no meaning to a reader, and different in every file.
_CURSOR = "_GoBack"
_RUN_TAGS = ("{%r ", "{#r ")
_RUN_TAG = re.compile(r"(\{%r .*?%\}|\{#r .*?#\})")

Node = Any


def normalise(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts with clean tags; what is not XML stays as it is. Doing it twice changes nothing more."""
    return {name: _part(name, content) for name, content in parts.items()}


def _part(name: str, content: bytes) -> bytes:
    word = WORD_PART.fullmatch(name) is not None
    if not (word or is_rendered(name) or name == "word/settings.xml"):
        return content
    try:
        root = etree.fromstring(content, parser())
    except etree.XMLSyntaxError:
        return content
    before = etree.tostring(root, method="c14n")
    if word or name == "word/settings.xml":
        _remove_noise(root)
    if word:
        _merge_runs(root)
    if is_rendered(name):
        for line in lines(name, root):
            _heal(line)
    if word:
        _isolate_run_tags(root)
    if etree.tostring(root, method="c14n") == before:
        return content
    cleaned: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return cleaned


def _remove_noise(root: Node) -> None:
    cursors = {mark.get(f"{W}id") for mark in root.iter(_BOOKMARK) if mark.get(f"{W}name") == _CURSOR}
    for node in list(root.iter(etree.Element)):
        for name in list(node.attrib):
            if name.rpartition("}")[2].startswith(_NOISY_ATTRIBUTES):
                del node.attrib[name]
        is_cursor = node.tag in (_BOOKMARK, _BOOKMARK_END) and node.get(f"{W}id") in cursors
        if (node.tag in _NOISE or is_cursor) and node.getparent() is not None:
            node.getparent().remove(node)


def _merge_runs(root: Node) -> None:
    """Joins neighbouring runs of text that have the same properties: Word cuts them as one types."""
    for parent in root.iter(*_RUN_PARENTS):
        previous: Node | None = None
        for run in list(parent):
            if previous is not None and _mergeable(previous, run):
                _append_text(previous[-1], run[-1].text or "")
                parent.remove(run)
            else:
                previous = run if run.tag == RUN and len(run) and run[-1].tag == TEXT else None


def _isolate_run_tags(root: Node) -> None:
    """Gives a run of its own to each tag that takes its run away: Word joins runs that look alike."""
    for run in list(root.iter(RUN)):
        children = [child for child in run if child.tag != _PROPERTIES]
        pieces = [piece for child in children for piece in _pieces(child)]
        if len(pieces) < 2 or not any(_RUN_TAG.search(child.text or "") for child in children):
            continue
        for piece in pieces:
            own = etree.Element(RUN)
            own.extend([deepcopy(run[0]), piece] if run[0].tag == _PROPERTIES else [piece])
            run.addprevious(own)
        run.getparent().remove(run)


def _pieces(child: Node) -> list[Node]:
    """What a run holds, its text cut around the tags that take a run away."""
    texts = [text for text in _RUN_TAG.split(child.text or "") if text] if child.tag == TEXT else []
    if len(texts) < 2:
        return [deepcopy(child)]
    pieces = []
    for text in texts:
        piece = etree.Element(TEXT)
        piece.text = text
        piece.set(_SPACE, "preserve")
        pieces.append(piece)
    return pieces


def _mergeable(previous: Node, run: Node) -> bool:
    if run.tag != RUN or not len(run) or run[-1].tag != TEXT:
        return False
    if any((one[-1].text or "").startswith(_RUN_TAGS) for one in (previous, run)):
        return False  # the tag takes its run away
    only_text = len(run) == (2 if run[0].tag == _PROPERTIES else 1)
    return only_text and _properties(previous) == _properties(run)


def _properties(run: Node) -> bytes:
    found = run.find(_PROPERTIES)
    canonical_form: bytes = b"" if found is None else etree.tostring(found, method="c14n")
    return canonical_form


def _append_text(node: Node, text: str) -> None:
    node.text = (node.text or "") + text
    node.set(_SPACE, "preserve")


def _heal(line: Line) -> None:
    """Puts each tag whole in the holder where it begins, written as jinja2 reads it."""
    tags, _ = line.tags()
    # From the last to the first: what is written does not move those that are still to be.
    for tag in reversed(tags):
        put(line, tag.start, tag.end, canonical(tag.source, in_attribute=line.holders[0].in_attribute))


def put(line: Line, start: int, end: int, text: str) -> None:
    """Replaces a passage of a line, in the holder where it begins."""
    position, written = 0, False
    for holder in line.holders:
        before = holder.text
        low, high = max(start - position, 0), min(end - position, len(before))
        position += len(before)
        if low < high:
            _write(holder, before[:low] + ("" if written else text) + before[high:], before)
            written = True


def _write(holder: Holder, text: str, before: str) -> None:
    if text == before:
        return
    holder.write(text)
    if holder.node.tag == TEXT:
        holder.node.set(_SPACE, "preserve")
