"""The columns of the flat layout: a row holds the terms of a lender, of an agreement and of a convention."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from services.bank_registry.files import lists
from services.bank_registry.registry import (
    ADDRESS_LINES,
    AGREEMENT,
    ALWAYS,
    BANK,
    CONVENTION,
    KINDS,
    SCOPES,
    Field,
    Kind,
    fold,
)
from services.kit import tables
from services.kit.tables import Cell

SHEET = "Prêteurs"


class Group(Enum):
    """What a column is about; its value is the list that holds it in the statement of a lender."""

    LENDER = ""
    AGREEMENT = "agreements"
    CONVENTION = "local_conventions"


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of value is written in a cell: both ways, and its number format in a workbook."""

    read: tables.Parse[Any]
    show: Callable[[Any], Cell] = lambda value: value
    excel: str = "@"


def _euros(cents: int | None) -> Cell:
    return None if cents is None else Decimal(cents).scaleb(-2)


def _since(first: date) -> Cell:
    return None if first == ALWAYS.first else first


_TEXT, _CODE = Form(tables.text), Form(tables.code)
FORMS: Mapping[Kind, Form] = {
    Kind.ID: _TEXT,
    Kind.TEXT: _TEXT,
    Kind.LENDER: _TEXT,
    Kind.LINES: _TEXT,
    Kind.CODE: _CODE,
    Kind.CODES: Form(tables.codes, ", ".join),
    Kind.LENDER_KIND: Form(tables.choice(KINDS), lambda kind: KINDS[kind]),
    Kind.SCOPE: Form(tables.choice(SCOPES), lambda scope: SCOPES[scope]),
    Kind.FIRST_DAY: Form(tables.day, _since, "dd/mm/yyyy"),
    Kind.LAST_DAY: Form(tables.day, excel="dd/mm/yyyy"),
    Kind.DAY: Form(tables.day, excel="dd/mm/yyyy"),
    Kind.MONEY: Form(tables.money, _euros, "#,##0.00"),
    Kind.PERCENT: Form(tables.percent, excel="General"),
    Kind.COUNT: Form(tables.integer, excel="0"),
    Kind.CONTACTS: Form(lists.contacts, lists.contacts_of),
    Kind.SUSPENSIONS: Form(lists.suspensions, lists.suspended),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what it is about, its field, and which line of it if it has several."""

    name: str
    group: Group
    field: Field
    line: int | None = None

    @property
    def form(self) -> Form:
        """How its cells are written."""
        return FORMS[self.field.kind]

    @property
    def key(self) -> str:
        """Name in the statement, with the number of the line."""
        return self.field.name if self.line is None else f"{self.field.name}[{self.line}]"

    @property
    def required(self) -> bool:
        """Whether a header that speaks of the group must have it."""
        return (self.field.required or self.field.expected) and not self.line

    def show(self, record: object) -> Cell:
        """The cell of a record."""
        value = self.field.of(record)
        return self.form.show(value if self.line is None else "".join(value[self.line : self.line + 1]))


def _columns(group: Group, fields: Sequence[Field]) -> list[Column]:
    found: list[Column] = []
    for field in fields:
        if field.kind is Kind.LINES:
            numbers = range(ADDRESS_LINES)
            found.extend(Column(f"{field.column} {number + 1}", group, field, number) for number in numbers)
        else:
            found.append(Column(field.column, group, field))
    return found


LENDER_COLUMNS = _columns(Group.LENDER, BANK)
AGREEMENT_COLUMNS = _columns(Group.AGREEMENT, AGREEMENT)
CONVENTION_COLUMNS = _columns(Group.CONVENTION, CONVENTION)
COLUMNS = (*LENDER_COLUMNS, *AGREEMENT_COLUMNS, *CONVENTION_COLUMNS)
NAMES = {
    **{("earlier_terms", column.field.name): column.name for column in LENDER_COLUMNS},
    **{(column.group.value, column.field.name): column.name for column in reversed(COLUMNS)},
}
"""The names of the columns by list and field of the statement."""

_BY_FOLD = {fold(column.name): column for column in COLUMNS}


def find(name: str) -> Column | None:
    """The column of a header, whatever its accents, case and punctuation."""
    return _BY_FOLD.get(fold(name))
