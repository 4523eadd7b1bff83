"""Rows of the store to and from the facts of the logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from services.bank_registry.registry import (
    Agreement,
    Bank,
    BankKind,
    Bounds,
    Contact,
    LocalConvention,
    Reservation,
    ReservationState,
    Scope,
    Suspension,
    Territory,
)
from services.kit.dates import Period

Row = Mapping[str, Any]

NO_END = date(9999, 12, 31)
"""`end_date` of what has no end: comparable and indexable, unlike NULL."""


def bank_values(bank: Bank) -> dict[str, Any]:
    """The columns of a bank_version that state the fact."""
    return {
        **_period_values(bank.period),
        "name": bank.name,
        "kind": bank.kind.value,
        "siren": bank.siren,
        "cib": bank.cib,
        "bic": bank.bic,
        "lei": bank.lei,
        "successor": bank.successor,
        "siret": bank.siret,
        "network": bank.network,
        "suspensions": _suspension_texts(bank.suspensions),
    }


def bank_of(bank_id: str, row: Row) -> Bank:
    """The fact stated by a bank_version."""
    return Bank(
        bank_id,
        row["name"],
        BankKind(row["kind"]),
        row["siren"],
        row["cib"],
        row["bic"],
        row["lei"],
        row["successor"],
        row["siret"],
        row["network"],
        _period(row),
        _suspensions(row),
    )


def agreement_values(agreement: Agreement) -> dict[str, Any]:
    """The columns of an agreement_version that state the fact."""
    return {
        **_period_values(agreement.period),
        "reference": agreement.reference,
        "manager": agreement.manager,
        "scope": agreement.territory.scope.value,
        "territory_codes": list(agreement.territory.codes),
        "suspensions": _suspension_texts(agreement.suspensions),
        "guarantee_share": _text(agreement.guarantee_share),
        "envelope": agreement.envelope,
        "committed": agreement.committed,
        "amount_min": agreement.amount.least,
        "amount_max": agreement.amount.greatest,
        "months_min": agreement.months.least,
        "months_max": agreement.months.greatest,
        "rate_min": _text(agreement.rate.least),
        "rate_max": _text(agreement.rate.greatest),
        "accepted_objects": list(agreement.accepted_objects),
        "verified_on": agreement.verified_on,
        "evidence": agreement.evidence,
        "rate_rule": agreement.rate_rule,
    }


def agreement_of(agreement_id: str, row: Row) -> Agreement:
    """The fact stated by an agreement_version."""
    return Agreement(
        agreement_id,
        row["reference"],
        Territory(Scope(row["scope"]), tuple(row["territory_codes"])),
        _period(row),
        row["manager"],
        _suspensions(row),
        _decimal(row["guarantee_share"]),
        row["envelope"],
        row["committed"],
        Bounds(row["amount_min"], row["amount_max"]),
        Bounds(row["months_min"], row["months_max"]),
        Bounds(_decimal(row["rate_min"]), _decimal(row["rate_max"])),
        tuple(row["accepted_objects"]),
        row["verified_on"],
        row["evidence"],
        row["rate_rule"],
    )


def convention_values(convention: LocalConvention) -> dict[str, Any]:
    """The columns of a local_convention_version that state the fact."""
    return {
        **_period_values(convention.period),
        "convention_id": convention.id,
        "reference": convention.reference,
        "contact_name": convention.contact_name,
        "address_lines": list(convention.address_lines),
        "postal_code": convention.postal_code,
        "city": convention.city,
        "email": convention.email,
        "phone": convention.phone,
        "answer_days": convention.answer_days,
        "contacts": [[one.role, one.name, one.email, one.phone] for one in convention.contacts],
        "suspensions": _suspension_texts(convention.suspensions),
    }


def convention_of(row: Row) -> LocalConvention:
    """The fact stated by a local_convention_version."""
    return LocalConvention(
        row["convention_id"],
        _period(row),
        row["contact_name"],
        tuple(row["address_lines"]),
        row["postal_code"],
        row["city"],
        row["reference"],
        row["email"],
        row["phone"],
        row["answer_days"],
        tuple(Contact(*texts) for texts in row["contacts"]),
        _suspensions(row),
    )


def reservation_values(reservation: Reservation) -> dict[str, Any]:
    """The columns of a reservation_version that state the fact."""
    return {
        "amount": reservation.amount,
        "state": reservation.state.value,
        "on_date": reservation.on_date,
        "case_reference": reservation.case_reference,
        "created_at": reservation.created_at,
        "expires_at": reservation.expires_at,
    }


def reservation_of(agreement_id: str, row: Row) -> Reservation:
    """The fact stated by a reservation_version."""
    return Reservation(
        row["reservation_key"],
        agreement_id,
        row["amount"],
        ReservationState(row["state"]),
        row["on_date"],
        row["case_reference"],
        row["created_at"],
        row["expires_at"],
    )


def _period_values(period: Period) -> dict[str, date]:
    return {"start_date": period.first, "end_date": period.end or NO_END}


def _period(row: Row) -> Period:
    return Period.ending(row["start_date"], None if row["end_date"] == NO_END else row["end_date"])


def _suspension_texts(suspensions: Sequence[Suspension]) -> list[list[str | None]]:
    return [
        [one.period.first.isoformat(), one.period.end.isoformat() if one.period.end else None, one.reason]
        for one in suspensions
    ]


def _suspensions(row: Row) -> tuple[Suspension, ...]:
    return tuple(
        Suspension(Period.ending(date.fromisoformat(start), date.fromisoformat(end) if end else None), reason)
        for start, end, reason in row["suspensions"]
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
