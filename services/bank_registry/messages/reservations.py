"""Reads requests about reservations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from microcredit.bankregistry.v1 import envelope_service_pb2 as pb
from services.bank_registry.messages import edits
from services.bank_registry.registry import AskedReservation
from services.kit import wire
from services.kit.errors import FieldReason, InvalidArgument, Violation, Violations

LONGEST_REFERENCE = 64
DEFAULT_HOLD, LONGEST_HOLD = timedelta(days=30), timedelta(days=366)

_MICROSECOND = timedelta(microseconds=1)


def amount(message: Any, violations: Violations, *, required: bool) -> int | None:
    """An amount above zero, in cents."""
    if not message.HasField("amount"):
        if required:
            violations.add("amount", FieldReason.REQUIRED, "Ce champ est obligatoire.")
        return None
    cents = wire.cents(message.amount, "amount", violations)
    if cents is not None and cents <= 0:
        violations.add("amount", FieldReason.OUT_OF_RANGE, "Le montant doit être supérieur à zéro.")
    return cents


def asked(message: pb.ReserveEnvelopeRequest, agreement_id: str, violations: Violations) -> AskedReservation:
    """The reservation to make, but its expiry; raises InvalidArgument with every violation found so far."""
    cents = amount(message, violations, required=True)
    day = edits.day(message, "on_date", violations)
    reference = wire.line(message.case_reference, "case_reference", violations, longest=LONGEST_REFERENCE)
    if message.WhichOneof("expiration") == "ttl":
        _hold(message, violations)
    violations.raise_if_any()
    return AskedReservation(agreement_id, cents or 0, day or date.min, reference, 0)


def expires_at(message: pb.ReserveEnvelopeRequest, now: int) -> int:
    """The instant from which nothing is held, by the clock of the registry (UTC, in microseconds)."""
    if message.WhichOneof("expiration") != "expire_time":
        return now + (_hold(message, Violations()) // _MICROSECOND)
    given = message.expire_time
    if not 0 <= given.nanos < 1_000_000_000:
        raise _refused("expire_time", FieldReason.NOT_IN_CALENDAR, "Cet instant n’existe pas.")
    instant = given.seconds * 1_000_000 + given.nanos // 1000
    if instant <= now:
        shown = (datetime(1970, 1, 1, tzinfo=UTC) + now * _MICROSECOND).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise _refused("expire_time", FieldReason.IN_PAST, f"Cet instant est déjà passé : il est {shown}.")
    if instant > now + LONGEST_HOLD // _MICROSECOND:
        raise _refused("expire_time", FieldReason.OUT_OF_RANGE, _TOO_LONG)
    return instant


_TOO_LONG = f"Une réservation dure {LONGEST_HOLD.days} jours au plus."


def _hold(message: pb.ReserveEnvelopeRequest, violations: Violations) -> timedelta:
    if message.WhichOneof("expiration") != "ttl":
        return DEFAULT_HOLD
    seconds, nanos = message.ttl.seconds, message.ttl.nanos
    if not 0 <= seconds <= LONGEST_HOLD.total_seconds() or not 0 <= nanos < 1_000_000_000:
        violations.add(
            "ttl", FieldReason.OUT_OF_RANGE, _TOO_LONG if seconds > 0 else "La durée doit être positive."
        )
        return DEFAULT_HOLD
    hold = timedelta(seconds=seconds, microseconds=nanos // 1000)
    if not hold:
        violations.add("ttl", FieldReason.OUT_OF_RANGE, "La durée doit être positive.")
    return hold


def _refused(field: str, reason: FieldReason, text: str) -> InvalidArgument:
    message = "Un champ de la demande est incorrect."
    violations = [Violation(field, reason, text)]
    return InvalidArgument("INVALID_FIELDS", message, metadata={"count": "1"}, violations=violations)
