"""The columns of the flat layout: a row holds the terms of a lender, of an agreement and of a convention."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import Any

from services.bank_registry.files import columns
from services.bank_registry.registry import (
    ADDRESS_LINES,
    AGREEMENT,
    ALWAYS,
    BANK,
    CONVENTION,
    KINDS,
    SCOPES,
    Contact,
    Field,
    Kind,
    Scope,
    Suspension,
    fold,
)
from services.kit import french, tables
from services.kit.errors import FieldReason
from services.kit.french import SEMICOLON
from services.kit.tables import Bad, Cell

_DAY = r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SUSPENSION = re.compile(
    rf"(?:(?:du\s+)?(?P<start>{_DAY})\s+au\s+(?P<end>{_DAY})|(?:à\s+partir\s+du|depuis\s+le)\s+(?P<since>{_DAY}))"
    r"(?:\s*;\s*(?P<reason>.*))?",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\\.|.", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
CONTACT_FIELDS = ("role", "display_name", "email", "phone")


def suspensions(value: object) -> object:
    """`du 01/03/2026 au 31/05/2026 ; audit | à partir du 01/09/2026`."""
    found = [_suspension(part) for part in _items(value)]
    return next((one for one in found if isinstance(one, Bad)), found)


def contacts(value: object) -> object:
    """`Suivi des impayés ; Service ; impayes@banque.example ; 02 99 00 00 00 | …`."""
    found = []
    for part in _items(value):
        fields = [_plain(field) for field in _split(part, ";")]
        if len(fields) > len(CONTACT_FIELDS):
            form = "rôle ; nom ; courriel ; téléphone"
            return Bad(FieldReason.MALFORMED, f"Écrivez chaque contact comme « {form} », séparés par « | ».")
        found.append(dict(zip(CONTACT_FIELDS, fields, strict=False)))
    return found


def suspended(found: Iterable[Suspension]) -> str:
    """The cell that `suspensions` reads."""
    return " | ".join(
        SEMICOLON.join(filter(None, (_span(item.period.first, item.period.last), _escape(item.reason))))
        for item in found
    )


def contacts_of(found: Iterable[Contact]) -> str:
    """The cell that `contacts` reads."""
    return " | ".join(map(_show_contact, found))


def _show_contact(contact: Contact) -> str:
    fields = [_escape(text) for text in (contact.role, contact.name, contact.email, contact.phone)]
    while not fields[-1]:
        fields.pop()
    return SEMICOLON.join(fields)


def _span(start: date, last: date | None) -> str:
    if last is None:
        return f"à partir du {french.short_date(start)}"
    return f"du {french.short_date(start)} au {french.short_date(last)}"


def _suspension(written: str) -> dict[str, object] | Bad:
    found = _SUSPENSION.fullmatch(written)
    if found is None:
        return Bad(
            FieldReason.MALFORMED,
            "Écrivez chaque suspension comme « du 01/03/2026 au 31/05/2026 ; motif » ou « à partir du "
            "01/03/2026 », séparées par « | ».",
        )
    days = {"start_date": found["start"] or found["since"], "end_date": found["end"]}
    values: dict[str, object] = {}
    for name, text in days.items():
        day = tables.day(text) if text else None
        if isinstance(day, Bad):
            return day
        if day:
            values[name] = day
    return {**values, "reason": _plain(found["reason"])} if found["reason"] else values


def _items(value: object) -> list[str]:
    return [part for part in _split(tables.as_text(value), "|") if part]


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks, less those that a backslash makes plain."""
    parts = [""]
    for token in _TOKEN.findall(text):
        if token == mark:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts]


def _escape(text: str) -> str:
    return re.sub(r"([\\|;])", r"\\\1", text)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


SHEET = "Prêteurs"


class Group(StrEnum):
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


_ONE_PLACE = {
    "région": Scope.REGIONS,
    "département": Scope.DEPARTEMENTS,
    "EPCI": Scope.EPCI,
    "intercommunalité": Scope.EPCI,
    "commune": Scope.COMMUNES,
    "national": Scope.NATIONAL,
    "France": Scope.NATIONAL,
}
_BY_OTHER_NAME = {fold(name): scope for name, scope in _ONE_PLACE.items()}
_LABELLED = tables.choice(SCOPES)


def scope(value: object) -> Scope | Bad:
    """How a territory is given: the label of the list, or how people also call it."""
    found: Scope | Bad = _LABELLED(value)
    return _BY_OTHER_NAME.get(fold(str(value)), found) if isinstance(found, Bad) else found


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
    Kind.SCOPE: Form(scope, lambda scope: SCOPES[scope]),
    Kind.FIRST_DAY: Form(tables.day, _since, "dd/mm/yyyy"),
    Kind.LAST_DAY: Form(tables.day, excel="dd/mm/yyyy"),
    Kind.DAY: Form(tables.day, excel="dd/mm/yyyy"),
    Kind.MONEY: Form(tables.money, _euros, "#,##0.00"),
    Kind.PERCENT: Form(tables.percent, excel="General"),
    Kind.COUNT: Form(tables.integer, excel="0"),
    Kind.CONTACTS: Form(columns.contacts, columns.contacts_of),
    Kind.SUSPENSIONS: Form(columns.suspensions, columns.suspended),
}


_NOTHING = (None, "", ())


@dataclass(frozen=True)
class Column:
    """A column: its name, what it is about, its field, and which line of it if it has several."""

    name: str
    group: Group
    field: Field
    line: int | None = None

    @cached_property
    def form(self) -> Form:
        """How its cells are written."""
        return FORMS[self.field.kind]

    @cached_property
    def key(self) -> str:
        """Name in the statement, with the number of the line."""
        return self.field.name if self.line is None else f"{self.field.name}[{self.line}]"

    @property
    def required(self) -> bool:
        """Whether a header that speaks of the group must have it."""
        return (self.field.required or self.field.expected) and not self.line

    def show(self, record: object) -> Cell:
        """The cell of a record; None where it says nothing, as most do."""
        value = self._value(record)
        if self.line is not None:
            value = "".join(value[self.line : self.line + 1])
        return None if value in _NOTHING else self.form.show(value)

    @cached_property
    def _value(self) -> Callable[[object], Any]:
        return attrgetter(self.field.path or self.field.name)


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

Find = Callable[[str], Column | None]
"""From a title of a header to its column; None if it is none of ours."""


def _letters(name: str) -> str:
    return fold(name).replace(" ", "")


_BY_LETTERS = {_letters(column.name): column for column in COLUMNS}


def find(name: str) -> Column | None:
    """The column of a header, whatever its accents, case, spaces and punctuation."""
    return _BY_LETTERS.get(_letters(name))


def finder(names: Mapping[str, str]) -> Find:
    """As `find`, with the titles that a source of files gives to columns, by title; KeyError for a column
    that is none of ours."""
    also = {_letters(title): _BY_LETTERS[_letters(name)] for title, name in names.items()}
    return lambda title: also.get(_letters(title)) or find(title)
