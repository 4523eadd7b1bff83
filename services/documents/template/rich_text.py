"""Where a template may print a rich text: alone in a paragraph of the body, with styles for its lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from services.documents.render import MARKDOWN, list_styles, opc
from services.documents.template.reading import PARAGRAPH, RUN, TEXT, Line, Occurrence, W, paragraph_text
from services.documents.template.structure import finding
from services.documents.template.styles import Styles
from services.kit.findings import Finding

_RICH = re.compile(rf"\|\s*{MARKDOWN}\b")
_KEPT = frozenset((PARAGRAPH, RUN, TEXT))
_FORMATS = (f"{W}pPr", f"{W}rPr")
# Each block of the text would have it.
_NOT_REPEATED = tuple(f"{W}{name}" for name in ("sectPr", "pageBreakBefore", "framePr", "outlineLvl"))
_ALONE = "Mettez-la seule dans un paragraphe du corps ; une condition peut l’entourer dans ce paragraphe."


def rich_texts(occurrences: Iterable[Occurrence], parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """Each rich text that could not be laid out where it stands."""
    found = [one for one in occurrences if _RICH.search(one.tag.body)]
    for one in found:
        if not _is_alone(one):
            yield finding(
                one.line,
                "RICH_PLACE",
                f"« {one.tag.source} » fait des paragraphes et des listes : elle ne peut être que seule.",
                _ALONE,
            )
    if found and (lacking := _lacking(parts)):
        yield finding(
            found[0].line,
            "RICH_STYLE",
            f"Un texte enrichi peut avoir des listes, et ce fichier n’a pas le style {lacking}.",
            "Dans Word, appliquez ce style à un paragraphe, enregistrez, puis effacez ce paragraphe.",
        )


def _is_alone(one: Occurrence) -> bool:
    line, tag = one.line, one.tag
    if line.part != opc.MAIN or line.paragraph is None or tag.sign != "{{" or tag.prefix:
        return False
    return _text_beside(line) == "" and not any(
        (node.tag not in _KEPT and not _is_format(node)) or node.tag in _NOT_REPEATED
        for node in line.paragraph.iter(etree.Element)
    )


def _text_beside(line: Line) -> str:
    """What a paragraph says besides its conditions and its rich texts; another value counts as a text."""
    text = paragraph_text(line.paragraph)
    for tag in reversed(line.tags()[0]):
        if tag.sign != "{{" or _RICH.search(tag.body):
            text = text[: tag.start] + text[tag.end :]
    return text.strip()


def _is_format(node: etree._Element) -> bool:
    return node.tag in _FORMATS or any(above.tag in _FORMATS for above in node.iterancestors())


def _lacking(parts: Mapping[str, bytes]) -> str:
    styles, found = Styles(parts.get(opc.STYLES, b"")), list_styles(parts.get(opc.STYLES, b""))
    named = {"« Liste à puces »": found.bullet, "« Liste à numéros »": found.number}
    return " ni ".join(name for name, style in named.items() if not style or not styles.is_list(style))
