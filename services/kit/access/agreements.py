"""Acts that take two persons: one asks, another asks for the same, and only then it is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from services.kit import context
from services.kit.caller import Caller
from services.kit.dates import instant_text
from services.kit.errors import FailedPrecondition
from services.kit.store import AccessLog, Agreement

HOURS = 24
"""How long a demand waits for a second person."""

_NOT_COMPARED = ("request_id", "validate_only")


def demand(log: AccessLog, method: str, request: Any, caller: Caller, case_tags: Sequence[str]) -> Agreement:
    """What a caller asks; two persons ask for the same if all that their requests say of the act is equal."""
    compared: Any = type(request)()
    compared.CopyFrom(request)
    for name in _NOT_COMPARED:
        if name in compared.DESCRIPTOR.fields_by_name:
            compared.ClearField(name)
    act = method.encode() + b"\0" + compared.SerializeToString(deterministic=True)
    now = datetime.now(UTC)
    actor, request_id = context.actor(), getattr(request, "request_id", "")
    call = log.act_tag(f"{actor}\0{request_id}".encode()) if request_id else ""
    return Agreement(
        log.act_tag(act),
        actor,
        caller.roles,
        method,
        ask_time=now,
        expire_time=now + timedelta(hours=HOURS),
        case_tags=tuple(case_tags),
        dates=_dates(compared),
        call=call,
    )


def _dates(request: Message) -> dict[str, str]:
    """The dates of a request, by their fields: the rest of it may be content, which is kept nowhere."""
    said = MessageToDict(request, preserving_proto_field_name=True)
    found: dict[str, str] = {}
    for field in request.DESCRIPTOR.fields:
        kind = field.message_type.full_name if field.message_type else ""
        if field.name in said and kind == Timestamp.DESCRIPTOR.full_name:
            found[field.name] = said[field.name]
        elif field.name in said and kind == Date.DESCRIPTOR.full_name:
            day = getattr(request, field.name)
            found[field.name] = f"{day.year:04}-{day.month:02}-{day.day:02}"
    return found


def check_agreement(first: Agreement, asked: Agreement, role: str) -> None:
    """FailedPrecondition unless two different persons ask, of whom one at least has a role, or it is done."""
    if first.done:
        return
    if _folded(first.actor) == _folded(asked.actor):
        raise _second_person(first, "Une autre personne doit faire la même demande")
    if role not in first.roles | asked.roles:
        raise _second_person(
            first, f"L’une des deux personnes doit avoir le rôle « {role} », et faire la demande"
        )


def _folded(actor: str) -> str:
    return " ".join(actor.casefold().split())


def _second_person(first: Agreement, sentence: str) -> FailedPrecondition:
    return FailedPrecondition(
        "SECOND_PERSON_REQUIRED",
        f"Rien n’est fait encore : cet acte demande deux personnes. {sentence} avant l’échéance.",
        metadata={"expire_time": instant_text(first.expire_time)},
    )
