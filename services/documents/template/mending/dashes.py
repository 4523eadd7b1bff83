"""Dashes of jinja2: those that trim spaces are obeyed once and for all, those that join paragraphs too."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.documents.template.normalise import put
from services.documents.template.reading import PARAGRAPH, Line, W, lines

_PROPERTIES = f"{W}pPr"


def drop_dashes(name: str, root: Any, done: Counter[str]) -> None:
    """Does what each dash would have done at each rendering, and takes it off."""
    while (found := _next(name, root)) is not None:
        line, start, end, source = found
        before, after = line.text[:start], line.text[end:]
        first, last = source[2:3] == "-", source[-3:-2] == "-"
        put(line, start, end, f"{source[:2]}{source[2:-2].removeprefix('-').removesuffix('-')}{source[-2:]}")
        done["Tiret de balise retiré"] += 1
        if last:
            shift = len(line.text) - len(after)
            put(line, shift, shift + len(after) - len(after.lstrip()), "")
        if first:
            put(line, len(before.rstrip()), start, "")
        home: Any = line.paragraph
        if last and not after.strip():
            _join(home, home.getnext(), done)
        if first and not before.strip():
            _join(home.getprevious(), home, done)


def _next(name: str, root: Any) -> tuple[Line, int, int, str] | None:
    for line in lines(name, root):
        for tag in line.tags()[0]:
            if tag.trims and line.paragraph is not None:
                return line, tag.start, tag.end, tag.source
    return None


def _join(first: Any, second: Any, done: Counter[str]) -> None:
    """One paragraph of two, as docxtpl would have made; not over a table, nor one that goes away whole."""
    if first is None or second is None or not first.tag == second.tag == PARAGRAPH:
        return
    if any(text in "".join(one.itertext()) for one in (first, second) for text in ("{%p ", "{%tr ", "{%tc ")):
        return
    if (
        second.find(f"{_PROPERTIES}/{W}sectPr") is not None
        or first.find(f"{_PROPERTIES}/{W}sectPr") is not None
    ):
        return
    first.extend([child for child in second if child.tag != _PROPERTIES])
    second.getparent().remove(second)
    done["Paragraphes réunis, comme le tiret le demandait"] += 1
