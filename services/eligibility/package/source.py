"""Strict YAML 1.2: plain trees of texts with their places. Types come from the reader, never from YAML, so
that `01000` stays a text and no float ever exists; anchors, aliases, tags, duplicate keys and second
documents are refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from services.kit.findings import Findings, Place

MAX_DEPTH = 10
_REORDERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Scalar:
    """A text; `offset_column` is the column of its first character when it is written on one line."""

    text: str
    place: Place
    offset_column: int | None


@dataclass(frozen=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Mapping:
    """A table, in the order of the file."""

    entries: dict[str, Node]
    keys: dict[str, Place]
    place: Place


Node = Scalar | Sequence | Mapping


class _RefusedError(Exception):
    """Stops the reading of a file whose problem is already recorded."""


def read_source(file: str, content: bytes, findings: Findings) -> Node | None:
    """The tree of one file, or None with a finding when it cannot be read at all."""
    start = Place(file, 1, 1)
    if len(content) > MAX_BYTES:
        findings.error(start, f"Le fichier dépasse {MAX_BYTES} octets.")
        return None
    try:
        text = content.decode("utf-8-sig")
        return _Builder(file, findings).build(text)
    except UnicodeDecodeError:
        findings.error(start, "Le fichier n’est pas en UTF-8.")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else start
        findings.error(place, "L’écriture YAML est incorrecte ici (retrait, deux-points ou guillemets).")
    except YAMLError:
        findings.error(start, "Le fichier contient un caractère interdit.")
    except _RefusedError:
        pass
    return None


class _Builder:
    """Builds the tree of one file from the events of the parser, without recursion in the parser."""

    def __init__(self, file: str, findings: Findings) -> None:
        self._file = file
        self._findings = findings

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
            self._findings.error(Place(self._file, 1, 1), "Le fichier est vide.")
        return root

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

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
        one_line = event.start_mark.line == event.end_mark.line
        quote = 1 if event.style in ("'", '"') else 0
        return Scalar(event.value, place, place.column + quote if one_line else None)

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
