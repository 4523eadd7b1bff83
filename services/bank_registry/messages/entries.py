"""Reads lenders, agreements and local conventions: a message states the values that a file states."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any

from microcredit.bankregistry.v1 import bank_pb2 as pb
from services.bank_registry.messages import names
from services.bank_registry.registry import (
    AGREEMENT,
    BANK,
    CONTACT,
    CONVENTION,
    UNREADABLE,
    Agreement,
    Bank,
    BankKind,
    Field,
    Kind,
    LocalConvention,
    Notes,
    Rules,
    Scope,
)
from services.kit import wire
from services.kit.dates import ONE_DAY
from services.kit.errors import FieldReason, Violations

Read = Callable[[Any, str, str, Violations], Any]
"""From a message, the name of a field in it, and its path in the request, to its value."""


def read_bank(message: pb.Bank, bank_id: str, rules: Rules, notes: Notes) -> Bank | None:
    """The terms of a lender; None comes with a problem."""
    return rules.bank({**_statement(BANK, message, notes), "id": bank_id}, notes)


def read_agreement(message: pb.Agreement, agreement_id: str, rules: Rules, notes: Notes) -> Agreement | None:
    """The terms of an agreement; None comes with a problem."""
    return rules.agreement({**_statement(AGREEMENT, message, notes), "id": agreement_id}, notes)


def read_convention(
    message: pb.LocalConvention, convention_id: str, rules: Rules, notes: Notes
) -> LocalConvention | None:
    """The terms of a local convention; None comes with a problem."""
    return rules.convention({**_statement(CONVENTION, message, notes), "id": convention_id}, notes)


def _statement(fields: Sequence[Field], message: Any, notes: Notes) -> dict[str, Any]:
    """What a message states; its suspensions have their own methods."""
    found: dict[str, Any] = {}
    for field in fields:
        read = _READ.get(field.kind)
        if read is None or (_has_presence(message, field.name) and not message.HasField(field.name)):
            continue
        found[field.name] = read(message, field.name, notes.at(field.name), notes.problems)
    return found


def _has_presence(message: Any, name: str) -> bool:
    return bool(message.DESCRIPTOR.fields_by_name[name].has_presence)


def _plain(message: Any, name: str, path: str, problems: Violations) -> Any:
    return getattr(message, name)


def _lender(message: Any, name: str, path: str, problems: Violations) -> str:
    given = getattr(message, name)
    return given and names.bank_id(given, problems, path)


def _choice(choices: type[StrEnum], message: Any, name: str, path: str, problems: Violations) -> Any:
    number, enum = getattr(message, name), message.DESCRIPTOR.fields_by_name[name].enum_type
    if number == 0:
        return None
    if number not in enum.values_by_number:
        problems.add(path, FieldReason.UNKNOWN_VALUE, "Cette valeur n’est pas l’une de celles de la liste.")
        return UNREADABLE
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return choices(enum.values_by_number[number].name.removeprefix(prefix))


def _day(message: Any, name: str, path: str, problems: Violations) -> Any:
    day = wire.civil_date(getattr(message, name), path, problems)
    return UNREADABLE if day is None else day


def _last_day(message: Any, name: str, path: str, problems: Violations) -> Any:
    """The day before the end, the very first of the calendar apart: no rule lets it pass."""
    end = _day(message, name, path, problems)
    return end if end is UNREADABLE or end == date.min else end - ONE_DAY


def _money(message: Any, name: str, path: str, problems: Violations) -> Any:
    cents = wire.cents(getattr(message, name), path, problems)
    return UNREADABLE if cents is None else cents


def _percent(message: Any, name: str, path: str, problems: Violations) -> Any:
    number = wire.decimal(getattr(message, name), path, problems)
    return UNREADABLE if number is None else number


def _contacts(message: Any, name: str, path: str, problems: Violations) -> list[dict[str, Any]]:
    return [{field.name: getattr(one, field.name) for field in CONTACT} for one in getattr(message, name)]


_READ: Mapping[Kind, Read] = {
    **dict.fromkeys((Kind.TEXT, Kind.CODE, Kind.COUNT, Kind.CODES, Kind.LINES), _plain),
    **dict.fromkeys((Kind.FIRST_DAY, Kind.DAY), _day),
    Kind.LAST_DAY: _last_day,
    Kind.LENDER: _lender,
    Kind.LENDER_KIND: partial(_choice, BankKind),
    Kind.SCOPE: partial(_choice, Scope),
    Kind.MONEY: _money,
    Kind.PERCENT: _percent,
    Kind.CONTACTS: _contacts,
}
