"""Footnotes and endnotes of joined documents: one part for all, each note with a number of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from services.documents.render.errors import TemplateError

PARTS: Mapping[str, str] = {"footnote": "word/footnotes.xml", "endnote": "word/endnotes.xml"}

_RELATIONSHIP = " r:"


class Notes:
    """The notes of one kind, gathered piece after piece."""

    def __init__(self, kind: str) -> None:
        self._note = re.compile(rf"<w:{kind} (?:(?!</w:{kind}>).)*</w:{kind}>", re.DOTALL)
        self._id = re.compile(rf'(<w:{kind} [^>]*?w:id=")(-?\d+)(")')
        self._reference = re.compile(rf'(<w:{kind}Reference [^>]*?w:id=")(-?\d+)(")')
        self._mark = f"<w:{kind}Reference "
        self._end = f"</w:{kind}s>"
        self._xml = ""
        self._added: list[str] = []
        self._next = 1
        self.is_new = False
        """The first piece has no such part, another one does."""

    def first(self, xml: str) -> None:
        """The part of the first piece that has one, with the separators of all."""
        self._xml = xml
        self._next = 1 + max((int(found[2]) for found in self._id.finditer(xml)), default=0)

    def joined(self, content: str, part: Callable[[], str]) -> str:
        """The content of a further piece with its notes renumbered; `part` gives the notes of the piece.

        TemplateError if one of them holds a link or an image, which belongs to the part that it leaves.
        """
        if self._mark not in content:
            return content
        notes = part()
        if _RELATIONSHIP in notes:
            raise TemplateError(
                "Une note de bas de page contient un lien ou une image : elle ne se joint pas."
            )
        if not self._xml:
            self.first(notes)
            self.is_new = True
            return content
        numbers: dict[str, str] = {}
        for note in self._note.findall(notes):
            if " w:type=" in note.partition(">")[0]:
                continue  # a separator
            self._added.append(self._id.sub(lambda found: self._renumbered(found, numbers), note, count=1))
        return self._reference.sub(
            lambda found: f"{found[1]}{numbers.get(found[2], found[2])}{found[3]}", content
        )

    def xml(self) -> str:
        """The part."""
        head, _, tail = self._xml.rpartition(self._end)
        return f"{head}{''.join(self._added)}{self._end}{tail}"

    def _renumbered(self, found: re.Match[str], numbers: dict[str, str]) -> str:
        numbers[found[2]] = str(self._next)
        self._next += 1
        return f"{found[1]}{numbers[found[2]]}{found[3]}"
