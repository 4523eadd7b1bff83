"""What looks like a tag and is none: it would reach the citizen as it is written."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator

from services.documents.template.advice import Advice
from services.documents.template.reading import Line
from services.documents.template.structure import finding
from services.documents.template.tags import CONDITIONAL, FOREIGN, LAME, without
from services.kit.findings import Finding, Severity

_SPACED = re.compile(r"\{\s*([{%#])([^{}]*?)([}%#])\s*\}")
_NAME = re.compile(r"(?:[dc]\.)?(?P<name>\w[\w. ’'-]*)")
_PASSAGE = re.compile(r"^\{\s*[#/^]|\[i")
_BRACE = re.compile(r"[{}]+")
_LITERALS = re.compile(r"{_{|}_}|{_%|%_}")
_MERGE, _BLANK = "un champ de publipostage", "un blanc à remplir"
# Each with what it is taken for: letters have chevrons, brackets and figures of their own.
_DOUBTS = (
    (re.compile(r"«([\w.]+)»"), _MERGE),
    (re.compile(r"\[([A-ZÀ-Ý][A-ZÀ-Ý0-9_ ’'-]+)\]"), _BLANK),
    (re.compile(r"__([A-Za-zÀ-ÿ]\w*?)__+"), _BLANK),
    (re.compile(r"<([A-Za-zÀ-ÿ_]+)>"), _BLANK),
    (re.compile(r"(?<!\w)()X{3,}(?!\w)"), _BLANK),
    (re.compile(r"()(?:\.{4,}|…{2,})"), _BLANK),
)
# What stands for a datum if it is the name of one, and for itself otherwise.
_NAMED = re.compile(
    r"\[+(?P<bracket>[^\W\d_][\w ’'-]*)\]+|%+(?P<percent>[^\W\d_]\w+)%+|#+(?P<hash>[^\W\d_]\w+)#+"
)
_ALONE = "Retirez-la, ou écrivez la balise entière : deux accolades de chaque côté d’une donnée."
_REPLACE = "Remplacez-le par la balise de la donnée : documents fields."
_TRANSLATE = "Faites-le traduire par « documents convert », qui dit ce qu’il n’a pas su traduire."

_Told = Generator[Finding, None, str]
"""What is told of a text, which is then given back blank where it was."""


def misses(lines: Iterable[Line], advice: Advice) -> Iterator[Finding]:
    """Each thing that looks like a tag in the paragraphs of a part, with the tag of the nearest field."""
    for line in lines:
        if line.paragraph is not None:
            yield from _in_line(line, advice)


def _in_line(line: Line, advice: Advice) -> Iterator[Finding]:
    whole = line.text
    text = _LITERALS.sub("   ", without(whole, line.tags()[0]))
    for kind in (_spaced, _lame, _foreign):
        text = yield from kind(line, text, advice)
    # Signs alone have their own sentence.
    text = without(text, line.tags()[1])
    for brace in _BRACE.finditer(text):
        around = whole[max(0, brace.start() - 12) : brace.end() + 12]
        yield finding(line, "BRACE_ALONE", f"Une accolade est seule dans « {around} ».", _ALONE)
    yield from _doubts(line, text, advice)


def _spaced(line: Line, text: str, advice: Advice) -> _Told:
    for found in _once(_SPACED, text):
        joined = f"{{{found[1]}{found[2]}{found[3]}}}"
        tried = advice.tried(joined) or (advice.printed(found[2].strip()) if found[1] == "{" else "")
        yield finding(
            line,
            "TAG_SPACED",
            f"Une espace sépare les accolades de « {found[0]} » : ce n’est pas une balise.",
            f"Écrivez « {tried} »." if tried else "Rapprochez les accolades.",
        )
    return _SPACED.sub(_blank, text)


def _lame(line: Line, text: str, advice: Advice) -> _Told:
    for found in _once(LAME, text):
        body = (found["open"] or found["close"]).strip()
        tried = advice.tried(f"{{{{ {body} }}}}") or advice.printed(body)
        yield finding(
            line,
            "BRACE_ALONE",
            f"« {found[0]} » n’a pas autant d’accolades de chaque côté : ce n’est pas une balise.",
            f"Écrivez « {tried} »." if tried else _ALONE,
        )
    return LAME.sub(_blank, text)


def _foreign(line: Line, text: str, advice: Advice) -> _Told:
    for found in _once(FOREIGN, text):
        name, passage = _NAME.match(found["name"] or ""), _PASSAGE.search(found[0])
        whole = name is not None and not (passage or found["sign"] or CONDITIONAL.search(found[0]))
        tag = advice.printed(name["name"].strip()) if name is not None and whole else ""
        yield finding(
            line,
            "TAG_FOREIGN",
            f"« {found[0]} » n’est pas une balise de ce service : ce serait imprimé tel quel.",
            f"Écrivez « {tag} »." if tag else _TRANSLATE if passage else _REPLACE,
        )
    return FOREIGN.sub(_blank, text)


def _doubts(line: Line, text: str, advice: Advice) -> Iterator[Finding]:
    told = [(found, taken) for pattern, taken in _DOUBTS for found in _once(pattern, text)]
    already = {found.start() for found, _ in told}
    told += [(found, _BLANK) for found in _once(_NAMED, text) if found.start() not in already]
    for found, taken in told:
        name = found[found.lastgroup or 1]
        tag = advice.printed(name) if name else ""
        if found.re is _NAMED and not (tag and advice.knows(name)):
            continue
        yield finding(
            line,
            "BLANK_LEFT",
            f"« {found[0]} » ressemble à {taken} : ce serait imprimé tel quel.",
            f"Écrivez « {tag} »." if tag else "",
            Severity.WARNING,
        )


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _once(pattern: re.Pattern[str], text: str) -> Iterable[re.Match[str]]:
    """What is found in a text, the same words once."""
    return {found[0]: found for found in pattern.finditer(text)}.values()
