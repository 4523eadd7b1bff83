"""Whether the documents of a part are well formed whatever the data: proved once, of its source."""

from __future__ import annotations

import re
from xml.parsers.expat import ExpatError, ParserCreate

from services.documents.render.environment import FLAT
from services.documents.render.source import OPENINGS_AND_CLOSINGS, RESTART, TAG

# A character reference stands where a value is printed: it has no place in a name, so that a tag there is no
# XML. The first may bring a line break, which closes the text where it is and opens it again.
_PRINTED, _MARK, _FLATTENED = "&#57344;", "\ue000", "&#120;"
_TEXT = "w:t"
_IS_FLAT = re.compile(rf"\{{\{{.*\| {FLAT}-?\}}\}}", re.DOTALL)
_WORD = re.compile(r"\{%-?\s*(\w+)")
_OPENS, _SPLITS, _CLOSES = ("if", "for"), ("elif", "else"), ("endif", "endfor")
_RESTARTS = RESTART.strip("<?>")


class _UnprovedError(Exception):
    """Some data may give a document that is no XML, as far as can be seen."""


class _Proof:
    """Goes through the source with all its branches: each must close what it opens, and nothing else."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._blocks: list[int] = []

    def started(self, name: str, attributes: list[str]) -> None:
        """An element: its attributes hold no line break."""
        if any(_MARK in text for text in attributes):
            raise _UnprovedError
        self._open.append(name)

    def ended(self, _: str) -> None:
        """The end of an element that began in the same branch."""
        if self._blocks and len(self._open) == self._blocks[-1]:
            raise _UnprovedError
        self._open.pop()

    def printed(self, text: str) -> None:
        """A value, where a line break may come."""
        if _MARK in text and self._open[-1] != _TEXT:
            raise _UnprovedError

    def block(self, word: str, _: str) -> None:
        """A statement: its branches begin and end in the same element, which is there whatever the data."""
        if word == _RESTARTS:
            return
        depth = len(self._open)
        if word in _OPENS and depth:
            self._blocks.append(depth)
        elif word not in (*_SPLITS, *_CLOSES) or depth not in self._blocks[-1:]:
            raise _UnprovedError
        elif word in _CLOSES:
            self._blocks.pop()


def _shown(tag: re.Match[str]) -> str:
    if tag[0].startswith("{{"):
        return _FLATTENED if _IS_FLAT.fullmatch(tag[0]) else _PRINTED
    word = _WORD.match(tag[0])
    return f"<?{word[1]}?>" if word else ""


def is_always_well_formed(source: str) -> bool:
    """Whether this source gives XML whatever the data, whose values are escaped; what is not proved is parsed
    in each document."""
    text = TAG.sub(_shown, source)
    if any(sign in text for sign in OPENINGS_AND_CLOSINGS):  # a tag that quotes the end of another
        return False
    proof, parser = _Proof(), ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = proof.started, proof.ended
    parser.CharacterDataHandler, parser.ProcessingInstructionHandler = proof.printed, proof.block
    try:
        parser.Parse(text.encode(), True)
    except (ExpatError, _UnprovedError):
        return False
    return True
