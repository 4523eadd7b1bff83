"""Strict YAML 1.2: plain trees of texts with their places. Types come from the reader, never from YAML, so
that `01000` stays a text and no float ever exists; anchors, aliases, tags, duplicate keys and second
documents are refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from services.eligibility.package.yaml_faults import faults
from services.kit.findings import Findings, Place

MAX_DEPTH = 10
_ENTRY = re.compile(r"[^\s#\-%.][^\n]*")
_REORDERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Scalar:
    """A text; `lines` are the lines that it is written on, each as the offset of its first character and its
    place; none where they cannot be told apart."""

    text: str
    place: Place
    lines: tuple[tuple[int, Place], ...] = ()


@dataclass(frozen=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Mapping:
    """A table, in the order of the file; `extents` are the lines of each entry of a file, those that are no
    YAML included."""

    entries: dict[str, Node]
    keys: dict[str, Place]
    place: Place
    extents: dict[str, range] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


class _RefusedError(Exception):
    """Stops the reading of a file whose problem is already recorded."""


def read_source(file: str, content: bytes, findings: Findings) -> Node | None:
    """The tree of one file, or None with a finding when nothing of it can be read; where a table is no YAML,
    what can be read of its other entries."""
    if len(content) > MAX_BYTES:
        findings.error(Place(file, 1, 1), f"Le fichier dépasse {MAX_BYTES} octets.")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        findings.error(Place(file, 1, 1), "Le fichier n’est pas en UTF-8 : enregistrez-le en UTF-8.")
        # To say the rest of it at once: every byte is a character of this other encoding.
        text = content.decode("latin-1")
    builder = _Builder(file, text, findings)
    try:
        found = builder.build(text)
        return replace(found, extents=_extents(text)) if isinstance(found, Mapping) else found
    except MarkedYAMLError:
        return _rest(builder, text)
    except ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, error.position - before.rfind("\n"))
        findings.error(place, "Ce fichier contient un caractère interdit : retirez-le.")
    except _RefusedError:
        pass
    return None


def _rest(builder: _Builder, text: str) -> Mapping:
    """Each entry of the table by itself: a fault in one hides nothing of the others."""
    lines = text.splitlines(keepends=True)
    entries: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    extents = _extents(text)
    for extent in extents.values():
        start, end = extent.start - 1, extent.stop - 1
        try:
            found = builder.build("\n" * start + "".join(lines[start:end]))
        except MarkedYAMLError as error:
            builder.fault(error, [line.rstrip("\r\n") for line in lines[start:end]], start)
        else:
            if isinstance(found, Mapping):
                entries |= found.entries
                keys |= found.keys
    return Mapping(entries, keys, Place(builder.file, 1, 1), extents)


def _extents(text: str) -> dict[str, range]:
    """The lines of each entry of a table, from 1."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if _ENTRY.match(line)]
    return {
        lines[start - 1].split(":")[0].strip(): range(start, end)
        for start, end in pairwise((*starts, len(lines) + 1))
    }


class _Builder:
    """Builds the tree of one file from the events of the parser, without recursion in the parser."""

    def __init__(self, file: str, text: str, findings: Findings) -> None:
        self.file = file
        self._lines = text.splitlines()
        self._findings = findings

    def fault(self, error: MarkedYAMLError, lines: list[str], first: int) -> None:
        """Records why these lines cannot be read."""
        mark = error.problem_mark or error.context_mark
        found = next(faults(lines, first), None) or (
            mark.line if mark else first,
            mark.column if mark else 0,
            "L’écriture YAML est incorrecte ici (retrait, deux-points ou guillemets).",
        )
        self._findings.error(Place(self.file, found[0] + 1, found[1] + 1), found[2])

    def build(self, text: str) -> Node | None:
        """The tree of the only document."""
        parser: Any = YAML(typ="safe", pure=True)
        events = iter(parser.parse(text))
        documents = 0
        root: Node | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(event, "Un fichier ne contient qu’un document YAML (« --- » en trop).")
            elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent):
                root = self._node(event, events, 1)
        if root is None:
            self._findings.error(Place(self.file, 1, 1), "Le fichier est vide.")
        return root

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, event: Any, message: str) -> _RefusedError:
        self._findings.error(self._place(event), message)
        return _RefusedError()

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        if isinstance(event, AliasEvent):
            raise self._refuse(event, "Un renvoi (« *nom ») n’est pas admis : répétez la valeur.")
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"Plus de {MAX_DEPTH} niveaux d’imbrication.")
        if event.anchor is not None:
            self._findings.error(self._place(event), "Une ancre (« &nom ») n’est pas admise.")
        if event.tag is not None:
            self._findings.error(self._place(event), "Une étiquette de type (« !nom ») n’est pas admise.")
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, events, depth)
        return self._mapping(event, events, depth)

    def _scalar(self, event: Any) -> Scalar:
        place = self._place(event)
        if any(map(_is_forbidden, event.value)):
            self._findings.error(place, "Ce texte contient un caractère invisible qui n’est pas admis.")
        return Scalar(event.value, place, self._written(event, place))

    def _written(self, event: Any, place: Place) -> tuple[tuple[int, Place], ...]:
        """Where each line of a text is written; none where folding it changed more than its line ends."""
        if event.start_mark.line == event.end_mark.line:
            quote = 1 if event.style in ("'", '"') else 0
            return ((0, Place(self.file, place.line, place.column + quote)),)
        block = event.style in ("|", ">")
        first = event.start_mark.line + block
        last = event.end_mark.line + (not block)
        rows = [row.rstrip() for row in self._lines[first:last]]
        if not block:
            rows[0] = " " * event.start_mark.column + rows[0][event.start_mark.column :]
        pieces = [row.lstrip() for row in rows]
        if " ".join(filter(None, pieces)) != event.value.rstrip("\n"):
            return ()
        offsets = accumulate((len(piece) + bool(piece) for piece in pieces), initial=0)
        return tuple(
            (offset, Place(self.file, first + rank + 1, len(row) - len(piece) + 1))
            for rank, (offset, row, piece) in enumerate(zip(offsets, rows, pieces, strict=False))
            if piece
        )

    def _sequence(self, start: Any, events: Iterator[Any], depth: int) -> Sequence:
        items: list[Node] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        return Sequence(tuple(items), self._place(start))

    def _mapping(self, start: Any, events: Iterator[Any], depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                raise self._refuse(event, "Une clé est un mot, pas une liste ni un tableau.")
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if isinstance(key, Scalar) and key.text in keys:
                first = keys[key.text].line
                self._findings.error(key.place, f"La clé « {key.text} » est déjà écrite ligne {first}.")
            elif isinstance(key, Scalar):
                entries[key.text], keys[key.text] = value, key.place
        return Mapping(entries, keys, self._place(start))


def _is_forbidden(character: str) -> bool:
    """True of what no letter may hold: controls, halves of characters, marks that reorder a line."""
    return (
        unicodedata.category(character) in ("Cc", "Cs", "Cn", "Co") and character not in "\n\t"
    ) or unicodedata.bidirectional(character) in _REORDERING
