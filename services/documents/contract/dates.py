"""Dates that cannot be: after the document that tells them, before it, or before what they follow. The
contract says which, by its marks: a new date of the contract is inside from its first line.

`x-past`: a fact, which no document tells beforehand. `x-ahead`: what is still to come for the document that
announces it, until a date of the same object is given if the mark names one. `x-not-before`: what it follows,
in the same object, or anywhere by a whole path.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.documents.contract.schema import Schema
from services.kit.errors import FieldReason, Violation
from services.kit.french import long_date

Data = Mapping[str, Any]

_NAME = re.compile(r"\w+")


class Dates:
    """The dates of a contract that carry a mark."""

    def __init__(self, contract: Schema) -> None:
        self._past = _marks(contract, "x-past")
        self._ahead = _marks(contract, "x-ahead")
        self._after = _marks(contract, "x-not-before")

    def told(self, data: Data, document_date: date, root: str, names: Collection[str]) -> Iterator[Violation]:
        """What a document that reads these names tells out of time: a fact that happens after it, or what it
        announces and is over."""
        day = long_date(document_date)
        for where, value, _, _ in _read(self._past, data, root, names):
            if value > document_date:
                sentence = f"Cette date est postérieure à celle du document ({day})."
                yield Violation(where, FieldReason.INCONSISTENT, sentence)
        for where, value, around, unless in _read(self._ahead, data, root, names):
            if value < document_date and unless not in around:
                sentence = f"Cette date précède celle du document ({day})."
                yield Violation(where, FieldReason.INCONSISTENT, sentence)

    def reversed(self, data: Data, root: str) -> Iterator[Violation]:
        """The dates that precede what they follow, whatever the document."""
        for mark in self._after:
            for where, value, around in _found(data, mark.steps, root):
                for before in mark.says:
                    start = _at(data if "." in before else around, before)
                    if start is not None and value < start:
                        sentence = f"Cette date précède celle du champ {before}."
                        yield Violation(where, FieldReason.INCONSISTENT, sentence)
                        break


@dataclass(frozen=True)
class _Mark:
    """A date with a mark: the steps to it, the names that a document reads to tell it, what the mark says."""

    steps: Sequence[str]
    names: frozenset[str]
    says: Any


def _marks(contract: Schema, mark: str) -> list[_Mark]:
    return [
        _Mark(path.split("."), frozenset(_NAME.findall(path)), says)
        for path, says in contract.marked(mark).items()
    ]


def _read(
    marks: Sequence[_Mark], data: Data, root: str, names: Collection[str]
) -> Iterator[tuple[str, date, Data, Any]]:
    """Each date with a mark that a document that reads these names may tell, and what the mark says."""
    for mark in marks:
        if mark.names.issubset(names):
            for where, value, around in _found(data, mark.steps, root):
                yield where, value, around, mark.says


def _at(node: Data, path: str) -> date | None:
    """The date at a path, through objects; None where there is none."""
    *parents, last = path.split(".")
    for name in parents:
        node = node.get(name, {})
    return node.get(last)


def _found(node: Any, steps: Sequence[str], where: str) -> Iterator[tuple[str, date, Data]]:
    """Each value at a path, with its place and the object that holds it."""
    step, *rest = steps
    name = step.removesuffix("[]")
    if name not in node:
        return
    here = f"{where}.{name}"
    if step != name:
        for rank, item in enumerate(node[name]):
            yield from _found(item, rest, f"{here}[{rank}]")
    elif rest:
        yield from _found(node[name], rest, here)
    else:
        yield here, node[name], node
