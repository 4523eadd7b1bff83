"""Writes what the registry holds as messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, decimal_pb2, money_pb2

from microcredit.bankregistry.v1 import bank_pb2 as pb
from microcredit.bankregistry.v1 import envelope_service_pb2 as envelope_pb
from services.bank_registry.registry import (
    AGREEMENT,
    ALWAYS,
    BANK,
    CONTACT,
    CONVENTION,
    Agreement,
    Bank,
    Contact,
    Field,
    Kind,
    LocalConvention,
    Reservation,
    agreement_name,
    bank_name,
    convention_name,
    name_of,
)
from services.kit import wire
from services.kit.dates import Period, from_microseconds


def bank(fact: Bank, life: Period, *, etag: str = "", verification_due: bool = False) -> pb.Bank:
    """A lender; `life` is its period whatever its changes of terms."""
    return pb.Bank(
        name=bank_name(fact.id),
        **_terms(BANK, fact),
        **_days(fact, life),
        etag=etag,
        verification_due=verification_due,
    )


def agreement(
    bank_id: str,
    fact: Agreement,
    life: Period,
    reserved: int,
    *,
    etag: str = "",
    verification_due: bool = False,
) -> pb.Agreement:
    """An agreement; `reserved` is what reservations take from its envelope, in cents."""
    return pb.Agreement(
        name=agreement_name(bank_id, fact.id),
        **_terms(AGREEMENT, fact),
        **_days(fact, life),
        reserved=None if fact.envelope is None else money(reserved),
        remaining=money(fact.remaining(reserved)),
        etag=etag,
        verification_due=verification_due,
    )


def convention(bank_id: str, fact: LocalConvention, life: Period, *, etag: str = "") -> pb.LocalConvention:
    """A local convention."""
    return pb.LocalConvention(
        name=convention_name(bank_id, fact.id),
        **_terms(CONVENTION, fact),
        **_days(fact, life),
        etag=etag,
    )


def reservation(bank_id: str, fact: Reservation, at: int) -> envelope_pb.Reservation:
    """A reservation as it is at an instant (UTC, in microseconds); without a name if it has no id yet."""
    state = fact.state_at(at)
    return envelope_pb.Reservation(
        name=name_of(bank_id, fact) if fact.id else "",
        amount=money(fact.amount),
        state=envelope_pb.ReservationState.Value(f"RESERVATION_STATE_{state}"),
        on_date=day(fact.on_date),
        case_reference=fact.case_reference,
        create_time=instant(fact.created_at),
        expire_time=instant(fact.expires_at),
    )


def day(value: date | None) -> date_pb2.Date | None:
    """A civil date, None if absent."""
    return None if value is None else wire.date_pb(value)


def money(cents: int | None) -> money_pb2.Money | None:
    """An amount, None if absent."""
    return None if cents is None else wire.money(cents)


def decimal(value: Decimal | None) -> decimal_pb2.Decimal | None:
    """A number, None if absent."""
    return None if value is None else wire.decimal_pb(value)


def instant(microseconds: int) -> Timestamp:
    """An instant (UTC, in microseconds)."""
    stamp = Timestamp()
    stamp.FromDatetime(from_microseconds(microseconds))
    return stamp


def _contact(contact: Contact) -> pb.Contact:
    return pb.Contact(**{field.name: field.of(contact) for field in CONTACT})


_WRITE: Mapping[Kind, Callable[[Any], Any]] = {
    **dict.fromkeys((Kind.TEXT, Kind.CODE, Kind.COUNT, Kind.CODES, Kind.LINES), lambda value: value),
    Kind.LENDER: lambda bank_id: bank_id and bank_name(bank_id),
    Kind.LENDER_KIND: lambda kind: pb.BankKind.Value(f"BANK_KIND_{kind}"),
    Kind.SCOPE: lambda scope: pb.TerritoryScope.Value(f"TERRITORY_SCOPE_{scope}"),
    Kind.DAY: day,
    Kind.MONEY: money,
    Kind.PERCENT: decimal,
    Kind.CONTACTS: lambda contacts: list(map(_contact, contacts)),
}
"""A name and days are not here: they come from the resource, not from one of its versions alone."""


def _terms(fields: Sequence[Field], fact: Agreement | Bank | LocalConvention) -> dict[str, Any]:
    """The fields of a version."""
    return {field.name: _WRITE[field.kind](field.of(fact)) for field in fields if field.kind in _WRITE}


def _days(fact: Agreement | Bank | LocalConvention, life: Period) -> dict[str, Any]:
    """The days of a resource and of its version, the ends being the days after the last ones."""
    return {
        "start_date": _start(life),
        "end_date": day(life.end),
        "suspensions": [
            pb.Suspension(start_date=day(one.period.first), end_date=day(one.period.end), reason=one.reason)
            for one in fact.suspensions
        ],
        "terms_start_date": _start(fact.period),
        "terms_end_date": day(fact.period.end),
    }


def _start(period: Period) -> date_pb2.Date | None:
    return None if period.first == ALWAYS.first else day(period.first)
