"""Accessibility of a template, RGAA 4 criteria 13.3 and 13.4: what a screen reader and a tired eye need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from services.documents.render import WORD_PART, opc, parser
from services.documents.template.reading import (
    CELL,
    PARAGRAPH,
    ROW,
    RUN,
    TABLE,
    TEXT,
    WHOLE_FILE,
    W,
    enclosing,
    place,
)
from services.documents.template.styles import STYLES, Styles
from services.documents.template.tags import find
from services.kit.findings import Finding, Severity

LEAST_CONTRAST = 4.5
SMALLEST_HALF_POINTS, SMALLEST_IN_MARGIN = 21, 19
"""Text of 10.5 points in the body, of 9.5 points in headers and footers."""
LONG_DOCUMENT = 40
EMPTY_PARAGRAPHS = 3

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_BULLET = re.compile(r"\s*[-•–▪*]\s+\S")
_TITLE = re.compile(rb"<dc:title>[^<]*\S[^<]*</dc:title>")
_COLOUR = re.compile("[0-9A-Fa-f]{6}")
# A frame of paragraphs is read where it is written: the address in the window of an envelope is one.
_FLOATING = ("{*}anchor", f"{W}txbxContent")

Node = Any


def accessibility(parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """Errors, then doubts, for the whole of a template; its tags are clean."""
    styles = Styles(parts.get(STYLES, b""))
    yield from _document(parts, styles)
    for name, content in parts.items():
        if WORD_PART.fullmatch(name):
            part = _Part(name, etree.fromstring(content, parser()), styles)
            yield from part.findings()


def _document(parts: Mapping[str, bytes], styles: Styles) -> Iterator[Finding]:
    if not styles.language.startswith("fr"):
        yield _of_file(
            "LANGUAGE", "La langue du document n’est pas le français.", "Word : Révision, Langue, Français."
        )
    if not _TITLE.search(parts.get(opc.CORE, b"")):
        yield _of_file("TITLE", "Le document n’a pas de titre.", "Word : Fichier, Informations, Titre.")


class _Part:
    """One part and the places in it."""

    def __init__(self, name: str, root: Node, styles: Styles) -> None:
        self._name, self._root, self._styles = name, root, styles
        self._paragraphs = list(root.iter(PARAGRAPH))
        self._ranks = {node: rank for rank, node in enumerate(self._paragraphs)}

    def findings(self) -> Iterator[Finding]:
        """Everything to say of the part."""
        if self._name == opc.MAIN:
            yield from self._headings()
        for table in self._root.iter(TABLE):
            yield from self._table(table)
        yield from self._drawings()
        yield from self._layout()
        for paragraph in self._paragraphs:
            yield from self._paragraph(paragraph)
        yield from self._legibility()

    def _headings(self) -> Iterator[Finding]:
        previous = 0
        for paragraph in self._paragraphs:
            level = self._styles.level(_style(paragraph))
            if level > previous + 1:
                message = f"Le titre passe du niveau {previous} au niveau {level}."
                yield self._error(
                    "HEADING_JUMP", paragraph, message, f"Utilisez le style Titre {previous + 1}."
                )
            previous = level or previous
        if not previous and len(self._paragraphs) > LONG_DOCUMENT:
            yield self._error(
                "HEADING_NONE",
                None,
                "Ce long document n’a aucun titre.",
                "Utilisez les styles Titre 1, Titre 2.",
            )

    def _table(self, table: Node) -> Iterator[Finding]:
        rows = [row for row in table.iter(ROW) if enclosing(row, TABLE) is table and not _is_control(row)]
        if len(rows) > 1 and rows[0].find(f"{W}trPr/{W}tblHeader") is None:
            yield self._error(
                "TABLE_HEADER", table, "Le tableau n’a pas de ligne d’en-tête.",
                "Word : Mise en page du tableau, Répéter les lignes d’en-tête.",
            )  # fmt: skip
        if table.find(f"{W}tblPr/{W}tblCaption") is None:
            yield self._doubt(
                "TABLE_TITLE",
                table,
                "Le tableau n’a pas de titre.",
                "Propriétés du tableau, Texte de remplacement.",
            )
        if (
            any(next(row.iter(f"{W}vMerge", f"{W}gridSpan"), None) is not None for row in rows)
            or enclosing(table, CELL) is not None
        ):
            yield self._doubt(
                "TABLE_MERGED", table, "Des cellules sont fusionnées, ou un tableau est dans un autre."
            )

    def _drawings(self) -> Iterator[Finding]:
        for drawing in self._root.iter(_DRAWING):
            if not (drawing.get("descr") or "").strip() and next(drawing.iter("{*}decorative"), None) is None:
                yield self._error(
                    "ALTERNATIVE_TEXT", drawing,
                    "Une image ou un graphique n’a pas de texte de remplacement.",
                    "Word : clic droit sur l’image, Texte de remplacement.",
                )  # fmt: skip

    def _layout(self) -> Iterator[Finding]:
        for node in self._root.iter(*_FLOATING):
            yield self._doubt(
                "FLOATING", node, "Un contenu flottant est lu hors de son ordre.", "Alignez-le sur le texte."
            )
        run: list[Node] = []
        for node in self._root.iter(PARAGRAPH):
            run = [*run, node] if _is_empty(node) else []
            if len(run) == EMPTY_PARAGRAPHS:
                yield self._doubt(
                    "BLANKS", node, "L’espacement est fait de paragraphes vides.", "Réglez l’espace du style."
                )

    def _paragraph(self, paragraph: Node) -> Iterator[Finding]:
        text = _text(paragraph)
        style = _style(paragraph)
        if (
            _BULLET.match(text)
            and paragraph.find(f"{W}pPr/{W}numPr") is None
            and not self._styles.is_list(style)
        ):
            yield self._error(
                "FAKE_BULLET",
                paragraph,
                "Une puce est tapée à la main.",
                "Utilisez le style de liste à puces.",
            )
        justified = paragraph.find(f"{W}pPr/{W}jc")
        if justified is not None and justified.get(f"{W}val") == "both":
            yield self._doubt("JUSTIFIED", paragraph, "Le texte est justifié.", "Alignez-le à gauche.")
        if (
            not self._styles.level(style)
            and enclosing(paragraph, CELL) is None
            and _is_all_bold(paragraph, text)
        ):
            yield self._doubt(
                "FAKE_HEADING", paragraph, "Un paragraphe en gras sert de titre ?", "Utilisez un style Titre."
            )

    def _legibility(self) -> Iterator[Finding]:
        smallest = SMALLEST_HALF_POINTS if self._name == opc.MAIN else SMALLEST_IN_MARGIN
        for size in self._root.iter(f"{W}sz"):
            if enclosing(size, RUN) is not None and _number(size) < smallest:
                yield self._doubt(
                    "SMALL_TEXT",
                    size,
                    f"Le texte fait {_number(size) / 2:g} points.",
                    f"{smallest / 2:g} points au moins.",
                )
        for style in self._styles.used(_style(node) for node in self._paragraphs):
            if style.half_points and style.half_points < smallest:
                yield self._doubt(
                    "SMALL_TEXT",
                    None,
                    f"Le style {style.name} fait {style.half_points / 2:g} points.",
                    f"{smallest / 2:g} points au moins.",
                )
            if contrast(style.colour, style.fill) < LEAST_CONTRAST:
                yield self._doubt(
                    "CONTRAST",
                    None,
                    f"Le style {style.name} n’est pas assez contrasté.",
                    "Choisissez une couleur plus foncée.",
                )
        for colour in self._root.iter(f"{W}color"):
            value = colour.get(f"{W}val", "auto")
            if (
                enclosing(colour, RUN) is not None
                and contrast(value, "FFFFFF") < LEAST_CONTRAST
                and not _is_shaded(colour)
            ):
                yield self._doubt(
                    "CONTRAST",
                    colour,
                    "Le texte n’est pas assez contrasté.",
                    "Choisissez une couleur plus foncée.",
                )

    def _error(self, code: str, node: Node | None, message: str, suggestion: str = "") -> Finding:
        return self._finding(Severity.ERROR, code, node, message, suggestion)

    def _doubt(self, code: str, node: Node | None, message: str, suggestion: str = "") -> Finding:
        return self._finding(Severity.WARNING, code, node, message, suggestion)

    def _finding(
        self, severity: Severity, code: str, node: Node | None, message: str, suggestion: str
    ) -> Finding:
        paragraph = _paragraph_of(node)
        text = "" if paragraph is None else _text(paragraph)
        rank = None if paragraph is None else self._ranks.get(paragraph)
        return Finding(place(self._name, text, rank), message, code, suggestion, severity)


def _paragraph_of(node: Node | None) -> Node | None:
    if node is None or node.tag == PARAGRAPH:
        return node
    above = enclosing(node, PARAGRAPH)
    return above if above is not None else next(node.iter(PARAGRAPH), None)


def _style(paragraph: Node) -> str:
    found = paragraph.find(f"{W}pPr/{W}pStyle")
    return "" if found is None else str(found.get(f"{W}val", ""))


def _text(node: Node) -> str:
    return "".join(text.text or "" for text in node.iter(TEXT)).strip()


def _is_control(node: Node) -> bool:
    """Whether a row or a paragraph holds nothing but a tag that takes it away."""
    text = _text(node)
    tags = find(text)[0]
    return len(tags) == 1 and tags[0].source == text and tags[0].prefix != ""


def _is_empty(paragraph: Node) -> bool:
    drawn = next(paragraph.iter(f"{W}drawing", f"{W}br", f"{W}sectPr", f"{W}fldChar"), None)
    return not _text(paragraph) and drawn is None


def _is_all_bold(paragraph: Node, text: str) -> bool:
    runs = [run for run in paragraph.iter(RUN) if _text(run)]
    bold = [run.find(f"{W}rPr/{W}b") for run in runs]
    return 0 < len(text) < 80 and all(
        one is not None and one.get(f"{W}val") not in ("0", "false") for one in bold
    )


def _is_shaded(node: Node) -> bool:
    return any(
        next(above.iter(f"{W}shd"), None) is not None for above in node.iterancestors(RUN, PARAGRAPH, CELL)
    )


def _number(node: Node) -> int:
    value = str(node.get(f"{W}val", ""))
    return int(value) if value.isdigit() else 0


def _of_file(code: str, message: str, suggestion: str) -> Finding:
    return Finding(WHOLE_FILE, message, code, suggestion)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.1, from 1 to 21; `auto` and theme colours are black on white."""
    text = one if _COLOUR.fullmatch(one) else "000000"
    fill = other if _COLOUR.fullmatch(other) else "FFFFFF"
    dark, light = sorted(map(_luminance, (text, fill)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
