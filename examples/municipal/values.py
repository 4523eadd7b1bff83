"""From the text of an application to the types of the contract, and back."""

from __future__ import annotations

import re
from decimal import Decimal

from google.type.date_pb2 import Date
from google.type.money_pb2 import Money


class ApplicationError(Exception):
    """What is wrong with an application file, in French."""


def money(text: str) -> Money:
    """Euros written "1500.00"."""
    if not re.fullmatch(r"\d+\.\d{2}", text):
        raise ApplicationError(f"montant attendu sous la forme « 1500.00 », et non « {text} »")
    units, _, cents = text.partition(".")
    return Money(currency_code="EUR", units=int(units), nanos=int(cents) * 10_000_000)


def text_of(amount: Money) -> str:
    """Writes euros as "1500.00"."""
    return f"{amount.units + Decimal(amount.nanos).scaleb(-9):.2f}"


def day(text: str) -> Date:
    """A civil date written "2026-12-01"."""
    year, month, number = map(int, text.split("-"))
    return Date(year=year, month=month, day=number)


def iso(civil: Date) -> str:
    """Writes a civil date as "2026-12-01"."""
    return f"{civil.year:04}-{civil.month:02}-{civil.day:02}"
