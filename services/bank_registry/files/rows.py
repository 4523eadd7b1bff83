"""Lenders as rows of cells, in the columns of the flat layout, and the files of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from services.bank_registry.files.columns import (
    AGREEMENT_COLUMNS,
    COLUMNS,
    CONVENTION_COLUMNS,
    LENDER_COLUMNS,
    SHEET,
    Column,
)
from services.bank_registry.files.json_items import object_of
from services.bank_registry.registry import KINDS, SCOPES, BankRecord, Kind
from services.kit import tables
from services.kit.tables import Cell, SheetColumn

_CHOICES = {Kind.LENDER_KIND: list(KINDS.values()), Kind.SCOPE: list(SCOPES.values())}
_WIDE = ("display_name", "contact_name", "reference")


def csv_bytes(records: Iterable[BankRecord]) -> bytes:
    """The CSV that a French spreadsheet opens as it is."""
    return tables.csv_bytes([column.name for column in COLUMNS], rows_of(records))


def xlsx_bytes(records: Iterable[BankRecord]) -> bytes:
    """The Excel workbook, with lists of what may be chosen; the same lenders give the same bytes."""
    columns = [
        SheetColumn(
            title=column.name,
            number_format=column.form.excel,
            wide=column.field.name in _WIDE,
            choices=_CHOICES.get(column.field.kind, ()),
        )
        for column in COLUMNS
    ]
    return tables.xlsx_bytes(SHEET, columns, rows_of(records), freeze="C2")


def json_lines_bytes(records: Iterable[BankRecord]) -> bytes:
    """One JSON object a line, one line a lender, with the fields of the JSON form."""
    lines = (json.dumps(object_of(record), ensure_ascii=False) for record in records)
    return "".join(f"{line}\n" for line in lines).encode()


def rows_of(records: Iterable[BankRecord]) -> Iterator[list[Cell]]:
    """As many rows a lender as it has terms or agreements or conventions, its own terms on each."""
    for record in records:
        for bank, agreement, convention in zip_longest(record.banks, record.agreements, record.conventions):
            yield [
                *cells_of(LENDER_COLUMNS, bank or record.banks[-1]),
                *cells_of(AGREEMENT_COLUMNS, agreement),
                *cells_of(CONVENTION_COLUMNS, convention),
            ]


def cells_of(columns: Sequence[Column], fact: object) -> list[Cell]:
    """The cells of a fact, empty if there is none."""
    return [None if fact is None else column.show(fact) for column in columns]
