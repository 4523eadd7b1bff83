"""What looks like a tag and is none: it would reach the citizen as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from services.documents.template.advice import Advice
from services.documents.template.reading import Line
from services.documents.template.structure import finding
from services.kit.findings import Finding, Severity

_SPACED = re.compile(r"\{\s*([{%#])([^{}]*?)([}%#])\s*\}")
_FOREIGN = re.compile(r"\$?\{\s*[#/^+-]?([\w.][\w. ’'-]{0,60}?)\s*\}")
_BRACE = re.compile(r"[{}]+")
_LITERALS = re.compile(r"{_{|}_}|{_%|%_}")
# Each with what it is taken for: letters have chevrons, brackets and figures of their own.
_DOUBTS = (
    (re.compile(r"«([\w.]+)»"), "un champ de publipostage"),
    (re.compile(r"\[([A-ZÀ-Ý][A-ZÀ-Ý0-9_ ’'-]+)\]"), "un blanc à remplir"),
    (re.compile(r"__([A-Za-zÀ-ÿ]\w*?)__+"), "un blanc à remplir"),
    (re.compile(r"<([A-Za-zÀ-ÿ_]+)>"), "un blanc à remplir"),
    (re.compile(r"(?<!\w)(X{3,})(?!\w)"), "un blanc à remplir"),
)
_ALONE = "Retirez-la, ou écrivez la balise entière : deux accolades de chaque côté d’une donnée."


def misses(lines: Iterable[Line], advice: Advice) -> Iterator[Finding]:
    """Each thing that looks like a tag in the paragraphs of a part, with the tag of the nearest field."""
    for line in lines:
        if line.paragraph is not None:
            yield from _in_line(line, advice)


def _in_line(line: Line, advice: Advice) -> Iterator[Finding]:
    tags, strays = line.tags()
    whole = line.text
    text = _without(_LITERALS.sub("   ", whole), [(tag.start, tag.end) for tag in tags])
    for found in _once(_SPACED, text):
        joined = f"{{{found[1]}{found[2]}{found[3]}}}"
        tried = advice.tried(joined)
        yield finding(
            line,
            "TAG_SPACED",
            f"Une espace sépare les accolades de « {found[0]} » : ce n’est pas une balise.",
            f"Écrivez « {tried} »." if tried else "Rapprochez les accolades.",
        )
    text = _SPACED.sub(lambda found: " " * len(found[0]), text)
    # Signs alone have their own sentence.
    text = _without(text, [(stray.start, stray.start + len(stray.sign)) for stray in strays])
    for found in _once(_FOREIGN, text):
        tag = advice.printed(found[1])
        yield finding(
            line,
            "TAG_FOREIGN",
            f"« {found[0]} » n’est pas une balise de ce service : ce serait imprimé tel quel.",
            f"Écrivez « {tag} »." if tag else "Remplacez-le par la balise de la donnée : documents fields.",
        )
    text = _FOREIGN.sub(lambda found: " " * len(found[0]), text)
    for brace in _BRACE.finditer(text):
        around = whole[max(0, brace.start() - 12) : brace.end() + 12]
        yield finding(line, "BRACE_ALONE", f"Une accolade est seule dans « {around} ».", _ALONE)
    for pattern, taken in _DOUBTS:
        for found in _once(pattern, text):
            tag = "" if found[1].startswith("XXX") else advice.printed(found[1])
            yield finding(
                line,
                "BLANK_LEFT",
                f"« {found[0]} » ressemble à {taken} : ce serait imprimé tel quel.",
                f"Écrivez « {tag} »." if tag else "",
                Severity.WARNING,
            )


def _once(pattern: re.Pattern[str], text: str) -> Iterable[re.Match[str]]:
    """What is found in a text, the same words once."""
    return {found[0]: found for found in pattern.finditer(text)}.values()


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text, blank there: what stands elsewhere keeps its place."""
    signs = list(text)
    for start, end in spans:
        signs[start:end] = " " * (end - start)
    return "".join(signs)
