"""Why a text of YAML cannot be read: the line at fault, found by reading it as its author wrote it, and the
cure in French. The parser itself stops where it loses the thread, often lines later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

Fault = tuple[int, int, str]
"""Line and column, from 0, and a French sentence."""

_KEY = re.compile(r"(?P<before>\s*(?:-\s+)?)(?P<key>[^\s'\"#:\-{\[][^:]*?)\s*:(?P<value>(?:\s.*)?)$")
_NAME = re.compile(r"[A-Za-z_][\w.]*")
_GLUED = re.compile(r"\s*(?:-\s+)?[a-z_.]+:(?=[^\s:])")
_SPACES = re.compile(r"[^\S \t\r\n]|\u200b")
_AFTER_COLON = re.compile(rf"(?<=:)(?:{_SPACES.pattern})")
_PLAIN_COLON = re.compile(r":(?:\s|$)")
_QUOTE_IT = 'mettez toute la phrase entre guillemets droits (").'


def faults(lines: list[str], first: int) -> Iterator[Fault]:
    """What is wrong in these lines, the first of which is line `first` of the file, in their order."""
    levels, previous = list[int](), ""
    for rank, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _KEY.match(line)
        if _goes_on(previous, levels, indent, named=bool(found and _NAME.fullmatch(found["key"]))):
            continue
        told = [*_blank_faults(line, indent)]
        if found is None:
            told += _unkeyed(line, indent, levels)
        else:
            told += _level(indent, levels, opens=not previous)
            item = len(line) - len(line.lstrip("- \t"))
            levels = [*(level for level in levels if level < indent), indent, *([item] * (item > indent))]
            value = found["value"].split(" #")[0].strip()
            start = line.index(value, found.start("value")) if value else 0
            told += _value_faults(value, _with_deeper(value, lines[rank + 1 :], indent), start)
            previous = value
        yield from ((first + rank, column, sentence) for column, sentence in told)


def _goes_on(previous: str, levels: list[int], indent: int, *, named: bool) -> bool:
    """Whether a deeper line is the rest of the text before it, which may hold anything but, where nothing
    says where it ends, a key."""
    deeper = bool(previous and levels and indent > levels[-1])
    return deeper and (previous[0] in "|>'\"" or not named)


def _with_deeper(value: str, following: list[str], indent: int) -> str:
    """The value with the deeper lines that follow it."""
    return "\n".join((value, *takewhile(lambda line: not line[: indent + 1].strip(), following)))


def _blank_faults(line: str, indent: int) -> Iterator[tuple[int, str]]:
    blanks = line[:indent]
    if "\t" in blanks:
        yield blanks.index("\t"), "Une tabulation décale cette ligne : remplacez-la par des espaces."
    found = _SPACES.search(blanks) or _AFTER_COLON.search(line)
    if found:
        yield found.start(), "Cet espace est insécable : remplacez-le par un espace ordinaire."


def _unkeyed(line: str, indent: int, levels: list[int]) -> Iterator[tuple[int, str]]:
    """A line that is neither a key nor an item, where a key is expected."""
    glued = _GLUED.match(line)
    if glued:
        yield glued.end(), "Il manque un espace après les deux-points."
    elif indent in levels and not line.lstrip().startswith(("-", "'", '"', "[", "{", "]", "}")):
        word = line.split()[0]
        yield indent, f"Il manque les deux-points après « {word} »."


def _level(indent: int, levels: list[int], *, opens: bool) -> Iterator[tuple[int, str]]:
    if not levels or indent in levels or (opens and indent > levels[-1]):
        return
    nearest = min(levels, key=lambda level: abs(level - indent))
    told = f"{nearest} espaces" if nearest > 1 else ("un espace" if nearest else "aucun espace")
    yield indent, f"Cette ligne est mal décalée : alignez-la sur les lignes voisines ({told} devant)."


def _value_faults(value: str, whole: str, start: int) -> Iterator[tuple[int, str]]:
    first = value[:1]
    colon = _PLAIN_COLON.search(value)
    if first and first in "'\"":
        yield from _quote_faults(whole, value, start)
    elif first and first in "“«‘„":
        yield start, f"Le guillemet typographique « {first} » ne protège pas la phrase : {_QUOTE_IT}"
    elif first and first in "{@`%&*!" and not (first == "{" and value.endswith("}")):
        yield start, f"Une phrase ne commence pas par « {first} » : {_QUOTE_IT}"
    elif first == "[" and "]" not in whole:
        yield start, "Le crochet ouvert ici n’est pas fermé."
    elif first and first not in "|>#[{" and colon:
        yield start + colon.start(), f"Les deux-points dans une phrase se lisent comme une clé : {_QUOTE_IT}"


def _quote_faults(whole: str, value: str, start: int) -> Iterator[tuple[int, str]]:
    quote = value[0]
    if _closing(whole) is None:
        yield start, f"Le guillemet ouvert ici n’est pas fermé : ajoutez ({quote}) à la fin de la phrase."
        return
    end = _closing(value)
    rest = value[end + 1 :].strip() if end is not None else ""
    if rest:
        cure = (
            "l’apostrophe la ferme ; doublez-la ('')"
            if quote == "'"
            else "le guillemet la ferme ; retirez-le"
        )
        yield start + len(value) - len(rest) - 1, f"La phrase s’arrête ici : {cure}."


def _closing(value: str) -> int | None:
    """The place of the quote that closes the one at the beginning."""
    pattern = r"'(?:[^']|'')*'(?!')" if value[0] == "'" else r'"(?:[^"\\]|\\.)*"'
    found = re.match(pattern, value)
    return found.end() - 1 if found else None
