"""How tags stand in the document: whole, alone in what they take away, closed where they were opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from services.documents.render import WORD_PART
from services.documents.template.advice import keyword_instead
from services.documents.template.reading import (
    CELL,
    CELL_TAGS,
    ROW,
    Line,
    Occurrence,
    W,
    enclosing,
    paragraph_text,
    place,
)
from services.documents.template.tags import find, mistaken
from services.kit.findings import Finding, Severity

_OPENING = {"if": "endif", "for": "endfor"}
_MIDDLE = {"else": ("if", "for"), "elif": ("if",)}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_BARE = ("else", "endif", "endfor")
_CELL_VALUES = ("colspan", "cellbg")
KEYWORDS = (*_OPENING, *_MIDDLE, *_CLOSING)
_TAKEN = {"p": "son paragraphe", "r": "son passage", "tr": "sa ligne de tableau", "tc": "sa cellule"}

_FORMATS = frozenset(f"{W}{name}" for name in ("pPr", "rPr", "tcPr", "trPr", "tblPrEx"))
_HARMLESS = frozenset(
    f"{W}{name}"
    for name in (
        "p",
        "r",
        "t",
        "tc",
        "tr",
        "br",
        "tab",
        "softHyphen",
        "noBreakHyphen",
        "smartTag",
    )
)
_BREAK = f"{W}br"
# Of the properties of a paragraph, those that are more than its look.
_LOST_FORMATS = ("sectPr", "pageBreakBefore")
_LOST = {
    "bookmarkEnd": "la fin d’un signet",
    "bookmarkStart": "un signet",
    "br": "un saut de page ou de colonne",
    "endnoteReference": "un appel de note",
    "fldChar": "un champ Word",
    "fldSimple": "un champ Word",
    "footnoteReference": "un appel de note",
    "hyperlink": "un lien",
    "instrText": "un champ Word",
    "pageBreakBefore": "le saut de page qui le précède",
    "sdt": "un contrôle de contenu",
    "sectPr": "un saut de section",
    "sym": "un symbole",
}

Node = Any


@dataclass(frozen=True)
class _Block:
    occurrence: Occurrence
    container: Any


def finding(
    line: Line, code: str, message: str, suggestion: str = "", severity: Severity = Severity.ERROR
) -> Finding:
    """A finding at a line of a part."""
    return Finding(place(line.part, line.text, line.position), message, code, suggestion, severity)


def structure(lines: Iterable[Line], occurrences: Iterable[Occurrence]) -> Iterator[Finding]:
    """Everything wrong with the place of the tags of a part."""
    for line in lines:
        yield from _strays(line)
    blocks: list[_Block] = []
    seen: list[Occurrence] = []
    for one in occurrences:
        yield from _alone(one)
        yield from _known(one)
        yield from _first(one, seen)
        seen.append(one)
        yield from _matched(one, blocks)
    for block in blocks:
        tag = block.occurrence.tag
        yield finding(
            block.occurrence.line,
            "BLOCK_UNCLOSED",
            f"« {tag.source} » n’est jamais fermé.",
            f"Ajoutez « {_closing_of(block)} » là où le passage se termine.",
        )


def _strays(line: Line) -> Iterator[Finding]:
    for stray in line.tags()[1] if line.paragraph is None else mistaken(line.text):
        if stray.sign in ("}}", "%}"):
            yield finding(
                line, "TAG_UNOPENED", f"« {stray.sign} » ne ferme aucune balise.", "Retirez ce signe."
            )
        else:
            yield finding(
                line,
                "TAG_UNCLOSED",
                f"Une balise ouverte par « {stray.sign} » n’est pas fermée dans son paragraphe.",
                "Fermez-la par « }} » ou « %} », dans le même paragraphe.",
            )


def _known(one: Occurrence) -> Iterator[Finding]:
    tag = one.tag
    if tag.trims:
        yield finding(
            one.line, "TAG_DASH", f"Le tiret de « {tag.source} » n’est pas permis.", "Retirez le tiret."
        )
    if tag.sign == "{{" and tag.prefix:
        yield finding(
            one.line,
            "TAG_RESERVED",
            f"« {tag.source} » attend un contenu préparé par un programme.",
            "Une donnée s’imprime par une balise simple, sans lettre après les accolades.",
        )
    if tag.sign == "{%" and tag.keyword in _BARE and tag.rest:
        yield finding(
            one.line,
            "TAG_SYNTAX",
            f"« {tag.source} » : rien ne suit « {tag.keyword} ».",
            f"Écrivez « {keyword_instead(tag)} ».",
        )
    if tag.sign == "{%" and tag.keyword in CELL_TAGS and enclosing(one.holder.node, CELL) is None:
        yield finding(one.line, "TAG_MISPLACED", f"« {tag.source} » n’a de sens que dans une cellule.")


def _first(one: Occurrence, before: Iterable[Occurrence]) -> Iterator[Finding]:
    """docxtpl reads what a tag gives to its cell before all that is in the cell."""
    if one.tag.sign != "{%" or one.tag.keyword not in _CELL_VALUES:
        return
    cell = enclosing(one.holder.node, CELL)
    if any(enclosing(other.holder.node, CELL) is cell and other.tag.keyword in KEYWORDS for other in before):
        yield finding(
            one.line,
            "TAG_MISPLACED",
            f"« {one.tag.source} » est lue avant le reste de sa cellule.",
            "Placez-la au début de la cellule.",
        )


def _alone(one: Occurrence) -> Iterator[Finding]:
    """A tag that takes away its paragraph, row or cell takes away everything else that is in it."""
    tag = one.tag
    if tag.prefix not in _TAKEN:
        return
    if any(sign in tag.body for sign in "%}"):
        yield finding(
            one.line,
            "TAG_SIGN",
            f"« {tag.source} » contient « % » ou « }} », que Word et docxtpl liraient comme la fin.",
            "Écrivez « x is odd », « x is even », ou une balise sans « p ».",
        )
    taken = _taken(one)
    if taken is None:
        yield finding(
            one.line,
            "TAG_MISPLACED",
            f"« {tag.source} » n’est pas dans un tableau.",
            "Hors d’un tableau, une balise prend « {%p », et reste seule dans son paragraphe.",
        )
    elif _everything(taken) != tag.source:
        yield finding(
            one.line,
            "TEXT_LOST",
            f"« {tag.source} » fait disparaître {_TAKEN[tag.prefix]} avec ce qui l’entoure.",
            "Laissez la balise seule."
            if tag.sign == "{#"
            else f"Laissez la balise seule ; ou, pour garder le texte, retirez « {tag.prefix} » des balises "
            "de ce passage.",
        )
    elif lost := next(_lost(taken), ""):
        yield finding(
            one.line,
            "CONTENT_LOST",
            f"« {tag.source} » fait disparaître {_TAKEN[tag.prefix]}, avec {lost}.",
            "Laissez la balise seule, et mettez le reste à côté, dans un endroit à lui.",
        )


def _taken(one: Occurrence) -> Node | None:
    if WORD_PART.fullmatch(one.line.part) is None or one.line.paragraph is None:
        return None
    if one.tag.prefix == "p":
        return one.line.paragraph
    if one.tag.prefix == "r":
        return one.holder.node.getparent()
    return enclosing(one.line.paragraph, ROW if one.tag.prefix == "tr" else CELL)


def _everything(node: Node) -> str:
    """The text in an element, without comments; a drawing or an object counts as a text."""
    drawn = any(True for _ in node.iter("{*}drawing", "{*}pict", "{*}object"))
    text = paragraph_text(node)
    for tag in reversed(find(text)[0]):
        if tag.sign == "{#" and not tag.prefix:
            text = text[: tag.start] + text[tag.end :]
    return text.strip() + ("▢" if drawn else "")


def _lost(node: Node) -> Iterator[str]:
    """What is neither text nor formatting in an element that a tag takes away, in French."""
    for child in node.iter(etree.Element):
        name = etree.QName(child).localname
        formats = next((above.tag for above in child.iterancestors() if above.tag in _FORMATS), None)
        if child is node or child.tag in _FORMATS or child.tag in _HARMLESS:
            broken = child.tag == _BREAK and child.get(f"{W}type") in ("page", "column")
            if broken:
                yield _LOST["br"]
        elif formats is None or (name in _LOST_FORMATS and child.get(f"{W}val") not in ("0", "false")):
            yield _LOST.get(name, f"autre chose que du texte ({name})")


def _matched(one: Occurrence, blocks: list[_Block]) -> Iterator[Finding]:
    tag, keyword = one.tag, one.tag.keyword
    if tag.sign != "{%":
        return
    if keyword in _OPENING:
        blocks.append(_Block(one, _container(one)))
    elif keyword in _MIDDLE:
        if not blocks or blocks[-1].occurrence.tag.keyword not in _MIDDLE[keyword]:
            yield finding(one.line, "BLOCK_UNOPENED", f"« {tag.source} » n’est dans aucun passage ouvert.")
        else:
            yield from _same_place(one, blocks[-1])
    elif keyword in _CLOSING:
        yield from _closed(one, blocks)


def _closed(one: Occurrence, blocks: list[_Block]) -> Iterator[Finding]:
    opening = _CLOSING[one.tag.keyword]
    if not any(block.occurrence.tag.keyword == opening for block in blocks):
        yield finding(
            one.line,
            "BLOCK_UNOPENED",
            f"« {one.tag.source} » ne ferme rien.",
            f"Retirez-le, ou ouvrez le passage par « {opening} ».",
        )
        return
    while (block := blocks.pop()).occurrence.tag.keyword != opening:
        yield finding(
            block.occurrence.line,
            "BLOCK_UNCLOSED",
            f"« {block.occurrence.tag.source} » n’est pas fermé avant « {one.tag.source} ».",
            f"Ajoutez « {_closing_of(block)} » avant « {one.tag.source} ».",
        )
    yield from _same_place(one, block)


def _same_place(one: Occurrence, block: _Block) -> Iterator[Finding]:
    opening = block.occurrence.tag
    if one.tag.prefix != opening.prefix:
        yield finding(
            one.line,
            "BLOCK_PREFIX",
            f"« {one.tag.source} » répond à « {opening.source} » : les deux doivent s’écrire de même.",
            f"Commencez les deux par « {_sign(opening.prefix).strip()} », ou les deux par "
            f"« {_sign(one.tag.prefix).strip()} ».",
        )
    elif _container(one) != block.container:
        yield finding(
            one.line,
            "BLOCK_SPREAD",
            f"« {opening.source} » et « {one.tag.source} » ne sont pas au même endroit du document.",
            "Placez les deux dans le même paragraphe ; ou chacun seul dans le sien avec « {%p », pour des "
            "paragraphes entiers, ou seul dans sa ligne avec « {%tr », pour des lignes de tableau.",
        )


def _container(one: Occurrence) -> Any:
    """What must hold both ends of a block, for the document to stay well formed."""
    node, paragraph = one.holder.node, one.line.paragraph
    if paragraph is None:
        return (node, one.holder.slot) if one.holder.in_attribute else _parent(one)
    if one.tag.prefix == "p":
        return paragraph.getparent()
    if one.tag.prefix in ("tr", "tc"):
        taken = enclosing(paragraph, ROW if one.tag.prefix == "tr" else CELL)
        return None if taken is None else taken.getparent()
    run = node.getparent()
    return run.getparent() if run is not None else None


def _parent(one: Occurrence) -> Node:
    return one.holder.node if one.holder.slot == "text" else one.holder.node.getparent()


def _closing_of(block: _Block) -> str:
    tag = block.occurrence.tag
    return f"{_sign(tag.prefix)}{_OPENING[tag.keyword]} %}}"


def _sign(prefix: str) -> str:
    return f"{{%{prefix} "
