"""Writes what the registry holds as messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, decimal_pb2, money_pb2

from microcredit.bankregistry.v1 import bank_pb2 as pb
from microcredit.bankregistry.v1 import envelope_service_pb2 as envelope_pb
from services.bank_registry.registry import (
    ALWAYS,
    Agreement,
    Bank,
    Contact,
    LocalConvention,
    Reservation,
    Suspension,
    agreement_name,
    bank_name,
    convention_name,
    name_of,
)
from services.kit import wire
from services.kit.dates import Period

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bank(fact: Bank, life: Period, *, etag: str = "", verification_due: bool = False) -> pb.Bank:
    """A lender; `life` is its period whatever its changes of terms."""
    return pb.Bank(
        name=bank_name(fact.id),
        display_name=fact.name,
        kind=pb.BankKind.Value(f"BANK_KIND_{fact.kind}"),
        siren=fact.siren,
        cib=fact.cib,
        bic=fact.bic,
        lei=fact.lei,
        successor=fact.successor and bank_name(fact.successor),
        siret=fact.siret,
        network=fact.network,
        start_date=_start(life),
        end_date=day(life.end),
        suspensions=_suspensions(fact.suspensions),
        terms_start_date=_start(fact.period),
        terms_end_date=day(fact.period.end),
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
        reference=fact.reference,
        manager=fact.manager,
        scope=pb.TerritoryScope.Value(f"TERRITORY_SCOPE_{fact.territory.scope}"),
        territory_codes=fact.territory.codes,
        start_date=day(life.first),
        end_date=day(life.end),
        suspensions=_suspensions(fact.suspensions),
        guarantee_share_pct=decimal(fact.guarantee_share),
        envelope=money(fact.envelope),
        committed=money(fact.committed),
        amount_min=money(fact.amount.least),
        amount_max=money(fact.amount.greatest),
        months_min=fact.months.least,
        months_max=fact.months.greatest,
        rate_min_pct=decimal(fact.rate.least),
        rate_max_pct=decimal(fact.rate.greatest),
        accepted_objects=fact.accepted_objects,
        verified_on=day(fact.verified_on),
        evidence=fact.evidence,
        rate_rule=fact.rate_rule,
        terms_start_date=day(fact.period.first),
        terms_end_date=day(fact.period.end),
        reserved=None if fact.envelope is None else money(reserved),
        remaining=money(fact.remaining(reserved)),
        etag=etag,
        verification_due=verification_due,
    )


def convention(bank_id: str, fact: LocalConvention, life: Period, *, etag: str = "") -> pb.LocalConvention:
    """A local convention."""
    return pb.LocalConvention(
        name=convention_name(bank_id, fact.id),
        reference=fact.reference,
        contact_name=fact.contact_name,
        address_lines=fact.address_lines,
        postal_code=fact.postal_code,
        city=fact.city,
        email=fact.email,
        phone=fact.phone,
        answer_days=fact.answer_days,
        start_date=day(life.first),
        end_date=day(life.end),
        contacts=map(_contact, fact.contacts),
        suspensions=_suspensions(fact.suspensions),
        terms_start_date=day(fact.period.first),
        terms_end_date=day(fact.period.end),
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
    stamp.FromDatetime(_EPOCH + timedelta(microseconds=microseconds))
    return stamp


def _start(period: Period) -> date_pb2.Date | None:
    return None if period.first == ALWAYS.first else day(period.first)


def _suspensions(suspensions: Sequence[Suspension]) -> list[pb.Suspension]:
    return [
        pb.Suspension(start_date=day(one.period.first), end_date=day(one.period.end), reason=one.reason)
        for one in suspensions
    ]


def _contact(contact: Contact) -> pb.Contact:
    return pb.Contact(role=contact.role, display_name=contact.name, email=contact.email, phone=contact.phone)
