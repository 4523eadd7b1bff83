"""Typed values as FactValue messages, and back."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from google.type import date_pb2, decimal_pb2, money_pb2

from microcredit.eligibility.v1 import fact_pb2
from services.eligibility.loan import half_up, shown_decimal
from services.eligibility.package import Kind, Value, ValueType
from services.kit import wire
from services.kit.errors import Violations

_FIELDS = {
    Kind.MONEY: "money",
    Kind.INTEGER: "integer",
    Kind.PERCENT: "percent",
    Kind.DATE: "date",
    Kind.BOOLEAN: "boolean",
    Kind.CODE: "code",
    Kind.CODES: "codes",
    Kind.TEXT: "text",
}


def fact_value(value: Value | None, type_: ValueType) -> fact_pb2.FactValue:
    """A value of a type; without content when it is unknown. An amount is rounded half-up to the cent."""
    content: Any = value
    match value:
        case None:
            return fact_pb2.FactValue()
        case date():
            content = wire.date_pb(value)
        case tuple():
            content = fact_pb2.CodeList(codes=value)
        case int() | Fraction() if type_.kind is Kind.MONEY:
            content = wire.money(half_up(value))
        case int() | Fraction() if type_.kind is Kind.PERCENT:
            content = wire.decimal_pb(shown_decimal(value))
    return fact_pb2.FactValue(**{_FIELDS[type_.kind]: content})


def read_fact_value(
    message: fact_pb2.FactValue, kind: Kind, path: str, violations: Violations
) -> Value | None:
    """The value of a message that must hold this kind."""
    if message.WhichOneof("kind") != _FIELDS[kind]:
        violations.add(path, "WRONG_TYPE", f"La valeur doit être donnée dans le champ « {_FIELDS[kind]} ».")
        return None
    return read_value(getattr(message, _FIELDS[kind]), path, violations)


def read_value(content: Any, path: str, violations: Violations) -> Value | None:
    """The value of a field of the contract."""
    match content:
        case bool() | int() | str():
            return content
        case money_pb2.Money():
            return wire.cents(content, path, violations)
        case date_pb2.Date():
            return wire.civil_date(content, path, violations)
        case decimal_pb2.Decimal():
            number = wire.decimal(content, path, violations)
            return None if number is None else Fraction(number)
    return tuple(content.codes)
