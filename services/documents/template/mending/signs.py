"""Signs that stand for tags: spaced braces, words of French, the tags of docxtemplater and Carbone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from services.documents.template.mending.word_fields import identifier
from services.documents.template.normalise import put
from services.documents.template.reading import Line, lines
from services.documents.template.tags import CONDITIONAL, find

_NAME = r"[^\W\d][\w.]*"
_SPACED = re.compile(r"\{[{\s]*(?P<open>[{%])(?P<body>[^{}%]+)(?P<close>[}%])\s*\}+")
_LOOSE = re.compile(r"\{\s*(%)([^{}%]+)%\s*\}+")
# A brace too few on one side: `{{nom}`, `{nom}}`.
_LAME = re.compile(rf"\{{(?P<first>\{{?)\s*(?P<name>{_NAME})\s*\}}(?P<last>\}}?)")
_SECTION = re.compile(rf"\{{\s*(?P<sign>[#/^])\s*(?:d\.)?(?P<name>{_NAME}|[^\W\d][^{{}}#%]{{0,100}})?\s*\}}")
_SINGLE = re.compile(rf"\$?\{{\s*(?:[dc]\.)?(?P<name>{_NAME})\s*(?P<format>:[^{{}}]*)?\}}")
# What Carbone prints instead of a datum: a fallback has its filter here, a condition is left to a person.
_FALLBACK = re.compile(r":ifEmpty\((?P<text>'[^']*'|[^()']*)\)$")
_PIPED = re.compile(rf"\{{\s*(?P<name>{_NAME})\s*\|[^{{}}]*\}}")
_GUILLEMETS = re.compile(r"«(?P<name>\w[\w ]*)»")
_PLACE = re.compile(
    r"\{?\[+(?P<name>[^\W\d_][\w ’'-]+)\]+\}?|__(?P<under>[^\W\d_]\w*?)__"
    r"|<+(?P<angle>[^\W\d_][\w ’'-]+)>+|%+(?P<percent>[^\W\d_]\w+)%+|#+(?P<hash>[^\W\d_]\w+)#+"
)
_SECTIONS = {"#": "{{% section {} %}}", "^": "{{% without {} %}}", "/": "{{% endsection {} %}}"}
_KEYWORDS = {
    "elseif": "elif",
    "elsif": "elif",
    "si": "if",
    "sinon": "else",
    "finsi": "endif",
    "pour": "for",
    "finpour": "endfor",
    "else if": "elif",
    "sinon si": "elif",
    "fin si": "endif",
    "fin pour": "endfor",
    "end if": "endif",
    "end for": "endfor",
}
_HEAD = re.compile(
    r"\{%(?P<dash>-?)\s*(?P<prefix>(?:tr|tc|p|r)(?=\s*(?:if|for|el|end)|\s))?\s*(?P<body>.*)%\}"
)
_ENDS = re.compile(r"(endif|endfor|else)\b[^-]*?(-?)\s*")

Knows = Callable[[str], bool]


def mend_signs(name: str, root: Any, knows: Knows, done: Counter[str]) -> None:
    """Writes as tags what was meant as one; `knows` tells the names that stand for a field."""
    for line in lines(name, root):
        for pattern, meant in (
            (_SPACED, _spaced),
            (_LOOSE, _spaced),
            (_LAME, _lame),
            (_SECTION, _section),
            (_SINGLE, _single),
            (_GUILLEMETS, _single),
        ):
            _replace(line, pattern, meant, done)
        for pattern in (_PIPED, _PLACE):
            _replace(line, pattern, lambda found: _single(found) if knows(_named(found)) else None, done)
        for tag in reversed(line.tags()[0]):
            if tag.sign == "{%" and (written := _statement(tag.source)) != tag.source:
                put(line, tag.start, tag.end, written)
                done["Instruction mal écrite corrigée"] += 1


Meant = Callable[[re.Match[str]], "tuple[str, str] | None"]


def _replace(line: Line, pattern: re.Pattern[str], meant: Meant, done: Counter[str]) -> None:
    text = line.text
    tags = find(text)[0] if pattern not in (_SPACED, _LOOSE) else []
    for found in reversed(list(pattern.finditer(text))):
        inside = any(tag.start < found.end() and found.start() < tag.end for tag in tags)
        said = None if inside else meant(found)
        if said is not None and said[0] != found[0]:
            put(line, found.start(), found.end(), said[0])
            done[said[1]] += 1


def _spaced(found: re.Match[str]) -> tuple[str, str] | None:
    opened, body = (found[1], found[2])
    closed = found["close"] if "close" in found.re.groupindex else "%"
    if (opened, closed) not in (("{", "}"), ("%", "%")):
        return None
    return f"{{{opened}{body}{closed}}}", "Accolades d’une balise rapprochées"


def _lame(found: re.Match[str]) -> tuple[str, str] | None:
    if found["first"] == found["last"].replace("}", "{"):
        return None
    return f"{{{{ {found['name']} }}}}", "Accolade manquante remise"


def _section(found: re.Match[str]) -> tuple[str, str] | None:
    if re.search(r"(?<![=!<>])=(?!=)", found["name"] or ""):  # Carbone gives a name to a path
        return None
    return _SECTIONS[found["sign"]].format(found["name"] or ""), "Balise de docxtemplater traduite"


def _single(found: re.Match[str]) -> tuple[str, str] | None:
    kinds = {"«": "Champ de fusion changé en balise", "{": "Balise de docxtemplater ou de Carbone traduite"}
    what = kinds.get(found[0][0], "Emplacement à remplir changé en balise")
    name, formatted = _named(found), found.groupdict().get("format") or ""
    fallback = _FALLBACK.match(formatted)
    if fallback is None and CONDITIONAL.search(formatted):
        return None
    default = f" | default('{fallback['text'].strip(chr(39))}')" if fallback else ""
    return f"{{{{ {name if '.' in name else identifier(name)}{default} }}}}", what


def _named(found: re.Match[str]) -> str:
    return str(next(filter(None, found.groups())))


def _statement(source: str) -> str:
    """An instruction as jinja2 and the gate read it: `{% p si x %}` is `{%p if x %}`."""
    head = _HEAD.fullmatch(re.sub(r"^\{%(-?)(TR|TC|P|R)\b", lambda one: one[0].lower(), source))
    if head is None:
        return source
    body = head["body"]
    word = re.match(r"((?:else|end|sinon|fin) (?:if|for|si|pour)\b|\w+)", body, re.IGNORECASE)
    if word is None:
        return source
    lowered = word[0].lower()
    known = _KEYWORDS.get(lowered, lowered)
    if known not in ("if", "for", "elif", "else", "endif", "endfor"):
        return source
    rest = body[word.end() :]
    if lowered == "pour":
        rest = re.sub(r"\bdans\b", "in", rest, count=1)
    if known in ("else", "endif", "endfor"):  # what follows is said to oneself
        rest = " -" if rest.rstrip().endswith("-") else " "
    return f"{{%{head['dash']}{head['prefix'] or ''} {known}{rest}%}}"
