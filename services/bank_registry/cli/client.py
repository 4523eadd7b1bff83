"""The server as the commands call it, and messages as they are shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from microcredit.bankregistry.v1.bank_editing_service_pb2_grpc import BankEditingServiceStub
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import RegistryAdminServiceStub
from services.bank_registry.cli.options import Target
from services.kit.cli import Remote
from services.kit.french import NO_BREAK_SPACE, short_date

PREFIX = "banks/"
PAGE = 200


class Client:
    """The services of the registry, called as one actor."""

    def __init__(self, target: Target) -> None:
        self._remote = Remote(target.server, target.actor)
        self.registry = BankRegistryServiceStub(self._remote.channel)
        self.editing = BankEditingServiceStub(self._remote.channel)
        self.admin = RegistryAdminServiceStub(self._remote.channel)
        self.call = self._remote.call
        self.stream = self._remote.stream

    def pages(self, method: Callable[..., Any], request: Any) -> Iterator[Any]:
        """Every page of a list."""
        request.page_size = PAGE
        while True:
            page = self.call(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token


def bank_name(bank_id: str) -> str:
    """The resource name of a lender, given its identifier or that very name."""
    return bank_id if bank_id.startswith(PREFIX) else f"{PREFIX}{bank_id}"


def new_request_id() -> str:
    """A UUID that makes a retry harmless."""
    return str(uuid.uuid4())


def to_date(day: date | None) -> Date | None:
    """A civil date of the contract."""
    return Date(year=day.year, month=day.month, day=day.day) if day else None


def to_timestamp(instant: datetime | None) -> Timestamp | None:
    """An instant of the contract."""
    if instant is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(instant.astimezone(UTC))
    return stamp


def of_date(day: Date) -> date:
    """A civil date of the contract, read."""
    return date(day.year, day.month, day.day)


def show_day(day: Date) -> str:
    """« 01/01/2027 »."""
    return short_date(of_date(day))


def show_instant(value: Timestamp) -> str:
    """« 24/11/2026 15:04:09 », in the time of this machine."""
    when = value.ToDatetime(UTC).astimezone()
    return f"{short_date(when.date())}{NO_BREAK_SPACE}{when:%H:%M:%S}"


def as_json(message: Message) -> dict[str, Any]:
    """The message in the JSON of protobuf, every field present, with the names of the contract."""
    found: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return found
