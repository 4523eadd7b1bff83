"""Reads what every write says: from which day, why, on which state; what a reservation asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from google.api.field_behavior_pb2 import IDENTIFIER, OUTPUT_ONLY, field_behavior
from google.protobuf.descriptor import FieldDescriptor

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as editing_pb
from microcredit.bankregistry.v1 import envelope_service_pb2 as pb
from services.bank_registry.messages import edits
from services.bank_registry.messages.answers import Questions, answer_differences, past_questions
from services.bank_registry.registry import Advice, AnswerChange, AskedReservation, Geography, Suspension
from services.kit import french, wire
from services.kit.dates import ONE_DAY, Period, from_microseconds, paris_text
from services.kit.errors import FieldReason, InvalidArgument, Violation, Violations

LONGEST_REASON = 500
EVERYTHING = "*"

DAYS = ("start_date", "end_date")
_SOME = ("etag", "correct_past")
"""What some writes say, and not all."""


@dataclass(frozen=True)
class Writing:
    """What every write says of itself; an absent request_id or etag is empty."""

    reason: str
    request_id: str
    validate_only: bool
    etag: str = ""
    correct_past: bool = False
    questions: Questions = ()


def writing(
    message: Any,
    violations: Violations,
    geography: Geography | None = None,
    *,
    reason_required: bool = True,
) -> Writing:
    """What a write says of itself; one that may ask past questions again says where their communes are."""
    reason = wire.line(message.reason, "reason", violations, longest=LONGEST_REASON, required=reason_required)
    request_id = wire.request_id(message.request_id, "request_id", violations)
    known = message.DESCRIPTOR.fields_by_name
    given: dict[str, Any] = {name: getattr(message, name) for name in _SOME if name in known}
    if geography and "questions" in known:
        given["questions"] = past_questions(message, geography, violations)
    return Writing(reason, request_id, message.validate_only, **given)


def warnings(advice: Iterable[Advice]) -> list[editing_pb.EditWarning]:
    """What to look at in a change."""
    return [
        editing_pb.EditWarning(field=one.field, code=one.code, message=french.typeset(one.description))
        for one in advice
    ]


def effect(
    sentences: Iterable[str],
    days: str,
    *,
    corrects_past: bool,
    reservation_count: int,
    question_count: int,
    answers: Sequence[AnswerChange],
) -> editing_pb.EditEffect:
    """What a change does."""
    return editing_pb.EditEffect(
        sentences=map(french.typeset, sentences),
        days=days,
        corrects_past=corrects_past,
        reservation_count=reservation_count,
        question_count=question_count,
        answers=answer_differences(answers),
    )


def day(message: Any, field: str, violations: Violations, *, required: bool = True) -> date | None:
    """A civil date of a request."""
    if message.HasField(field):
        return wire.civil_date(getattr(message, field), field, violations)
    if required:
        violations.add(field, FieldReason.REQUIRED, "Ce champ est obligatoire.")
    return None


def suspension(message: Any, reason: str, violations: Violations) -> Suspension | None:
    """The suspension that a request asks for."""
    start = day(message, "effective_date", violations)
    end = day(message, "end_date", violations, required=False)
    if start is None:
        return None
    if end is not None and end <= start:
        last = french.long_date(end - ONE_DAY) if end > date.min else ""
        text = f"Le dernier jour ({last}) précède le premier ({french.long_date(start)})."
        violations.add("end_date", FieldReason.BOUNDS_REVERSED, text)
        return None
    return Suspension(Period.ending(start, end), reason)


def changed_fields(message: Any, resource: Any, since: date | None, violations: Violations) -> list[str]:
    """The fields of the resource that an update changes."""
    output_only = _output_only(resource)
    known = {field.name: field for field in resource.DESCRIPTOR.fields if field.name not in output_only}
    given = list(message.update_mask.paths) or [name for name in known if _is_set(resource, known[name])]
    if EVERYTHING in given:
        given = [name for name in known if since is None or name not in DAYS]
    for name in given:
        if name in output_only:
            text = f"Le champ « {name} » ne se modifie pas ainsi."
            violations.add("update_mask", FieldReason.OUTPUT_ONLY, text)
        elif name not in known:
            violations.add(
                "update_mask", FieldReason.UNKNOWN_FIELD, "Le masque cite un champ qui n’existe pas."
            )
        elif since is not None and name in DAYS:
            text = f"Le champ « {name} » ne se corrige que sans effective_date."
            violations.add("update_mask", FieldReason.NOT_CHANGEABLE, text)
    if not given:
        violations.add("update_mask", FieldReason.REQUIRED, "Aucun champ à modifier n’est donné.")
    return [name for name in given if name in known]


def _output_only(resource: Any) -> set[str]:
    """The fields that the contract says nobody writes: those of the answer, and the name."""
    unwritten = {OUTPUT_ONLY, IDENTIFIER}
    fields = resource.DESCRIPTOR.fields
    return {field.name for field in fields if unwritten & set(field.GetOptions().Extensions[field_behavior])}


def refuse_output_only(resource: Any, path: str, violations: Violations) -> None:
    """Notes what a creation cannot give."""
    for name in ("suspensions", "reserved", "remaining"):
        field = resource.DESCRIPTOR.fields_by_name.get(name)
        if field is not None and _is_set(resource, field):
            text = "Ce champ ne se donne pas à la création."
            violations.add(f"{path}.{name}", FieldReason.OUTPUT_ONLY, text)


def merged(present: Any, given: Any, fields: list[str]) -> Any:
    """The present message with some fields of the given one, cleared where it does not have them."""
    result = type(present)()
    result.CopyFrom(present)
    for name in fields:
        field = given.DESCRIPTOR.fields_by_name[name]
        result.ClearField(name)
        if not _is_set(given, field):
            continue
        if field.is_repeated:
            getattr(result, name).MergeFrom(getattr(given, name))
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            getattr(result, name).CopyFrom(getattr(given, name))
        else:
            setattr(result, name, getattr(given, name))
    return result


def _is_set(message: Any, field: FieldDescriptor) -> bool:
    if field.is_repeated:
        return len(getattr(message, field.name)) > 0
    if field.has_presence:
        return bool(message.HasField(field.name))
    return bool(getattr(message, field.name))


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
        shown = paris_text(from_microseconds(now))
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
