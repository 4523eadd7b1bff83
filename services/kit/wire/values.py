"""Money, dates, decimals and request ids between google.type messages and int cents, date and Decimal.

Reading collects what is wrong into Violations and returns None; the caller tests presence with HasField.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import overload
from uuid import UUID, uuid5

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, decimal_pb2, money_pb2

from services.kit.errors import FieldReason, Violations

MAX_CENTS = 10**13
MAX_DECIMAL_LENGTH = 30
FIRST_YEAR, LAST_YEAR = 1900, 2199
CHUNK_BYTES = 256 * 1024
"""What one message of a stream carries of a file."""

_NANOS_PER_CENT = 10_000_000
_CENTS_PER_NANO_UNIT = 1_000_000_000
_PLAIN_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LINE_BREAKS = "\u2028\u2029"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def cents(message: money_pb2.Money, path: str, violations: Violations) -> int | None:
    """The amount in cents of a google.type.Money in whole cents of euro, within ±MAX_CENTS."""
    before = len(violations)
    if message.currency_code != "EUR":
        violations.add(path, FieldReason.NOT_EUROS, "Le montant doit être en euros (currency_code « EUR »).")
    if abs(message.nanos) >= _CENTS_PER_NANO_UNIT or message.units * message.nanos < 0:
        violations.add(
            path,
            FieldReason.MALFORMED,
            "Les parties units et nanos du montant ne forment pas un nombre valide.",
        )
    elif message.nanos % _NANOS_PER_CENT:
        violations.add(path, FieldReason.TOO_MANY_DECIMALS, "Le montant doit compter deux décimales au plus.")
    total = message.units * 100 + int(Decimal(message.nanos) / _NANOS_PER_CENT)
    if abs(total) > MAX_CENTS:
        violations.add(path, FieldReason.OUT_OF_RANGE, "Le montant est hors de l’intervalle accepté.")
    return total if len(violations) == before else None


def money(amount: int) -> money_pb2.Money:
    """A google.type.Money in euros from a number of cents."""
    units, rest = divmod(abs(amount), 100)
    sign = -1 if amount < 0 else 1
    return money_pb2.Money(currency_code="EUR", units=sign * units, nanos=sign * rest * _NANOS_PER_CENT)


def civil_date(message: date_pb2.Date, path: str, violations: Violations) -> date | None:
    """The complete civil date of a google.type.Date, within FIRST_YEAR and LAST_YEAR.

    Year 9999 is what other systems send for "no end": it is refused, since months are added to dates.
    """
    if 0 in (message.year, message.month, message.day):
        violations.add(path, FieldReason.INCOMPLETE, "La date doit indiquer l’année, le mois et le jour.")
        return None
    try:
        day = date(message.year, message.month, message.day)
    except (ValueError, OverflowError):
        violations.add(path, FieldReason.NOT_IN_CALENDAR, "Cette date n’existe pas dans le calendrier.")
        return None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        sentence = f"L’année doit être comprise entre {FIRST_YEAR} et {LAST_YEAR}."
        violations.add(path, FieldReason.OUT_OF_RANGE, sentence)
        return None
    return day


@overload
def date_pb(day: date) -> date_pb2.Date: ...
@overload
def date_pb(day: None) -> None: ...
@overload
def date_pb(day: date | None) -> date_pb2.Date | None: ...
def date_pb(day: date | None) -> date_pb2.Date | None:
    """A google.type.Date from a date; none for none."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day) if day else None


def timestamp(instant: datetime | None) -> Timestamp | None:
    """A Timestamp from an instant, which knows its time zone or is in UTC; none for none."""
    if instant is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def decimal(message: decimal_pb2.Decimal, path: str, violations: Violations) -> Decimal | None:
    """The exact value of a google.type.Decimal in plain notation: `-12.50`, no exponent, no `+`, no comma."""
    if len(message.value) > MAX_DECIMAL_LENGTH or not _PLAIN_DECIMAL.fullmatch(message.value):
        violations.add(
            path,
            FieldReason.MALFORMED,
            "Le nombre doit être écrit en chiffres avec un point, par exemple « 1.50 ».",
        )
        return None
    return Decimal(message.value)


def chunks(data: bytes) -> Iterator[bytes]:
    """The bytes of a file in pieces of CHUNK_BYTES, the last one shorter; none when it is empty."""
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]


def request_id(text: str, path: str, violations: Violations) -> str:
    """The UUID of a write, in lower case; empty when the caller gave none."""
    if text and not _UUID.fullmatch(text):
        violations.add(
            path, FieldReason.MALFORMED, "L’identifiant de la demande doit être un UUID (36 caractères)."
        )
        return ""
    return text.lower()


def item_request_id(batch_id: str, index: int) -> str:
    """The UUID of an item of a batch, made of that of the batch and of its rank; empty without one."""
    return str(uuid5(UUID(batch_id), str(index))) if batch_id else ""


def line(text: str, path: str, violations: Violations, *, longest: int, required: bool = False) -> str:
    """A line of text in composed form, without surrounding spaces; nothing invisible in it."""
    text = unicodedata.normalize("NFC", text).strip()
    if required and not text:
        violations.add(path, FieldReason.REQUIRED, "Ce champ est obligatoire.")
    if len(text) > longest:
        violations.add(path, FieldReason.TOO_LONG, f"Ce texte compte {longest} caractères au plus.")
    if any(unicodedata.category(character)[0] == "C" or character in _LINE_BREAKS for character in text):
        violations.add(
            path, FieldReason.NOT_PRINTABLE, "Ce texte tient sur une ligne, sans caractère invisible."
        )
    return text


def decimal_pb(value: Decimal) -> decimal_pb2.Decimal:
    """A google.type.Decimal in plain notation."""
    return decimal_pb2.Decimal(value=f"{value:f}")
