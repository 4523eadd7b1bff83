"""Tags in a text: where they are, what is left open, and how they should be written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.kit.french import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE

_SIGN = re.compile(r"\{\{|\{%|\{#|\}\}|%\}")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_COMMENT_END = "#}"
_HEAD = re.compile(r"\{[{%#](-?)(p|tr|tc|r)?(?=\s)")
_KEYWORD = re.compile(r"\s*(\w*)")
FOREIGN = re.compile(r"\$?\{\s*(?P<sign>[#/^+@%-]|-?w:\w+ )?\s*(?P<name>[\w.\[][^{}]{0,120}?)?\s*\}")
"""A tag of docxtemplater or Carbone, with the formatters and the ranks that it may have."""
CONDITIONAL = re.compile(r":\s*(?:if|show|elseShow|hide|keep|drop)")
"""A formatter of Carbone that prints, or shows, something else."""
LAME = re.compile(r"\{\{(?P<open>[^{}%#]{1,120})\}(?!\})|(?<!\{)\{(?P<close>[^{}%#]{1,120})\}\}")
"""A tag with a brace more on one side than on the other."""
# Blanks that Word puts where an ordinary space was typed, and characters without width.
_BLANKS = re.compile(f"[{NO_BREAK_SPACE}{NARROW_NO_BREAK_SPACE}\u2007\u2009\u200a\t\n]")
_INVISIBLE = re.compile("[\u200b\u00ad\ufeff\u2060]")
# What closes a string, by what opens it; an apostrophe before a letter is one of the string.
_END = r"['’](?!\w)"
_CLOSERS = {
    "'": re.compile(rf"'|{_END}"),
    "‘": re.compile(_END),
    "’": re.compile(_END),
    '"': re.compile('["”“]'),
    "“": re.compile('["”“]'),
    "”": re.compile('["”“]'),
    "«": re.compile("»"),
}
_OPENER = re.compile("['‘’\"“”«]")
# docxtpl and XML would read these otherwise than as a character of the string.
_ESCAPED = re.compile("[’‘“”&<>{}%'\"]")


@dataclass(frozen=True)
class Tag:
    """A tag of a text, from `start` to `end`; `prefix` is p, tr, tc, r or empty, `body` what is inside."""

    source: str
    start: int

    @property
    def end(self) -> int:
        """After the last character."""
        return self.start + len(self.source)

    @property
    def sign(self) -> str:
        """`{{`, `{%` or `{#`."""
        return self.source[:2]

    @property
    def prefix(self) -> str:
        """What the tag takes away with it: a paragraph, a row, a cell, a run, nothing more than itself."""
        head = _HEAD.match(self.source)
        return (head[2] or "") if head else ""

    @property
    def trims(self) -> bool:
        """Whether it has a dash."""
        return self.source[2:3] == "-" or self.source[-3:-2] == "-"

    @property
    def body(self) -> str:
        """What is inside, without the prefix."""
        head = _HEAD.match(self.source)
        return self.source[head.end() if head else 2 : -2].removeprefix("-").removesuffix("-").strip()

    @property
    def keyword(self) -> str:
        """First word of a statement; empty for what prints and for comments."""
        found = _KEYWORD.match(self.body) if self.sign == "{%" else None
        return found[1] if found else ""

    @property
    def rest(self) -> str:
        """What follows the keyword of a statement, the whole of what is printed."""
        return self.body[len(self.keyword) :].strip()


@dataclass(frozen=True)
class Stray:
    """A sign that opens or closes no tag."""

    sign: str
    start: int

    @property
    def end(self) -> int:
        """After the sign."""
        return self.start + len(self.sign)


def find(text: str) -> tuple[list[Tag], list[Stray]]:
    """The tags of a text and the signs left alone, in one pass."""
    tags: list[Tag] = []
    strays: list[Stray] = []
    opened: re.Match[str] | None = None
    position = 0
    while (sign := _SIGN.search(text, position)) is not None:
        position = sign.end()
        if opened is not None and sign[0] == _CLOSING[opened[0]]:
            tags.append(Tag(text[opened.start() : position], opened.start()))
            opened = None
        elif sign[0] in _CLOSING:
            if opened is not None:
                strays.append(Stray(opened[0], opened.start()))
            opened = sign
        elif opened is None:
            strays.append(Stray(sign[0], sign.start()))
        if opened is not None and opened[0] == "{#":
            end = text.find(_COMMENT_END, position)
            if end < 0:
                break
            position = end + len(_COMMENT_END)
            tags.append(Tag(text[opened.start() : position], opened.start()))
            opened = None
    if opened is not None:
        strays.append(Stray(opened[0], opened.start()))
    return tags, strays


def without(text: str, passages: Iterable[Tag | Stray]) -> str:
    """The text, blank where these are: what stands elsewhere keeps its place."""
    signs = list(text)
    for one in passages:
        signs[one.start : one.end] = " " * (one.end - one.start)
    return "".join(signs)


def mistaken(text: str) -> list[Stray]:
    """The signs left alone that are not those of a foreign tag, nor of one that lacks a brace."""
    tags, strays = find(text)
    if not strays:
        return strays
    bare = without(text, tags)
    told = [one.span() for pattern in (LAME, FOREIGN) for one in pattern.finditer(bare)]
    return [one for one in strays if not any(start <= one.start < end for start, end in told)]


def canonical(source: str, *, in_attribute: bool = False) -> str:
    """The same tag as jinja2 reads it: ordinary spaces and quotes, strings kept to the letter."""
    if source.startswith("{#"):
        return source
    pieces: list[str] = []
    body, position = source[2:-2], 0
    while (opener := _OPENER.search(body, position)) is not None:
        closer = _closing(body, opener)
        if closer is None:
            break
        pieces.append(_plain(body[position : opener.start()]))
        pieces.append(_string(opener[0], body[opener.end() : closer.start()], closer[0], in_attribute))
        position = closer.end()
    pieces.append(_plain(body[position:]))
    return f"{source[:2]}{''.join(pieces)}{source[-2:]}"


def _closing(body: str, opener: re.Match[str]) -> re.Match[str] | None:
    if opener[0] == "'":
        straight = re.compile("'").search(body, opener.end())
        if straight is not None:
            return straight
    return _CLOSERS[opener[0]].search(body, opener.end())


def _plain(code: str) -> str:
    return _INVISIBLE.sub("", _BLANKS.sub(" ", code))


def _string(opening: str, content: str, closing: str, in_attribute: bool) -> str:
    if opening == "«":
        content = content.strip(f" {NO_BREAK_SPACE}{NARROW_NO_BREAK_SPACE}")
    ordinary = opening == closing and (opening == "'" or (opening == '"' and not in_attribute))
    if ordinary and not _ESCAPED.search(content):
        return f"{opening}{content}{closing}"
    return "'" + _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", content) + "'"
