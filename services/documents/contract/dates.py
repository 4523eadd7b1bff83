"""Dates that cannot be: after the document that tells them, or before what they follow. The contract says
which, by its marks: a new date of the contract is inside from its first line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
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
        self._past = [(path, frozenset(_NAME.findall(path))) for path in contract.marked("x-past")]
        self._after = contract.marked("x-not-before")

    def later(
        self, data: Data, document_date: date, root: str, names: Collection[str]
    ) -> Iterator[Violation]:
        """The facts told by a document that reads these names, and that happen after it."""
        for path, parts in self._past:
            if not parts.issubset(names):
                continue
            for where, value, _ in _found(data, path.split("."), root):
                if value > document_date:
                    yield Violation(
                        where,
                        FieldReason.INCONSISTENT,
                        f"Cette date est postérieure à celle du document ({long_date(document_date)}).",
                    )

    def reversed(self, data: Data, root: str) -> Iterator[Violation]:
        """The dates that precede what they follow, whatever the document."""
        for path, before in self._after.items():
            for where, value, around in _found(data, path.split("."), root):
                if before in around and value < around[before]:
                    sentence = f"Cette date précède celle du champ {before}."
                    yield Violation(where, FieldReason.INCONSISTENT, sentence)


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
