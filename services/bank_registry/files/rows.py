"""Lenders as rows of cells, in the columns of the flat layout, and the files of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from services.bank_registry.files.columns import AGREEMENT, COLUMNS, CONVENTION, LENDER, SHEET, Column
from services.bank_registry.registry import KINDS, SCOPES, BankRecord
from services.kit import tables
from services.kit.tables import Cell, SheetColumn

_CHOICES = {"kind": list(KINDS.values()), "scope": list(SCOPES.values())}
_WIDE = ("name", "contact_name", "reference")


def csv_bytes(records: Iterable[BankRecord]) -> bytes:
    """The CSV that a French spreadsheet opens as it is."""
    return tables.csv_bytes([column.name for column in COLUMNS], rows_of(records))


def xlsx_bytes(records: Iterable[BankRecord]) -> bytes:
    """The Excel workbook, with lists of what may be chosen; the same lenders give the same bytes."""
    columns = [
        SheetColumn(
            title=column.name,
            number_format=column.form.excel,
            wide=column.field in _WIDE,
            choices=_CHOICES.get(column.field, ()),
        )
        for column in COLUMNS
    ]
    return tables.xlsx_bytes(SHEET, columns, rows_of(records), freeze="C2")


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
