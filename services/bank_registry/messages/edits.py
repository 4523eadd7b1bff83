"""Reads what every edit says: from which day, why, on which state, and whether to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from google.api.field_behavior_pb2 import IDENTIFIER, OUTPUT_ONLY, field_behavior
from google.protobuf.descriptor import FieldDescriptor

from services.bank_registry.registry import Suspension
from services.kit import french, wire
from services.kit.dates import Period
from services.kit.errors import FieldReason, Violations

LONGEST_REASON = 500
EVERYTHING = "*"

DAYS = ("start_date", "end_date")


@dataclass(frozen=True)
class Writing:
    """What every write says of itself; an absent request_id or etag is empty."""

    reason: str
    request_id: str
    validate_only: bool
    etag: str = ""


def writing(message: Any, violations: Violations, *, reason_required: bool = True) -> Writing:
    """What a write says of itself."""
    reason = wire.line(message.reason, "reason", violations, longest=LONGEST_REASON, required=reason_required)
    request_id = wire.request_id(message.request_id, "request_id", violations)
    etag = message.etag if "etag" in message.DESCRIPTOR.fields_by_name else ""
    return Writing(reason, request_id, message.validate_only, etag)


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
        text = f"La fin ({french.long_date(end)}) doit suivre le début ({french.long_date(start)})."
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
