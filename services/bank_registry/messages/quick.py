"""Reads the usual application fast; leaves to the full reader all that it would refuse, or explain."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from google.type.decimal_pb2 import Decimal as DecimalMessage

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.messages.requests import MAX_RATE
from services.bank_registry.registry import CATEGORY, Application, Geography
from services.kit import wire
from services.kit.errors import Violations

_NANOS_PER_CENT = 10_000_000


def application(message: pb.LoanRequest, geography: Geography) -> Application | None:
    """What the full reader reads; None if it has something to say of it."""
    day, amount, months = message.on_date, message.amount, message.months
    commune = geography.commune(message.commune_insee)
    units, nanos = amount.units, amount.nanos
    if (
        commune is None
        or months <= 0
        or amount.currency_code != "EUR"
        or not 0 <= units <= wire.MAX_CENTS // 100
        or not 0 <= nanos < 100 * _NANOS_PER_CENT
        or nanos % _NANOS_PER_CENT
        or not (units or nanos)
    ):
        return None
    text, category = message.nominal_rate_pct.value, message.object_category
    rate = _rate(text) if text else None
    if (text and rate is None) or (not text and message.HasField("nominal_rate_pct")):
        return None
    if category and not _is_category(category):
        return None
    try:
        on_date = date(day.year, day.month, day.day)
    except ValueError:
        return None
    return on_date, commune, units * 100 + nanos // _NANOS_PER_CENT, months, rate, category


@lru_cache(1024)
def _rate(text: str) -> Decimal | None:
    rate = wire.decimal(DecimalMessage(value=text), "", Violations())
    return rate if rate is not None and 0 <= rate <= MAX_RATE else None


@lru_cache(1024)
def _is_category(text: str) -> bool:
    return CATEGORY.fullmatch(text) is not None
