"""Structure proved from the template: what Word wants filled keeps something, whatever the conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from services.documents.template.reading import (
    CELL,
    PARAGRAPH,
    ROW,
    RUN,
    TABLE,
    Occurrence,
    W,
    enclosing,
    paragraph_text,
    place,
)
from services.kit.findings import Finding

_BLOCKS = frozenset((PARAGRAPH, TABLE, f"{W}sdt", f"{W}customXml"))
_BODY = f"{W}body"
_RUNS = frozenset((RUN, f"{W}hyperlink", f"{W}fldSimple", f"{W}sdt", PARAGRAPH, TABLE, ROW, CELL))
# What Word refuses when it is empty: how people call it, and what it must keep one of.
_CONTAINERS: Mapping[str, tuple[str, frozenset[str]]] = {
    _BODY: ("Le corps du document", _BLOCKS),
    f"{W}hdr": ("Cet en-tête", _BLOCKS),
    f"{W}ftr": ("Ce pied de page", _BLOCKS),
    f"{W}footnote": ("Cette note", _BLOCKS),
    f"{W}endnote": ("Cette note", _BLOCKS),
    f"{W}txbxContent": ("Cette zone de texte", _BLOCKS),
    f"{W}sdtContent": ("Ce contrôle de contenu", _RUNS),
    CELL: ("Cette cellule", _BLOCKS),
    ROW: ("Cette ligne de tableau", frozenset((CELL, f"{W}sdt", f"{W}customXml"))),
    TABLE: ("Ce tableau", frozenset((ROW, f"{W}sdt", f"{W}customXml"))),
}
# A cell ends with a paragraph, or with a control that holds one.
_ENDS = frozenset((PARAGRAPH, f"{W}sdt"))
_TAKEN = {"p": PARAGRAPH, "r": RUN, "tr": ROW, "tc": CELL}
_NOTHING = frozenset({None})

Node = Any
# What a passage may end with, in one combination of conditions or another; None when it may be empty.
_Ends = frozenset[str | None]


@dataclass
class _Branch:
    """A condition or a loop that is open: how its other branches may end, and what this one has so far."""

    loops: bool
    others: list[_Ends] = field(default_factory=list)
    ends: _Ends = _NOTHING
    has_else: bool = False

    def all(self) -> _Ends:
        """How the whole may end, whatever the data."""
        skipped = [] if self.has_else and not self.loops else [_NOTHING]
        return frozenset().union(*self.others, self.ends, *skipped)


def kept(part: str, root: Node, occurrences: Sequence[Occurrence]) -> Iterator[Finding]:
    """Each container that some combination of conditions leaves empty, or a cell without last paragraph."""
    taken = removed(occurrences)
    ranks = {node: rank for rank, node in enumerate(root.iter(PARAGRAPH))}
    for node in {parent for one in taken if (parent := one.getparent()) is not None}:
        if node.tag not in _CONTAINERS:
            continue
        name, wanted = _CONTAINERS[node.tag]
        ends = _ends(node, wanted, taken)
        if None in ends:
            wish = {TABLE: "une ligne", ROW: "une cellule"}.get(node.tag, "un paragraphe")
            # Word opens a body without anything, but nobody wants a blank letter.
            why = "la page serait blanche" if node.tag == _BODY else f"Word veut y trouver {wish} au moins"
            sentence = f"{name} peut se retrouver vide : {why}."
        elif node.tag == CELL and not ends <= _ENDS:
            sentence = f"{name} peut se retrouver sans paragraphe à la fin : Word veut y en trouver un."
        else:
            continue
        shown = next(node.iter(PARAGRAPH), None)
        text = "" if shown is None else paragraph_text(shown)
        advice = "Laissez-y un paragraphe, même vide, après la dernière balise."
        if node.tag in (TABLE, ROW):
            advice = "Laissez-y une ligne ou une cellule hors de toute condition."
        yield Finding(place(part, text, ranks.get(shown)), sentence, "CONTAINER_EMPTIED", advice)


def removed(occurrences: Sequence[Occurrence]) -> dict[Node, Occurrence]:
    """The paragraphs, rows, cells and runs that a tag takes away, each with its tag."""
    found: dict[Node, Occurrence] = {}
    for one in occurrences:
        kind = _TAKEN.get(one.tag.prefix)
        if kind is not None and (node := enclosing(one.holder.node, kind)) is not None:
            found[node] = one
    return found


def _ends(node: Node, wanted: frozenset[str], taken: Mapping[Node, Occurrence]) -> _Ends:
    branches = [_Branch(loops=False)]
    for child in node.iterchildren(etree.Element):
        one = taken.get(child)
        if one is None:
            if child.tag in wanted:
                branches[-1].ends = frozenset({child.tag})
            continue
        keyword = one.tag.keyword
        if keyword in ("if", "for"):
            branches.append(_Branch(loops=keyword == "for"))
        elif keyword in ("elif", "else") and len(branches) > 1:
            branch = branches[-1]
            branch.others.append(branch.ends)
            branch.ends, branch.has_else = _NOTHING, branch.has_else or keyword == "else"
        elif keyword in ("endif", "endfor") and len(branches) > 1:
            whole = branches.pop().all()
            branches[-1].ends = (whole - _NOTHING) | (branches[-1].ends if None in whole else frozenset())
    return branches[0].ends
