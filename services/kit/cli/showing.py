"""Messages as a person reads them, and as JSON documents."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from services.kit.dates import paris_text
from services.kit.french import long_date


def as_json(message: Message) -> dict[str, Any]:
    """The message in the JSON of protobuf, every field present, with the names of the contract."""
    found: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return found


def civil(value: Date) -> date:
    """A date of the contract."""
    return date(value.year, value.month, value.day)


def day(value: Date) -> str:
    """« 1er janvier 2027 »."""
    return long_date(civil(value))


def instant(value: Timestamp) -> str:
    """« 24/11/2026 15:04 (Paris) »."""
    return paris_text(value.ToDatetime(UTC))


def last_part(name: str) -> str:
    """The version of a version, the identifier of a package: what a name ends with."""
    return name.rpartition("/")[2]


def to_date(value: date | None) -> Date | None:
    """A civil date of the contract."""
    return Date(year=value.year, month=value.month, day=value.day) if value else None
