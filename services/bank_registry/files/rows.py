"""Lenders as rows of cells, in the columns of the flat layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from services.bank_registry.files.columns import AGREEMENT, CONVENTION, LENDER, Cell, Column
from services.bank_registry.registry import BankRecord

_FORMULA = re.compile(r"'*[=+\-@＝＋－＠]")


def rows_of(records: Iterable[BankRecord]) -> Iterator[list[Cell]]:
    """As many rows a lender as it has terms or agreements or conventions, its own terms on each."""
    for record in records:
        for bank, agreement, convention in zip_longest(record.banks, record.agreements, record.conventions):
            yield [
                *cells_of(LENDER, bank or record.banks[-1]),
                *cells_of(AGREEMENT, agreement),
                *cells_of(CONVENTION, convention),
            ]


def cells_of(columns: Sequence[Column], fact: object) -> list[Cell]:
    """The cells of a fact, empty if there is none."""
    return [None if fact is None else column.show(fact) for column in columns]


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with one apostrophe more where it would."""
    return f"'{text}" if _FORMULA.match(text) else text
